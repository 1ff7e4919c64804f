/*
 * The panel: the dialog that the widget lives in, fetched on intent together with the widget. It is on the screen
 * before the WebAssembly is, and it stays usable when the WebAssembly never comes: then it shows the collector's own
 * form in a frame, and where the page's policy refuses frames as well, a link.
 *
 * Invariant: it keeps the focus, the keys and the announcements right in every one of these states.
 */
// What it says in every language before a language file has come: the build takes it from these.
const words = __LANG_WORDS__

const css = `
#panel{box-sizing:border-box;display:flex;flex-direction:column;width:min(420px,100% - 2*var(--o));height:auto;max-height:min(760px,100% - 2*var(--o));margin:0;border:1px solid #8885;border-radius:16px;padding:0;overflow:hidden;background:#fffdf8;color:#1b2430;font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif;text-align:start;box-shadow:0 4px 10px #0002,0 20px 48px #0004;animation:rise .22s cubic-bezier(.2,.7,.3,1)}
#panel:lang(zh-Hant){font-family:system-ui,-apple-system,"Segoe UI",Roboto,"PingFang TC","Noto Sans CJK TC","Microsoft JhengHei",sans-serif}
#panel.left{right:auto;left:var(--o)}
#panel.dark{color-scheme:dark;background:#1e2426;color:#ece6da}
[hidden]{display:none!important}
#close{position:absolute;inset:16px 14px auto auto;inset-inline:auto 14px;z-index:2;display:grid;place-items:center;width:36px;height:36px;border:0;border-radius:8px;padding:0;background:none;color:inherit;cursor:pointer}
#close:hover{background:#8883}
#close:before{content:"";width:14px;height:14px;background:currentColor;clip-path:path("M1.4 0 7 5.6 12.6 0 14 1.4 8.4 7 14 12.6 12.6 14 7 8.4 1.4 14 0 12.6 5.6 7 0 1.4z")}
#body{display:flex;flex-direction:column;flex:1;min-height:0;overflow:auto;overscroll-behavior:contain}
#fallback{padding:56px 28px 64px;text-align:center}
#fallback p{margin:0 0 12px}
#fallback p:before{content:"";display:block;box-sizing:border-box;width:28px;height:28px;margin:0 auto 16px;border:3px solid #8886;border-top-color:currentColor;border-radius:50%;animation:turn 1s linear infinite}
#fallback a{color:inherit}
#fallback a:only-child{display:inline-block;margin-top:8px;border-radius:10px;padding:12px 24px;background:var(--a);color:var(--t);font-weight:600;text-decoration:none}
.launcher[aria-expanded=true]{opacity:0}
iframe{display:block;flex:1 1 680px;min-height:0;width:100%;border:0}
@keyframes rise{0%{opacity:0;transform:translateY(12px)}}
@keyframes turn{to{transform:rotate(1turn)}}
@media(max-width:480px){#panel{inset:0!important;width:auto;max-height:none;border:0;border-radius:0}}
@media(prefers-reduced-motion:reduce){#panel,#panel *,#panel *:before{animation:none!important;transition:none!important}}
@media(forced-colors:active){#close:before{background:ButtonText;forced-color-adjust:none}}`

// Why a submission failed, by the status of the answer; 0 is none.
const reasons = { 0: 'network', 403: 'origin', 404: 'site', 408: 'network', 409: 'busy', 429: 'busy', 503: 'busy' }
const reasonOf = status => reasons[status] || (status >= 400 && status < 500 ? 'refused' : 'server')

// What the form and the outbox have in common, and so is there before either.
const equip = sayso => {
  if (sayso.post) return
  const { base, site } = sayso
  const api = base + '/api/v1/sites/' + site
  let box, proof, again = ''
  Object.assign(sayso, {
    api,
    // How the visitor writes numbers and times: as their own region does, if it is one of this language.
    region: () => navigator.languages.find(tag => sayso.near(tag) == sayso.lang) || sayso.lang,
    number: number => number.toLocaleString(sayso.region()),
    count(key, number) {
      const { words, lang } = sayso
      const text = words[key + '_' + new Intl.PluralRules(lang).select(number)] ?? words[key + '_other'] ?? key
      return text.replace('{count}', sayso.number(number))
    },
    meet() {
      sayso.app?.identify()
      sayso.waiting?.meet()
    },
    // A busy site asks for some work, which is done while the customer types, or when it turns out that there is some to do.
    prove() {
      proof ||= import(base + '/assets/__MODULE_proof__').then(({ solve }) => solve(api + '/challenge'))
      proof.catch(() => {})
    },
    // The outbox once it is there. Browsers may remember that it could not be fetched, so then another address asks for it.
    outbox: () => box ||= import(base + '/assets/__MODULE_outbox__' + again).then(({ outbox }) => outbox(sayso)).then(made => sayso.waiting = made, () => {
      box = 0
      again += '?'
    }),
    // The one place that sends. Gives the members of the answer, and its `status`, the `reason` if it was no success, the seconds to
    // `wait` before the next try, and `errors` as lines of pointer, tab and code.
    async post(key, feedback, identity, proved) {
      try {
        // Token and proof are no part of what makes two submissions equal, and they expire: the newest ones go along.
        const body = JSON.stringify({ ...JSON.parse(feedback), ...typeof identity == 'string' && { identity }, proof: await proof })
        const answer = await fetch(api + '/feedback', {
          method: 'POST',
          credentials: 'omit',
          headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
          body,
          signal: AbortSignal.timeout?.(30000)
        })
        const { status, headers } = answer
        const after = headers.get('Retry-After')
        const wait = Math.ceil(after > 0 ? after : (Date.parse(after) - Date.now()) / 1000)
        const { errors = [], ...json } = await answer.json().catch(() => ({}))
        const has = (name, value) => errors.some(error => error[name] == value)
        if (has('pointer', '/proof')) {
          if (proved) throw { status: 503 }
          proof = undefined
          sayso.prove()
          return sayso.post(key, feedback, identity, 1)
        }
        // What was accepted has used it up.
        if (answer.ok) proof = undefined
        // Only a 201 with a code, and with a link that leads to a page, is a success.
        const accepted = status == 201 && json.code && /^https?:/.test(json.status_url)
        const reason = accepted ? '' : has('code', 'identity_expired') ? 'identity' : reasonOf(status)
        return { ...json, status, reason, wait: wait > 0 ? wait : reason == 'busy' ? 5 : 0, errors: errors.map(({ pointer, code }) => pointer + '\t' + code).join('\n') }
      } catch ({ status = 0, wait = status && 5 }) {
        proof = undefined
        return { status, reason: reasonOf(status), wait }
      }
    }
  })
}

// With `outboxOnly`, it goes on with what an earlier page has left in the outbox, and shows nothing.
export function panel(sayso, outboxOnly) {
  equip(sayso)
  if (outboxOnly) return sayso.outbox()
  const { base, site, data, host, root, launcher, signal, make, listen, emit } = sayso
  const page = base + '/s/' + site
  const body = make('div', { id: 'body' })
  const shut = make('button', { id: 'close', type: 'button' })
  const wait = make('p')
  const link = make('a', { href: page, target: '_blank', rel: 'noopener' })
  const fallback = make('div', { id: 'fallback' })
  const dialog = make('div', { id: 'panel', className: data.position || '', popover: 'manual', hidden: true })
  const attributes = { part: 'panel', role: 'dialog', 'aria-modal': true }
  const timers = {}
  let opener, frame, timer, loading, given

  const label = () => {
    const [close, loading, open] = words[sayso.lang]
    dialog.setAttribute('aria-label', sayso.label)
    // The language decides, not the page around it: whether it is written in letters from Hebrew to Arabic.
    dialog.dir = /[\u0590-\u08ff]/.test(loading) ? 'rtl' : 'ltr'
    shut.setAttribute('aria-label', close)
    wait.textContent = loading
    link.textContent = open
  }
  const colour = sayso.paint
  // The loader calls it as well, when the system's colours change.
  const paint = sayso.paint = () => {
    colour()
    dialog.classList.toggle('dark', sayso.dark)
  }

  const close = () => {
    if (dialog.hidden) return
    const inside = root.activeElement
    dialog.hidden = true
    dialog.hidePopover?.()
    launcher.setAttribute('aria-expanded', false)
    if (inside) opener?.focus?.()
    emit('close')
  }

  // A frame that the page's policy refuses still fires "load", so only its own word counts.
  const showFrame = () => {
    loading = 0
    if (frame) return
    frame = make('iframe', { src: page + '?frame=1&lang=' + sayso.lang, title: sayso.label, hidden: true })
    body.append(frame)
    timer = setTimeout(() => {
      frame.remove()
      wait.remove()
      link.focus()
    }, 2000)
  }

  const load = () => loading ||= (async () => {
    // Eight bytes tell whether the page's policy allows WebAssembly at all.
    new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))
    const parts = sayso.ahead || sayso.parts()
    sayso.ahead = 0
    const [glue, module_or_path, texts] = await parts
    await glue.default({ module_or_path })
    if (signal.aborted || sayso.app) return
    clearTimeout(timer)
    sayso.words = texts
    glue.mount(body, sayso)
    sayso.app = glue
    sayso.body = body
  })()

  // A stop is whatever Tab reaches and a person can see.
  const keepInside = event => {
    const stops = [...dialog.querySelectorAll('a[href],button,input,textarea,select,iframe')].filter(stop => stop.getClientRects()[0] && stop.tabIndex >= 0)
    const last = event.shiftKey ? 0 : -1
    if (root.activeElement == stops.at(last)) {
      event.preventDefault()
      stops.at(-1 - last).focus()
    }
  }

  const asked = fetch(sayso.api).then(answer => answer.json())
  asked.catch(() => {})
  sayso.style(css)
  for (const name in attributes) dialog.setAttribute(name, attributes[name])
  shut.setAttribute('part', 'close')
  wait.setAttribute('role', 'status')
  fallback.append(wait, link)
  body.append(fallback)
  dialog.append(shut, body)
  root.append(dialog)
  label()
  paint()

  const draft = 'sayso:' + site
  // What the browser does in a line or two; the widget's part would be many times as long.
  Object.assign(sayso, {
    // One timer of each kind is enough; the widget starts them again as long as it needs them.
    after(name, milliseconds) {
      clearTimeout(timers[name])
      timers[name] = setTimeout(() => sayso.app[name](), milliseconds)
    },
    focus: selector => body.querySelector(selector)?.focus(),
    async copy(text) {
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
    },
    date(text) {
      const date = new Date(text)
      return isNaN(date) ? undefined : date.toLocaleString(sayso.region(), { weekday: 'long', month: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit' })
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
      try {
        const kept = given || data.draft != 'off' && JSON.parse(localStorage[draft])
        // What has got into the outbox is no draft any more.
        if (given || !localStorage[draft + ':waiting']?.includes(kept.id)) {
          sayso.draft = kept.id
          given = 0
          return kept
        }
      } catch {}
    },
    // crypto.randomUUID is missing on plain http.
    uuid: () => '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, digit => (digit ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> digit / 4).toString(16)),
    complete(feedback) {
      const { context, lang, reference } = sayso
      const cut = (text, most) => text ? [...text].slice(0, most).join('') : undefined
      return JSON.stringify({
        ...reference && { reference: String(reference) },
        ...feedback,
        ...Object.keys(context)[0] && { context },
        locale: lang,
        page: { url: cut(location.href, 2000), title: cut(document.title, 300), referrer: cut(document.referrer, 2000) },
        composed_at: new Date().toISOString()
      })
    },
    // Everything that is sent goes through the outbox, where there is one and its disk may be used without asking.
    async send(key, feedback) {
      await Promise.race([sayso.outbox(), new Promise(next => setTimeout(next, 1000))])
      return data.draft != 'off' && sayso.waiting?.send(key, feedback) || sayso.post(key, feedback, sayso.identity)
    },
    offers: () => data.draft == 'off' && Boolean(sayso.waiting),
    later: (key, feedback, reason, wait) => sayso.waiting.keep(key, feedback, reason, wait),
    // A text leaves the outbox for the form again.
    give(feedback) {
      given = feedback
      sayso.app.restore()
    },
    // The site's settings as lines for the widget, with the texts in the visitor's language or the nearest to it.
    async settings() {
      const { kinds, categories, required, promise_text, consent_text, privacy_url, theme, proof: { required: busy } } = await asked
      if (busy) listen(dialog, 'input', sayso.prove)
      const stem = tag => tag.split('-')[0]
      const near = texts => {
        const tags = Object.keys(texts || {})
        return texts?.[sayso.lang] || texts?.[tags.find(tag => stem(tag) == stem(sayso.lang))] || texts?.en || texts?.[tags[0]]
      }
      // The tag's own colour wins.
      sayso.accent ||= theme?.accent
      paint()
      return [
        ...kinds.map(kind => ['kind', kind]),
        ...categories.map(({ key, kind, label }) => ['category', key, kind, near(label)]),
        ...required.map(field => ['required', field]),
        ['promise', near(promise_text)],
        ['consent', near(consent_text)],
        ['privacy', privacy_url]
      ].map(line => line.map(part => (part ?? '').replace(/\s/g, ' ')).join('\t')).join('\n')
    },
  })

  listen(shut, 'click', close)
  // While there is a network: without one it could not be fetched any more.
  dialog.addEventListener('input', sayso.outbox, { once: true, signal })
  // What is typed here is nobody else's shortcut.
  listen(host, 'keydown keyup keypress beforeinput input', event => event.stopPropagation())
  let composing
  listen(dialog, 'keydown', event => {
    // The Escape and the Enter that end a composition belong to the input method.
    composing = event.isComposing || event.keyCode == 229
    if (composing) return
    if (event.key == 'Escape') close()
    if (event.key == 'Tab') keepInside(event)
  })
  // Safari ends a composition before it tells of the Enter that did, and would send the form.
  dialog.addEventListener('submit', event => {
    if (!composing) return
    event.preventDefault()
    event.stopPropagation()
  }, { capture: true, signal })
  listen(window, 'message', ({ source, origin, data }) => {
    if (!frame || source != frame.contentWindow || origin != base) return
    if (data.sayso == 'ready') {
      clearTimeout(timer)
      fallback.remove()
      frame.hidden = false
      frame.focus()
    }
    if (data.sayso == 'close') close()
    if (data.sayso == 'submitted') emit('submitted', { code: data.code, status_url: data.status_url, kind: data.kind })
  })
  listen(signal, 'abort', () => {
    clearTimeout(timer)
    Object.values(timers).map(clearTimeout)
    sayso.app?.unmount()
  })

  const open = (wish, from) => {
    if (dialog.hidden) {
      opener = from || document.activeElement
      dialog.hidden = false
      dialog.showPopover?.()
      launcher.setAttribute('aria-expanded', true)
      shut.focus()
      emit('open')
    }
    load().then(() => {
      if (dialog.hidden) return
      sayso.app?.open(wish || {})
      sayso.waiting?.open()
    }, showFrame)
  }
  // Hovering is enough to get ready; what goes wrong then is shown when somebody opens it.
  load().catch(() => {
    loading = 0
  })

  return {
    open,
    close,
    toggle: () => dialog.hidden ? open() : close(),
    set({ lang }) {
      label()
      paint()
      if (lang && sayso.app) sayso.texts().then(texts => {
        sayso.words = texts
        sayso.app.speak()
        sayso.waiting?.draw()
      })
    }
  }
}
