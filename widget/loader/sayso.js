// @ts-check
/*
 * The Sayso loader: the only script that a company's page loads with the page. It draws the launcher, takes commands,
 * and fetches the panel and the widget when somebody is about to use them. The build strips comments and indentation
 * and puts in the hashed file names; what is left must stay within 2,560 bytes of brotli, hence the terse style.
 *
 * All that the host page gets: one <sayso-widget> element, one global function, listeners that destroy() ends.
 */
(() => {
  const doc = document
  const tag = /** @type {HTMLScriptElement} */ (doc.currentScript)
  const data = tag.dataset
  const { site } = data
  // A second tag finds the element of the first one.
  if (!site || doc.querySelector('sayso-widget')) return

  const base = tag.src.split('/', 3).join('/')
  const store = 'sayso:' + site
  const asset = name => base + '/assets/__ASSETS_HASH__-' + name
  const make = (name, props) => Object.assign(doc.createElement(name), props)
  const life = new AbortController
  const { signal } = life
  const listen = (target, names, run) => names.split(' ').map(name => target.addEventListener(name, run, { signal }))
  const emit = (name, detail) => doc.dispatchEvent(new CustomEvent('sayso:' + name, { detail }))

  // What the launcher says in every language that has a file in widget/lang: the build collects them.
  const labels = __LANG_LABELS__
  // The tags of those that are not found by their language alone, in small letters and without hyphens. To ask the browser for a tag's script would
  // take it ten milliseconds.
  const tags = __LANG_TAGS__

  const scheme = matchMedia('(prefers-color-scheme:dark)')
  const host = make('sayso-widget')
  const root = host.attachShadow({ mode: 'open' })
  // Again and again, since frameworks that own the whole document remove what they did not make.
  const attach = () => host.isConnected || doc.documentElement.append(host)
  // Pages whose browser has no constructed stylesheets, or whose policy wants it, get a <style> with their nonce.
  const style = css => {
    try {
      const sheet = new CSSStyleSheet
      sheet.replaceSync(css)
      root.adoptedStyleSheets.push(sheet)
      return sheet
    } catch {
      const node = make('style', { textContent: css, nonce: data.nonce || tag.nonce })
      root.append(node)
      // It counts only where it is attached.
      attach()
      return node.sheet
    }
  }
  const launcher = make('button', { part: 'launcher', className: `launcher ${data.launcher || 'bubble'} ${[data.position]}`, dir: 'auto', ariaHasPopup: 'dialog' })
  root.append(launcher)
  // The colours are kept in the second rule: WebKit does not notice when one for :host changes.
  const look = style(`__LAUNCHER_CSS__`).cssRules[1].style
  if (data.offset) look.setProperty('--o', data.offset + 'px')

  // What the panel and the widget read at the moment that they need it, and the functions here that they call.
  const sayso = {
    base, site, data, host, root, launcher, signal, labels, make, listen, emit, style,
    context: {},
    theme: data.theme,
    accent: data.accent,
    paint() {
      const { accent } = sayso
      let black = sayso.dark = sayso.theme == 'dark' || sayso.theme != 'light' && scheme.matches
      look.setProperty('--a', accent || (black ? '#74c6bd' : '#0d5757'))
      // Black or white, whichever reads better on the accent; it has none while it is not on the page. A test tries that every colour has a
      // contrast of 4.5 so. Of our own two it is known, and asking the browser would make it style the page once more.
      if (accent) {
        const [r, g, b] = (getComputedStyle(launcher).backgroundColor.match(/[\d.]+/g) || []).map(part => (part / 255) ** 2.2)
        black = 3 * r + 10 * g + b > 2.5
      }
      look.setProperty('--t', black ? '#000' : '#fff')
    },
    // The language of ours for a tag: the very same, or what others of its region take, or what others of its language take.
    near(tag) {
      const [language, more] = tag.toLowerCase().replaceAll('_', '-').split('-')
      return tags[language + '_' + more] || tags[language] || labels[language] && language
    },
    speak(lang) {
      sayso.asked = lang
      // Else the page's own language, so that both speak the same, and last the browser's.
      sayso.lang = host.lang = (lang ? [lang] : [doc.documentElement.lang, ...navigator.languages]).map(sayso.near).find(Boolean) || 'en'
      sayso.label = launcher.textContent = data.text || labels[sayso.lang]
    },
    parts: async () => Promise.all([WebAssembly.compileStreaming(fetch(asset('widget.wasm'), { signal })), sayso.told = fetch(asset(sayso.lang + '.json'), { signal }).then(answer => answer.json()), sayso.lang])
  }

  let loading, link
  const part = (name, ...rest) => import(asset(name + '.js')).then(made => made[name](sayso, ...rest))
  const start = outboxOnly => part('panel', outboxOnly)
  // Everything starts at once; the panel shows itself while the rest is still on its way.
  const load = () => loading || ((sayso.ahead = sayso.parts()).catch(() => {}), (loading = start()).catch(() => loading = 0), loading)
  // In the launcher's place when the dialog does not come, or not soon: nobody is left with a button that does nothing.
  const fail = () => {
    link ||= make('a', { part: 'launcher', className: launcher.className, target: '_blank' })
    link.href = `${base}/s/${site}?lang=${sayso.lang}`
    link.textContent = sayso.label
    launcher.replaceWith(link)
    link.focus()
  }
  const ask = async (name, ...rest) => {
    launcher.ariaBusy = true
    const late = setTimeout(fail, 5e3)
    try {
      const panel = await load()
      link?.replaceWith(launcher)
      sayso.paint()
      signal.aborted || panel[name](...rest)
    } catch {
      fail()
    }
    clearTimeout(late)
    launcher.ariaBusy = false
  }
  const topic = name => 'sayso:' + name.replace('sayso:', '')

  const commands = {
    close: () => loading && ask('close'),
    identify(who) {
      sayso.identity = who
      // The draft and the outbox of the previous user go with them.
      if (!who) try {
        for (const kept of ['', ':cases', ':frame', ':replies']) delete localStorage[store + kept]
        indexedDB.deleteDatabase(store)
      } catch {}
      sayso.meet?.()
    },
    set(/** @type {any} */ { context, ...rest } = {}) {
      Object.assign(sayso.context, context)
      Object.assign(sayso, rest)
      sayso.paint()
      if (rest.lang) sayso.speak(rest.lang)
      loading && ask('set', rest)
    },
    on: (name, run) => listen(doc, topic(name), run),
    off: (name, run) => doc.removeEventListener(topic(name), run),
    destroy() {
      life.abort()
      host.remove()
      delete window.Sayso
    }
  }
  'open toggle survey'.split(' ').map(name => commands[name] = ask.bind(0, name))

  // What goes wrong on the page, where its owner wants to know: from now on.
  'errors' in data && part('errors').catch(() => {})
  sayso.speak(data.lang)
  // Once it is complete, which is the least work for the browser.
  attach()
  sayso.paint()
  listen(scheme, 'change', () => sayso.paint())

  // One set of listeners serves the launcher and every element of the page that has data-sayso-open.
  const opener = event => event.composedPath().find(node => node == launcher || node.dataset?.saysoOpen != null)
  listen(doc, 'click', event => {
    const from = opener(event)
    if (from) {
      event.preventDefault()
      commands.open({ kind: from.dataset.saysoOpen }, from)
    }
  })
  listen(doc, 'pointerover focusin', event => {
    attach()
    if (data.preload != 'none' && opener(event)) load()
  })
  // A form in the flow of the page. The browser gives the element's name away once, and this script may come again, so all that an element does is to
  // tell that it has come or gone. Those of before have told somebody else.
  listen(doc, 'sayso:element', ({ detail }) => part('inline', detail, load).catch(() => {}))
  const tell = element => emit('element', element)
  doc.querySelectorAll('sayso-feedback:defined').forEach(tell)
  if (!customElements.get('sayso-feedback')) customElements.define('sayso-feedback', class extends HTMLElement {
    connectedCallback() { tell(this) }
    disconnectedCallback() { tell(this) }
  })
  // The page comes first.
  ;(window.requestIdleCallback || setTimeout)(async () => {
    if (data.preload == 'idle' && !navigator.connection?.saveData) load()
    // An earlier page has left something to be sent, or whoever put the tag here asks whether it works.
    try { (localStorage[store + ':waiting'] || localStorage[store + ':cases'] || /sayso-t/.test(location.href)) && await start(1) } catch {}
  })

  const queue = window.Sayso?.q || []
  window.Sayso = (name, ...rest) => commands[name]?.(...rest)
  queue.map(call => Sayso(...call))
  emit('ready')
})()
