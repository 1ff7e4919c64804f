// @ts-check
/*
 * Brings the second module: files, the screenshot's editor, the customer's cases, and answers before somebody asks. The panel fetches it when
 * somebody is about to use one of them.
 *
 * Invariant: where it does not come, or stops, there is a sentence in its place, and the form goes on as it was.
 */
import { carry, upload } from './__MODULE_upload__'
// What binds the module to the browser, as wasm-bindgen makes it: one function, wasm_bindgen.
__COMPANION_GLUE__

/** Starts the module, and gives what the panel can ask of it. */
export const companion = async sayso => {
  const { base, pane, body, make, signal, launcher, listen } = sayso
  const asset = name => base + '/assets/__ASSETS_HASH__-' + name
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
  let ofReply = [], listed
  listen(box, 'change', ({ target }) => {
    if (!target.files) return
    wasm_bindgen.add_files(reply, [...target.files])
    // So that the same file may be chosen again.
    target.value = ''
  })
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
      wasm_bindgen.list_files(reply, place, host, files => ofReply = files)
    },
    endReply() {
      if (listed) wasm_bindgen.end_reply()
      listed = undefined
      ofReply = []
    },
    clearReply: () => wasm_bindgen.clear_files(reply),
    // What has not been sent of them is, and gives their identifiers.
    carry: () => carry(sayso, ofReply).then(sent => sent.map(({ id }) => id), ({ status = 0 }) => Promise.reject(status)),
    insists: () => Boolean(sayso.insists),
    survey: url => import(base + '/assets/__MODULE_survey__').then(({ survey }) => survey(sayso, decodeURIComponent(url.split('/').pop()), sayso.words)).catch(() => window.open(url, '_blank', 'noopener')),
    helped: key => fetch(sayso.api + '/answers/' + key + '/helped', { method: 'POST', credentials: 'omit', signal }).catch(() => {}),
    seen: () => sayso.badge?.()
  })
  wasm_bindgen.begin(host)
  body.after(box)
  sayso.attach.prepend(helped)
  sayso.home = host.home
  // Whatever happens later than a call of ours the panel hears of, and knows by its name.
  sayso.lost = () => {
    away(false)
    sayso.files = []
    sayso.list.replaceChildren()
    sayso.trouble(host.words.lost)
  }
  sayso.respeak = async () => {
    host.words = await words()
    wasm_bindgen.speak(host)
  }
  signal.addEventListener('abort', () => wasm_bindgen.unmount())

  wasm_bindgen.list_files('form', sayso.list, host, files => {
    sayso.files = files
    sayso.app?.attached()
  })
  return {
    // Where a reply is being written they belong to it.
    attach(files) {
      if (!sayso.away) wasm_bindgen.add_files('form', files)
      else if (pane.querySelector('#reply')) wasm_bindgen.add_files(reply, files)
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
      if (wasm_bindgen.leave()) {
        const inside = box.contains(sayso.root.activeElement)
        away(false)
        if (inside) sayso.focus('h2')
      }
    }
  }
}
