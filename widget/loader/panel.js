// @ts-check
/*
 * The panel: the dialog that the widget lives in, fetched on intent together with the widget. It is on the screen
 * before the WebAssembly is, and it stays usable when the WebAssembly never comes: then it shows the collector's own
 * form in a frame, and where the page's policy refuses frames as well, a link.
 *
 * Invariant: it keeps the focus, the keys and the announcements right in every one of these states.
 */
// The glue between JavaScript and the module: the build takes it from wasm-bindgen, and it makes one function, wasm_bindgen.
__GLUE__

// What it says before the file of the visitor's language has come, which is on its way already, or where that never comes: in English, since every
// language more would be paid for by those who read another. The build takes it from the English file.
const english = __LANG_WORDS__

// Its own looks, from styles/panel.css.
const css = `__PANEL_CSS__`

// The looks of the form, which the build takes from styles/widget.css: beside the others they are smaller than in the module.
const formCss = `__FORM_CSS__`

// What the form and the outbox have in common, and so is there before either.
const equip = sayso => {
  if (sayso.outbox) return
  const { base, site, signal, listen } = sayso
  const api = base + '/api/v1/sites/' + site
  let box, again = '', made, tries = '', visit, met
  const cases = 'sayso:' + site + ':cases'
  const frames = 'sayso:' + site + ':frame'
  // The first tag that is one of this language.
  const fits = tag => tag && sayso.near(tag) == sayso.lang
  Object.assign(sayso, {
    api,
    // As the loader asked for them at first; for the outbox alone, and when the language changes. Those of the second module have a prefix.
    texts: (prefix = '') => fetch(base + '/assets/__ASSETS_HASH__-' + prefix + sayso.lang + '.json', { signal }).then(answer => answer.json()).then(sayso.regional),
    // What a region says otherwise than the others of its language has the region at its end.
    regional(words) {
      const tag = sayso.tags().find(tag => fits(tag) && /[-_]..$/.test(tag)) || ''
      const region = '_' + tag.slice(-2).toUpperCase()
      for (const key in words) if (key.endsWith(region)) words[key.slice(0, -3)] = words[key]
      return words
    },
    // In which language somebody wants it, the nearest first.
    tags: () => [sayso.asked, document.documentElement.lang, ...navigator.languages],
    // Old libraries give arrays a way of their own to become JSON, which is a text in it.
    json(value) {
      const { toJSON } = /** @type {any} */ (Array.prototype)
      toJSON && Reflect.deleteProperty(Array.prototype, 'toJSON')
      const text = JSON.stringify(value)
      if (toJSON) /** @type {any} */ (Array.prototype).toJSON = toJSON
      return text
    },
    // What is for whoever put the tag here, and so is fetched only then.
    advise: () => import(base + '/assets/__MODULE_advice__'),
    // How the visitor writes numbers and times: as their own region does, if it is one of this language.
    region: () => [...navigator.languages, ...sayso.tags()].find(fits) || sayso.lang,
    number: number => number.toLocaleString(sayso.region()),
    count(key, number) {
      const { words, lang } = sayso
      const text = words[key + '_' + new Intl.PluralRules(lang).select(number)] ?? words[key + '_other'] ?? key
      return text.replace('{count}', sayso.number(number))
    },
    // What a signed token says.
    claims(token) {
      try {
        const bytes = Uint8Array.from(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')), letter => letter.charCodeAt(0))
        return JSON.parse(new TextDecoder().decode(bytes))
      } catch {
        return {}
      }
    },
    // Who writes: the subject of a signed token, the address of somebody who is only named, or nobody in particular.
    who() {
      const { identity } = sayso
      if (typeof identity != 'string') return identity?.email || identity?.name || ''
      const { sub } = sayso.claims(identity)
      return sub ? 'token ' + sub : 'token'
    },
    // What needs the second module: it is fetched when somebody is about to use it, and another address asks for it after a failure or a trap. Where it
    // does not come, the form stays, with a sentence.
    companion(anew) {
      const again = () => {
        made = 0
        tries += '?'
      }
      if (anew) again()
      return made ||= import(base + '/assets/__MODULE_companion__' + tries).then(({ companion }) => companion(sayso)).catch(why => {
        again()
        throw why
      })
    },
    more: (name, ...rest) => sayso.companion().then(made => made[name](...rest)).catch(why => why instanceof WebAssembly.RuntimeError ? sayso.lost(why.stack) : sayso.trouble(sayso.words['more_failed'])),
    // A new token of the same user changes nothing that they see. Who has gone leaves nothing for the next.
    meet() {
      const { identity, app, who } = sayso
      const gone = !identity || met && met != who()
      met = who()
      if (app) {
        app.identify()
        sayso.settings()
      } else if (!identity) sayso.forget?.()
      sayso.waiting?.meet()
      made && sayso.more('meet', gone)
      identity || sayso.empty?.(1)
      if (gone) {
        visit = 0
        try {
          delete localStorage[frames]
        } catch {}
        sayso.endSurvey?.()
        sayso.reframe?.()
      }
      sayso.badge?.()
    },
    // By which pages of ours in a frame tell the drafts of one user from those of the next.
    visit() {
      try {
        if (sayso.data.draft != 'off') visit ||= localStorage[frames] ||= sayso.uuid()
      } catch {}
      return visit ||= sayso.uuid()
    },
    // crypto.randomUUID is missing on plain http.
    uuid: () => '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, digit => (+digit ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> +digit / 4).toString(16)),
    // A busy site asks for some work, which is done while the customer types, or when it turns out that there is some to do.
    prove() {
      sayso.proof ||= import(base + '/assets/__MODULE_proof__').then(({ solve }) => solve(api + '/challenge', signal))
      sayso.proof.catch(() => {})
    },
    // The outbox once it is there. Browsers may remember that it could not be fetched, so then another address asks for it.
    outbox: () => box ||= import(base + '/assets/__MODULE_outbox__' + again).then(({ outbox }) => outbox(sayso)).then(made => sayso.waiting = made, () => {
      box = 0
      again += '?'
    })
  })
  met = sayso.who()
  // New replies, for whoever has written from here.
  const watch = () => import(base + '/assets/__MODULE_badge__').then(({ badge }) => sayso.badge ||= badge(sayso)).catch(() => {})
  // By the code this browser finds the case again, unless the device may be anybody's or its customer does not want that.
  listen(document, 'sayso:submitted', ({ detail: { code } }) => {
    try {
      const kept = JSON.parse(localStorage[cases] || '{}')
      if (kept.off || sayso.data.draft == 'off') return
      localStorage[cases] = sayso.json({ ...kept, codes: [{ code, who: sayso.who() }, ...kept.codes || []].slice(0, 20) })
      watch()
    } catch {}
  })
  try {
    if (localStorage[cases]) watch()
  } catch {}
}

// With `outboxOnly`, it goes on with what an earlier page has left in the outbox, and shows nothing.
export function panel(sayso, outboxOnly) {
  if (sayso.signal.aborted) return
  equip(sayso)
  if (outboxOnly) {
    if (/sayso-t/.test(location.href)) sayso.advise().then(({ check }) => check(sayso))
    return localStorage['sayso:' + sayso.site + ':waiting'] && sayso.outbox()
  }
  const { base, site, data, host, root, launcher, signal, make, listen, emit } = sayso
  const omitted = sayso.omitted = new Set
  const page = base + '/s/' + site
  const body = make('div', { id: 'body' })
  const shut = make('button', { id: 'close', type: 'button' })
  const wait = make('p')
  const address = () => page + '?lang=' + sayso.lang + (data.draft ? '&draft=off' : '')
  const link = make('a', { target: '_blank', rel: 'noopener' })
  const fallback = make('div', { id: 'fallback' })
  // The one field that everybody fills in is there before the form, so that nobody waits to begin. The form takes it over as it is.
  const field = make('textarea', { id: 'message', name: 'message', autocomplete: 'off', ariaRequired: true })
  const title = make('h2', { tabIndex: -1 })
  const early = make('div', { id: 'early' })
  // Where the focus goes from the end of the frame: else that would be the page's beginning.
  const end = make('span', { tabIndex: 0 })
  const dialog = make('dialog', { id: 'panel', className: data.position || '', popover: 'manual', hidden: true })
  // All that is in it, which may as well be in an element of the page.
  const pane = make('div', { id: 'pane' })
  const timers = {}
  // What goes along. The browser's own chooser opens at once; everything that follows is in the second module.
  const types = 'image/jpeg,image/png,image/gif,image/webp'
  const pick = make('input', { type: 'file', multiple: true, accept: types + ',application/pdf,text/plain,.csv,.doc,.docx,.xls,.xlsx,.ppt,.pptx,.odt,.ods,.odp,audio/*,video/*' })
  // A picture of the page where the browser takes one, else one by the camera.
  const shot = navigator.mediaDevices?.getDisplayMedia ? make('button', { type: 'button', id: 'shot' }) : make('label', { id: 'shot' })
  const camera = make('input', { type: 'file', accept: types, capture: 'environment' })
  const add = make('label', { id: 'add' })
  const list = make('div', { id: 'files' })
  const trouble = make('p', { className: 'hint', role: 'status' })
  const along = make('details', { id: 'along' })
  const alongText = make('summary')
  const attach = make('div', { id: 'attach' })
  const addText = make('span')
  const shotText = make('span')
  add.append(pick, addText)
  shot.append(...shot.type ? [] : [camera], shotText)
  const follow = make('button', { type: 'button', id: 'mine' })
  let opener, frame, timer, loading, framed, late, given, composition, first, kind, stopped, told, why = '', words = english, shell = dialog
  const floats = () => shell == dialog

  // The site's settings, once they have come.
  let known = {}
  // Of texts in several languages the tag of the one for the visitor's: as their region says it, else in this very language, else in a variety of it.
  const mine = (texts = {}) => {
    const theirs = tag => sayso.near(tag) == sayso.lang
    const region = sayso.tags().find(tag => texts[tag] != null && theirs(tag))
    return region ?? (texts[sayso.lang] != null ? sayso.lang : Object.keys(texts).find(theirs))
  }
  const own = key => known.texts?.[key]?.[mine(known.texts[key])]
  const label = () => {
    const said = key => own(key) ?? words[key]
    shell.setAttribute('aria-label', sayso.label)
    // The language decides, not the page around it: whether it is written in letters from Hebrew to Arabic.
    shell.dir = /[\u0590-\u08ff]/.test(sayso.labels[sayso.lang]) ? 'rtl' : 'ltr'
    shut.setAttribute('aria-label', said('close'))
    wait.textContent = words.loading
    title.textContent = framed ? sayso.label : said('title')
    if (!sayso.app) field.ariaLabel = title.textContent
    const text = key => sayso.words?.[key] ?? ''
    // The fields stay where they are, since one that is moved loses the focus.
    addText.textContent = text('attach')
    shotText.textContent = text(shot.type ? 'screenshot' : 'photo')
    alongText.textContent = text('along')
    follow.textContent = sayso.news ? text('mine') + ' · ' + sayso.news : text('mine')
    link.textContent = said('failure_page')
    link.href = address()
  }
  // Takes the texts of a language once they are there, unless another one is spoken by then.
  const hear = (texts, lang, then) => texts.then(texts => {
    if (lang != sayso.lang) return
    words = texts
    label()
    then?.()
  }).catch(() => {})
  const colour = sayso.paint
  // The loader calls it as well, when the system's colours change.
  const paint = sayso.paint = () => {
    colour()
    shell.classList.toggle('dark', sayso.dark)
  }
  // Moves everything into an element of the page, or back into the dialog, unless that is open: nobody is taken away from what they write.
  sayso.place = (to = dialog, into = root) => {
    if (!dialog.hidden) return
    shell = to
    sayso.root = into
    to.append(pane)
    label()
    paint()
    return true
  }
  // In the page nothing may take the focus that nobody has brought there.
  sayso.still = () => !floats() && !shell.matches(':focus-within')

  const close = () => {
    if (dialog.hidden) return
    const inside = root.activeElement
    dialog.hidden = true
    if (dialog.open) dialog.close()
    else dialog.hidePopover?.()
    launcher.setAttribute('aria-expanded', false)
    // What opened it may have gone with a part of the page.
    if (inside) (opener?.isConnected ? opener : launcher).focus?.()
    emit('close')
  }

  // There is a form, or what takes its place: the outbox may show itself.
  const settle = () => {
    sayso.body = body
    sayso.waiting?.open()
    const came = framed ? 'frame' : sayso.app ? 'form' : 'link'
    asked.then(() => known.health_reports && !told && (told = import(base + '/assets/__MODULE_health__').then(({ health }) => health(sayso, came, why)))).catch(() => {})
  }
  // The form goes, and what was there before it comes back: the words go on in the frame, or by the link.
  const retreat = () => {
    sayso.app = null
    loading = 0
    early.append(title, field, fallback)
    body.replaceChildren(early)
    field.readOnly = false
    label()
  }
  // There is nothing left but the link.
  const giveUp = () => {
    wait.remove()
    // Nobody is taken away from what they write.
    field.value || floats() && link.focus()
    settle()
  }
  // What a page of the collector in a frame has to look like.
  sayso.looks = () => {
    // As the browser reads it, which need not be as it was written.
    const [, ...rgb] = sayso.accent && getComputedStyle(launcher).backgroundColor.match(/^rgba?\((\d+), (\d+), (\d+)/) || []
    const accent = rgb.map(part => (+part).toString(16).padStart(2, '0')).join('')
    return `&frame=1&theme=${sayso.dark ? 'dark' : 'light'}&accent=${accent}&parent=${location.origin}&visit=${sayso.visit()}`
  }
  // The collector's own form. A frame that the page's policy refuses still fires "load", so only its own word counts.
  const showFrame = () => {
    if (frame || sayso.app || stopped || signal.aborted) return
    frame = make('iframe', { src: `${address() + sayso.looks()}&kind=${kind || ''}&why=${why}`, title: sayso.label, hidden: true })
    body.prepend(frame)
    timer = setTimeout(() => {
      frame.remove()
      if (!loading) giveUp()
    }, 2000)
  }

  // The user has gone, and with them what stands in the frame.
  sayso.reframe = () => {
    if (!frame?.isConnected) return
    clearTimeout(timer)
    frame = framed = 0
    retreat()
    showFrame()
  }

  // What an input method is in the middle of would be lost with the field's place. It may end a composition before it inserts the text.
  const calm = async () => {
    for (let last; last != composition;) await (last = composition)
  }

  const load = () => loading ||= (async () => {
    const parts = sayso.ahead || sayso.parts()
    sayso.ahead = 0
    hear(sayso.told.then(sayso.regional), sayso.lang)
    const [module, texts, lang] = await parts
    // Whoever has pressed already gets the field first.
    await new Promise(next => setTimeout(next))
    // At once, since the browser would draw the panel without the form in between.
    await wasm_bindgen(module)
    // The page may have changed the language while the texts were on their way.
    words = sayso.words = lang == sayso.lang ? sayso.regional(texts) : await sayso.texts()
    await calm()
    // Somebody who writes in the frame already stays there.
    if (signal.aborted || sayso.app || framed || stopped) return
    clearTimeout(timer)
    clearTimeout(late)
    const { selectionStart, selectionEnd, scrollTop } = field
    const active = sayso.root.activeElement == field
    const writing = active && (field.value || !floats())
    field.ariaLabel = null
    sayso.style(formCss)
    wasm_bindgen.mount(body, sayso)
    sayso.app = wasm_bindgen
    // Yew draws in the next microtask.
    await 0
    if (writing) {
      field.focus()
      field.setSelectionRange(selectionStart, selectionEnd)
      field.scrollTop = scrollTop
    } else if (active) sayso.focus('h2')
    // While there is a network: without one it could not be fetched any more.
    sayso.outbox()
  })()

  // A stop is whatever Tab reaches and a person can see.
  const keepInside = event => {
    const stops = [...dialog.querySelectorAll('a[href],button,input,textarea,select,iframe,canvas,summary')].filter(stop => stop.getClientRects()[0] && stop.tabIndex >= 0)
    const last = event.shiftKey ? 0 : -1
    if (root.activeElement == stops.at(last)) {
      event.preventDefault()
      stops.at(-1 - last).focus()
    }
  }

  // The collector takes nothing from this page, or knows no such site: better said before somebody writes.
  const refuse = async status => {
    stopped = 1
    const { refused } = await sayso.advise()
    const said = await refused(sayso, status)
    if (framed) return
    retreat()
    title.textContent = said
    field.value || field.remove()
    giveUp()
  }
  const asked = fetch(sayso.api, { signal }).then(answer => /40[34]/.test('' + answer.status) ? refuse(answer.status) : answer.json()).then(settings => {
    known = settings
    const { accent, radius, font } = known.theme
    // The tag's own colour wins.
    sayso.accent ||= accent
    if (radius != null) look.setProperty('--r', radius + 'px')
    if (font == 'inherit') look.setProperty('--f', getComputedStyle(document.body).fontFamily)
    label()
    paint()
  })
  asked.catch(() => {})
  const look = sayso.style(css).cssRules[0].style
  dialog.setAttribute('part', 'panel')
  dialog.setAttribute('role', 'dialog')
  dialog.setAttribute('aria-modal', true)
  shut.setAttribute('part', 'close')
  wait.setAttribute('role', 'status')
  along.append(alongText)
  attach.append(add, shot, trouble, list, along)
  fallback.append(wait, link)
  early.append(title, field, fallback)
  body.append(early)
  pane.append(shut, body)
  dialog.append(pane)
  root.append(dialog)
  label()
  paint()

  const draft = 'sayso:' + site
  // A draft with what stands in the field by now. What was about to be sent may have been something else.
  const typed = kept => field.value == (kept?.message ?? '') ? kept : { ...kept, message: field.value, key: 0, body: 0 }
  // Puts a text on the clipboard, and says whether that worked.
  sayso.clip = async text => {
    try {
      await navigator.clipboard.writeText(text)
      return true
    } catch {
      // Pages on plain http have no clipboard.
      const area = make('textarea', { className: 'offscreen', value: text })
      body.append(area)
      area.select()
      const copied = document.execCommand('copy')
      area.remove()
      return copied
    }
  }
  // Every way in which files come. They are sent at once, and belong to what is in the form until that has been sent.
  let taken
  const take = files => {
    if (!files?.length) return
    taken = sayso.more('attach', [...files])
    return true
  }
  for (const input of [pick, camera]) listen(input, 'change', () => {
    take(input.files)
    // So that the same file may be chosen again.
    input.value = ''
  })
  listen(pane, 'paste', event => take(event.clipboardData?.files) && event.preventDefault())
  listen(pane, 'dragover drop', event => {
    if (!sayso.app || !event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    if (event.type == 'drop') take(event.dataTransfer.files)
  })
  listen(attach, 'pointerover focusin', () => sayso.companion().catch(() => {}))
  listen(follow, 'pointerover focusin', () => sayso.companion().catch(() => {}))
  if (shot.type) listen(shot, 'click', () => sayso.more('shoot'))
  listen(follow, 'click', () => sayso.more('mine'))
  // What has been sent, or was of somebody who has gone, goes along no more.
  sayso.empty = gone => {
    if (sayso.list.firstChild) sayso.more('clear', gone)
    if (sayso.mask) hide('')
    sayso.files = []
    sayso.insists = sayso.doubtful = 0
    omitted.clear()
    along.open = false
  }
  // The files that go along, once they are what is sent: a photo may still be made smaller.
  const ready = async () => {
    /** @type {number | undefined} */
    let late
    await Promise.race([taken, new Promise(next => (late = setTimeout(next, 30000)))])
    clearTimeout(late)
    return await sayso.ready?.() ?? sayso.files
  }
  // Everything that is sent goes through the outbox, where there is one and its disk may be used without asking.
  const send = async (key, feedback) => {
    const by = sayso.who()
    const files = await ready()
    await Promise.race([sayso.outbox(), new Promise(next => setTimeout(next, sayso.post ? 1000 : 30000))])
    try {
      // The outbox brings it along; this is for those whom only the outbox can't reach.
      sayso.post ||= (await import(base + '/assets/__MODULE_post__')).post(sayso)
    } catch {
      return { status: 0, reason: 'network', wait: 0 }
    }
    // Nobody sends in the name of who came meanwhile.
    if (by && by != sayso.who()) return { status: 0, reason: 'network', wait: 0 }
    return data.draft != 'off' && sayso.waiting?.send(key, feedback, files) || sayso.post(key, feedback, sayso.identity, files)
  }
  // What the form hears of what it sent. The files of what has arrived, or waits with them, are not those of the next.
  const tell = key => async answer => {
    answer.left &&= await import(base + '/assets/__MODULE_upload__').then(({ leftOut }) => leftOut(sayso, answer.left)).catch(() => '' + answer.left)
    if (answer.kept || !answer.reason) sayso.empty()
    sayso.app?.answered(key, answer)
  }
  // The site's settings as lines for the widget, with the texts in the visitor's language or the nearest to it.
  const settings = async () => {
    await asked
    const { kinds, categories, required, promise_text, consent_text, privacy_url, texts, page_errors, proof: { required: busy } } = known
    if (busy) listen(pane, 'input', sayso.prove)
    // They are sent only once they could have been seen, and what has to be hidden in them is.
    const report = () => detail().then(made => made.report()).catch(() => shown = 0)
    if (page_errors && sayso.errors) sayso.errors[0] ? report() : sayso.noticed = report
    for (const key in texts) sayso.words[key] = own(key) ?? sayso.words[key]
    // There is nothing of ours that could be said instead, so any other language is better than nothing.
    const stem = tag => tag.split('-')[0]
    const near = (texts = {}) => {
      const tags = Object.keys(texts)
      return mine(texts) ?? tags.find(tag => stem(tag) == stem(sayso.lang)) ?? (texts.en != null ? 'en' : tags[0])
    }
    // With its language, which may be another one than the widget's.
    const said = texts => [texts?.[near(texts)], near(texts)]
    return [
      ...kinds.map(kind => ['kind', kind]),
      ...categories.map(({ key, kind, label }) => ['category', key, kind, said(label)[0]]),
      // Who is named by a token need not say how to reach them; the collector knows whether the token does, and says so.
      ...required.filter(field => field != 'contact' || typeof sayso.identity != 'string').map(field => ['required', field]),
      ['promise', ...said(promise_text)],
      ['consent', ...said(consent_text)],
      ['privacy', privacy_url]
    ].map(line => line.map(part => (part ?? '').replace(/\s/g, ' ')).join('\t')).join('\n')
  }
  // What the browser does in a line or two; the widget's part would be many times as long.
  Object.assign(sayso, {
    pane, body, list, attach,
    accepts: pick.accept,
    // Parts of the form that are there without the widget.
    slot(name) {
      label()
      return name == 'mine' ? follow : attach
    },
    renew: label,
    trouble: text => trouble.textContent = text ?? '',
    // One timer of each kind is enough; the widget starts them again as long as it needs them.
    after(name, milliseconds) {
      clearTimeout(timers[name])
      if (!signal.aborted) timers[name] = setTimeout(() => sayso.app?.[name](), milliseconds)
    },
    focus: selector => body.querySelector(selector)?.focus(),
    copy: text => sayso.clip(text).then(done => sayso.app.copied(done)),
    date(text) {
      const date = new Date(text)
      return isNaN(+date) ? undefined : date.toLocaleString(sayso.region(), { weekday: 'long', month: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit' })
    },
    // A storage that is full or denied is no reason to disturb somebody who is writing. What is being said (a contact alone says
    // nothing) has a name, by which the outbox knows it in every page that shows it.
    keep(feedback) {
      const { message, desired_outcome, reference } = feedback || {}
      sayso.draft = (message || desired_outcome || reference) && (sayso.draft || sayso.uuid())
      try {
        if (feedback && data.draft != 'off') localStorage[draft] = JSON.stringify({ ...feedback, id: sayso.draft })
        else localStorage.removeItem(draft)
      } catch {}
    },
    kept() {
      let kept = given
      try {
        kept ||= data.draft != 'off' && JSON.parse(localStorage[draft])
        // What has got into the outbox is no draft any more.
        if (!given && localStorage[draft + ':waiting']?.includes(kept.id)) kept = 0
      } catch {}
      given = 0
      sayso.draft = kept?.id
      return first === undefined ? kept : typed(kept)
    },
    // The message, as the form shows it: the panel's own field.
    message(text, described, invalid, readOnly) {
      first = undefined
      const set = (name, value) => value ? field.setAttribute(name, value) : field.removeAttribute(name)
      if (field.value != text) field.value = text
      field.dir = text && 'auto'
      field.readOnly = readOnly
      set('aria-describedby', described)
      set('aria-invalid', invalid)
      return field
    },
    // What goes along of the page: all of it, or only what the customer has left in.
    about(all) {
      const { context, lang, reference } = sayso
      // Where nobody can say what has to be hidden in an address, it goes along without what may be, or the host alone.
      const cut = (text, most) => {
        const bare = text?.split(/[?#]/)[0]
        const safe = sayso.mask_all?.(text) ?? (!doubt.test(text) ? text : doubt.test(bare) ? bare.match(/^https?:\/\/[^/]*/)?.[0] : bare)
        return safe ? [...safe].slice(0, most).join('') : undefined
      }
      const kept = (group, facts) => Object.fromEntries(Object.entries(facts).filter(([name, value]) => value !== undefined && (all || !omitted.has(group + name))))
      // The page's own comes first where there is little room.
      const rest = { ...new Blob([sayso.json(context)]).size < 4e3 && { viewport: innerWidth + 'x' + innerHeight }, ...context }
      return {
        ...kept('', { reference: reference ? String(reference) : undefined, locale: lang }),
        page: kept('page ', { url: cut(location.href.split('#')[0], 2000), title: cut(document.title, 300), referrer: cut(document.referrer, 2000) }),
        context: kept('context ', { errors: sayso.reported?.(rest, all), ...rest })
      }
    },
    complete(feedback) {
      const { insists, mask, mask_number, mask_all } = sayso
      const { contact } = feedback
      const hide = (of, name, by) => of?.[name] && by && (of[name] = by(of[name]))
      hide(feedback, 'message', mask)
      hide(feedback, 'desired_outcome', mask)
      hide(feedback, 'reference', mask_number)
      hide(contact, 'name', mask_all)
      // No phone number has so many digits.
      if (contact?.phone?.replace(/\D/g, '')[15]) hide(contact, 'phone', mask_number)
      return sayso.json({
        ...sayso.about(),
        ...feedback,
        // Who does not want to be named is not, by no token.
        ...omitted.has('identity') && { identity: null },
        ...insists && { keep_unmasked: true },
        composed_at: new Date().toISOString()
      })
    },
    send: (key, feedback) => send(key, feedback).catch(() => ({ status: 0, reason: 'server' })).then(tell(key)),
    offers: () => data.draft == 'off' && Boolean(sayso.waiting),
    later: (key, feedback, reason, wait) => ready().then(files => sayso.waiting.keep(key, feedback, reason, wait, files)).catch(() => {}).then(kept => tell(key)({ reason, wait, status: 0, ...kept })),
    // A text leaves the outbox for the form again.
    give(feedback, files) {
      given = feedback
      take(files?.map(({ blob, name }) => new File([blob], name, { type: blob.type })))
      sayso.app.restore()
    },
    settings: () => settings().catch(() => '').then(lines => sayso.app?.settled(lines))
  })

  // The draft as the field began with it, until the form has both.
  first = sayso.kept() || ''
  sayso.forget = () => first = sayso.draft = field.value = ''
  field.value = first.message ?? ''
  listen(field, 'input', () => sayso.app || sayso.keep(typed(first)))
  // What looks like a card, an account or a secret is hidden before it leaves; a small module knows what is one. The collector does the same with
  // what comes as it was.
  let masker
  sayso.masks = () => masker ||= import(base + '/assets/__MODULE_masks__').then(({ masks }) => masks(sayso)).catch(why => {
    masker = 0
    throw why
  })
  const hide = (...about) => sayso.masks().then(show => show(...about)).catch(() => {})
  const doubt = /(\p{Nd}\P{Nd}{0,3}){13}|[A-ZＡ-Ｚ]{2}\p{Nd}{2}([^\p{L}\p{Nd}]{0,2}[A-ZＡ-Ｚ\p{Nd}]){11}|[a-z]{2}\d{2}[a-z\d]{11}|[?#][^\s?#]*=|:\/\/\S*([@;&]|\w{32}|eyJ)/u
  // What is typed where somebody is: in the form, or in a screen in its place.
  const written = () => [...pane.querySelectorAll(sayso.away ? '#more textarea' : '#message,#desired_outcome,#reference,#name,#phone')].map(({ value }) => value).join('\n')
  sayso.doubt = target => {
    const text = written()
    sayso.doubtful ||= doubt.test([text, location, document.title, document.referrer].join('\n'))
    if (sayso.doubtful) hide(text, target)
  }
  listen(pane, 'input', ({ target }) => target.matches('textarea,#reference,#name,#phone') && sayso.doubt(target))
  // The same of what a screen sends.
  sayso.doubts = text => doubt.test(text)
  // What goes along, for whoever wants to see it.
  let shown
  const detail = () => shown ||= import(base + '/assets/__MODULE_along__').then(({ along: show }) => show(sayso, along))
  listen(along, 'toggle', () => along.open && detail().then(({ draw }) => draw()).catch(() => shown = 0))
  // What may help already, where the site has public answers.
  let helper
  listen(field, 'input', () => known.answers && (helper ||= import(base + '/assets/__MODULE_answers__').then(({ answers }) => answers(sayso))).then(ask => ask(field.value)).catch(() => helper = 0))
  listen(field, 'compositionstart', () => composition = new Promise(done => field.addEventListener('compositionend', () => setTimeout(done), { once: true })))
  // What has been written goes along, in the part of the address that is not sent.
  listen(link, 'click', () => link.href = address() + (field.value && '#message=' + encodeURIComponent(field.value)))
  listen(shut, 'click', close)
  // A phone's gesture for going back closes modal dialogs by itself.
  listen(dialog, 'close', () => dialog.open || close())
  listen(end, 'focus', ({ relatedTarget }) => floats() && (relatedTarget?.closest('#outbox') ? frame.focus() : (root.querySelector('#outbox button') || shut).focus()))
  // What is typed here is nobody else's shortcut, and what is touched here is not outside of a dialog of the page, which might take
  // the focus back, close itself, or keep us from scrolling. In the page it is outside, and only what is typed is ours.
  for (const name of 'keydown keyup keypress beforeinput input paste copy cut compositionstart compositionend focusin focusout pointerdown mousedown touchstart click wheel touchmove'.split(' ')) {
    pane.addEventListener(name, event => (floats() || /^(key|before|in|pa|c[ou])/.test(name)) && event.stopPropagation(), { signal, passive: true })
  }
  // Shortcuts that hear keys on their way down leave alone whoever is writing, as far as they can see.
  Object.defineProperty(host, 'isContentEditable', { get: () => !dialog.hidden })
  // Where the form never comes, for what the frame can't send.
  pane.addEventListener('input', sayso.outbox, { once: true, signal })
  // A trap stops the module for good, such as where a page translator has replaced what is drawn. Ours is one with our files on its way.
  listen(window, 'error unhandledrejection', ({ error, reason }) => {
    const why = error || reason
    const [, file] = /^RuntimeError/.test(why) && String(why.stack).split(base + '/assets/__ASSETS_HASH__-') || []
    if (!sayso.app || !file) return
    // Of the second module only its own screens go with it.
    if (/-companion/.test(why.stack)) return sayso.lost?.(why.stack)
    retreat()
    showFrame()
  })
  let composing
  listen(pane, 'keydown', event => {
    // The Escape and the Enter that end a composition belong to the input method.
    composing = event.isComposing || event.keyCode == 229
    if (composing || !floats()) return
    if (event.key == 'Escape') {
      // Else it would go on to close a dialog of the page.
      event.preventDefault()
      close()
    }
    if (event.key == 'Tab') keepInside(event)
  })
  // Safari ends a composition before it tells of the Enter that did, and would send the form.
  pane.addEventListener('submit', event => {
    if (!composing) return
    event.preventDefault()
    event.stopPropagation()
  }, { capture: true, signal })
  listen(window, 'message', async ({ source, origin, data }) => {
    if (!frame || source != frame.contentWindow || origin != base) return
    if (data.sayso == 'ready') {
      clearTimeout(timer)
      clearTimeout(late)
      framed = true
      await calm()
      const still = sayso.still()
      // Above the frame, where the button to close it would cover what is in it.
      title.textContent = sayso.label
      body.prepend(title)
      early.replaceWith(end)
      frame.hidden = false
      still || frame.focus()
      const { page } = sayso.about(1)
      const errors = sayso.errors?.filter(({ who }) => !who || who == sayso.identity).map(({ at, text, times }) => at + ' ' + text + (times > 1 ? ' ×' + times : ''))
      source.postMessage({ sayso: 'message', message: field.value, page, errors }, base)
      // Once: the next page in it may be for another message.
      field.value = ''
      settle()
    }
    if (data.sayso == 'close') close()
    if (data.sayso == 'submitted') {
      sayso.keep()
      emit('submitted', { code: data.code, status_url: data.status_url, kind: data.kind })
    }
  })
  // Not by listen(): what ends with the signal is gone before the signal tells of it.
  signal.addEventListener('abort', () => {
    clearTimeout(timer)
    clearTimeout(late)
    Object.values(timers).map(clearTimeout)
    sayso.app?.unmount()
  })

  const show = () => {
    if (!dialog.hidden) return
    // The field, while it is all that there is; of the form what comes first, since whoever listens would not hear what they are past.
    const wanted = body.hidden ? shut : sayso.app ? body.querySelector('h2') : field.isConnected ? field : shut
    if (!floats()) return (wanted == shut ? shell : wanted).focus({ preventScroll: true })
    dialog.hidden = false
    dialog.showPopover?.()
    wanted.focus()
    // A modal dialog of the page makes everything else inert; only another one stands above it.
    if (root.activeElement != wanted) {
      dialog.hidePopover?.()
      dialog.showModal()
      wanted.focus()
    }
    launcher.setAttribute('aria-expanded', true)
    emit('open')
  }
  const open = (wish, from) => {
    if (dialog.hidden) opener = from || document.activeElement
    // Where there is a form in the page already, it leads there.
    sayso.lead?.()
    show()
    if (framed) frame.focus()
    begin(wish)
  }
  // The form for what the page wishes, wherever it is.
  const begin = wish => {
    if (framed) return settle()
    clearTimeout(late)
    // Who has waited long enough gets what comes first.
    kind = wish?.kind
    if (!sayso.app) late = setTimeout(showFrame, 5000)
    load().then(() => {
      // It may have been closed again.
      if (floats() && dialog.hidden) return
      sayso.app?.open(wish || {})
      settle()
    }, error => {
      loading = 0
      why = /olicy/.test(error) ? 'policy' : ''
      clearTimeout(late)
      if (frame && !frame.isConnected) giveUp()
      else showFrame()
    })
  }
  // Hovering is enough to get ready; what goes wrong then is shown when somebody opens it.
  load().catch(() => {
    loading = 0
  })

  return {
    open,
    begin,
    close,
    toggle: () => dialog.hidden ? open() : close(),
    survey: key => import(base + '/assets/__MODULE_survey__').then(({ survey }) => survey(sayso, key, words)),
    set({ lang }) {
      label()
      paint()
      sayso.relist?.()
      if (lang) hear(sayso.texts(), sayso.lang, () => {
        if (!sayso.app) return
        sayso.words = words
        sayso.app.speak()
        sayso.respeak?.()
        sayso.relist?.()
        sayso.waiting?.draw()
      })
    }
  }
}
