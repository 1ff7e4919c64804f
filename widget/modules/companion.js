// @ts-check
/*
 * Brings the second module: files, the screenshot's editor, the customer's cases, and answers before somebody asks. The panel fetches it when
 * somebody is about to use one of them.
 *
 * Invariant: where it does not come, or stops, the form goes on as it was, with its files. After a stop this file comes once more under another address,
 * with a module that knows nothing of the one before.
 */
import { carry, leftOut, upload } from './__MODULE_upload__'
// What binds the module to the browser, as wasm-bindgen makes it: one function, wasm_bindgen.
__COMPANION_GLUE__

/** How often it may stop before it is tried no more with the same files, since they may be why. */
const STOPS = 2
/** How long a photo may take to be made smaller before it goes as it is. */
const PATIENCE = 30000

/** Keeps what goes along of a list of files, and tells when none of it is being prepared any more. */
const holder = onchange => {
  const waiting = []
  const settle = () => {
    if (held.files.some(({ preparing }) => preparing)) return
    for (const go of waiting.splice(0)) go()
  }
  const held = {
    files: [],
    set(files) {
      held.files = files
      onchange?.(files)
      settle()
    },
    async ready() {
      // What has just been chosen is in the list by then.
      await new Promise(next => setTimeout(next))
      /** @type {number | undefined} */
      let late
      await new Promise(go => {
        waiting.push(go)
        late = setTimeout(go, PATIENCE)
        settle()
      })
      clearTimeout(late)
      return held.files
    }
  }
  return held
}

/** Starts the module, and gives what the panel can ask of it. */
export const companion = async sayso => {
  const { base, site, data, pane, body, make, signal, launcher, listen } = sayso
  // By which a trap of this module is told from one of those before it, which may still have something on its way.
  const mine = import.meta.url.split('.js').pop()
  const asset = name => base + '/assets/__ASSETS_HASH__-' + name + mine
  // With those of the form, which are the same words for kinds and codes.
  const words = async () => ({ ...await sayso.texts('companion-'), ...sayso.words })
  // Where a screen is shown in place of the form.
  const box = make('div', { id: 'more', hidden: true })
  const helped = make('div', { id: 'answers' })
  const texts = await Promise.all([words(), WebAssembly.compileStreaming(fetch(asset('companion.wasm'), { signal })).then(wasm_bindgen)]).then(([texts]) => texts)
  if (signal.aborted) throw 0
  const away = to => {
    sayso.away = to
    body.hidden = to
    box.hidden = !to
  }

  const reply = 'reply-files'
  const ofReply = holder()
  /** What was given to the form's list, which has not told of it yet. */
  let given = []
  const ofForm = holder(files => {
    sayso.files = files
    sayso.app?.attached()
  })
  let listed, over, back
  const missing = make('p', { className: 'hint', role: 'status' })
  listen(box, 'change', ({ target }) => {
    if (!target.files) return
    wasm_bindgen.add_files(reply, [...target.files])
    // So that the same file may be chosen again.
    target.value = ''
  })
  // Replies that are not sent yet, by the codes of their cases: so that they are there again on the next page, or after this module has stopped. What no
  // code may be kept for stays in memory.
  const drafts = 'sayso:' + site + ':replies'
  const replies = () => {
    let kept = sayso.replies
    try {
      kept ||= JSON.parse(localStorage[drafts])
    } catch {}
    return kept?.who == sayso.who() ? kept : { who: sayso.who(), texts: {} }
  }
  const keepReply = (code, text) => {
    const kept = sayso.replies = replies()
    if (text) kept.texts[code] = text
    else delete kept.texts[code]
    try {
      delete localStorage[drafts]
      const { off } = JSON.parse(localStorage['sayso:' + site + ':cases'])
      if (Object.keys(kept.texts)[0] && !off && data.draft != 'off') localStorage[drafts] = sayso.json(kept)
    } catch {}
  }
  const codeOfCase = () => box.querySelector('.code output')?.textContent
  listen(box, 'input', ({ target }) => target.id == 'reply' && keepReply(codeOfCase(), target.value))
  // What the screens know of the page: what the form knows, and a few things more.
  const host = Object.assign(Object.create(sayso), {
    words: texts,
    count(key, number) {
      const text = host.words[key + '_' + new Intl.PluralRules(sayso.lang).select(number)] ?? host.words[key + '_other'] ?? key
      return text.replace('{count}', sayso.number(number))
    },
    ...upload(sayso),
    find: selector => pane.querySelector(selector),
    focus: selector => pane.querySelector(selector)?.focus(),
    veil(hidden) {
      pane.parentNode.hidden = launcher.hidden = hidden
      const others = [...sayso.host.shadowRoot.querySelectorAll('#survey'), ...document.querySelectorAll('sayso-feedback')]
      for (const { style } of others) style.setProperty('opacity', hidden ? '0' : '', 'important')
    },
    home() {
      if (!sayso.away) return
      const inside = box.contains(sayso.root.activeElement)
      away(false)
      wasm_bindgen.hide_cases()
      host.endReply()
      if (inside) sayso.focus('h2')
      // What the form has to say of itself again.
      sayso.doubt()
    },
    // The files of a reply are in a list of their own.
    listReply(place) {
      if (place == listed) return
      host.endReply()
      listed = place
      place.after(missing)
      const field = box.querySelector('#reply')
      field.value ||= replies().texts[codeOfCase()] || ''
      if (field.value) sayso.doubt(field)
      wasm_bindgen.list_files(reply, place, host, ofReply.set)
    },
    endReply() {
      if (listed) wasm_bindgen.end_reply()
      listed = undefined
      missing.textContent = ''
      ofReply.set([])
    },
    clearReply() {
      keepReply(codeOfCase())
      wasm_bindgen.clear_files(reply)
    },
    // What has not been sent of them is, and gives their identifiers.
    carry: () => ofReply.ready().then(files => carry(sayso, files)).then(async ({ sent, left }) => {
      missing.textContent = await leftOut(sayso, left).catch(() => '' + left)
      return sent.map(({ id }) => id)
    }).catch(({ status = 0 }) => Promise.reject(status)),
    // What has to be hidden is so before it leaves; without that module, the collector hides it.
    async masked(text) {
      if (sayso.doubts(text)) await sayso.masks().catch(() => {})
      return sayso.mask?.(text) ?? text
    },
    insists: () => Boolean(sayso.insists),
    survey: url => import(base + '/assets/__MODULE_survey__').then(({ survey }) => survey(sayso, decodeURIComponent(url.split('/').pop()), sayso.words)).catch(() => window.open(url, '_blank', 'noopener')),
    helped: key => fetch(sayso.api + '/answers/' + key + '/helped', { method: 'POST', credentials: 'omit', signal }).catch(() => {}),
    seen: () => sayso.badge?.()
  })
  wasm_bindgen.begin(host)
  body.after(box)
  sayso.attach.prepend(helped)
  sayso.home = host.home
  sayso.ready = async () => {
    const files = await ofForm.ready()
    return over ? back : files
  }
  // Whatever happens later than a call of ours the panel hears of, and knows by its name. What it has drawn goes with it.
  sayso.lost = stack => {
    const [, whose] = /-companion\.\w+(\?*)/.exec(stack) || []
    if (over || (whose ?? mine) != mine) return
    over = 1
    const follows = box.querySelector('.mine')
    sayso.home = sayso.respeak = undefined
    const files = [...ofForm.files, ...given]
    const stops = sayso.stops = (sayso.stops || 0) + 1
    away(false)
    const list = make('div', { id: 'files' })
    sayso.list.replaceWith(list)
    sayso.list = list
    box.remove()
    helped.remove()
    ofForm.set([])
    ofReply.set([])
    const fresh = sayso.companion(true)
    const say = () => {
      sayso.trouble(host.words.lost)
      return []
    }
    if (stops > STOPS) return back = fresh.then(say, say)
    // A name is all that a file has more than a part of one.
    const named = ({ name, blob }) => blob.name ? blob : Object.assign(blob, { name })
    back = fresh.then(made => {
      made.attach(files.map(named))
      if (follows) made.mine()
      return sayso.ready()
    }).catch(say)
  }
  sayso.respeak = async () => {
    host.words = await words()
    wasm_bindgen.speak(host)
  }
  signal.addEventListener('abort', () => over || wasm_bindgen.unmount())

  wasm_bindgen.list_files('form', sayso.list, host, files => {
    if (over) return
    given = []
    ofForm.set(files)
  })
  return {
    // Where a reply is being written they belong to it.
    attach(files) {
      if (!sayso.away) {
        given.push(...files.map(blob => ({ name: blob.name, blob })))
        wasm_bindgen.add_files('form', files)
      } else if (pane.querySelector('#reply')) wasm_bindgen.add_files(reply, files)
    },
    clear: gone => gone ? wasm_bindgen.drop_files() : wasm_bindgen.clear_files('form'),
    /** A picture of the page; the editor comes in place of the form, and the form with its new file after it. */
    shoot: () => wasm_bindgen.take_picture(box, host, () => away(true), why => {
      away(false)
      sayso.trouble(why)
      sayso.focus(sayso.files?.length && !why ? '.files .remove' : '#shot')
    }),
    mine() {
      away(true)
      wasm_bindgen.show_cases(box, host)
    },
    answers: json => wasm_bindgen.show_answers(helped, host, json),
    meet(gone) {
      if (!gone) return wasm_bindgen.renew()
      sayso.replies = 0
      keepReply()
      if (wasm_bindgen.leave()) {
        const inside = box.contains(sayso.root.activeElement)
        away(false)
        if (inside) sayso.focus('h2')
      }
    }
  }
}
