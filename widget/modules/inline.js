// @ts-check
/*
 * The form in the flow of the page, where that has <sayso-feedback>. There is one form, so of several elements one has it: the first that is about to be
 * seen. The others have a button that leads there, as the launcher then does. Where the element goes for good, the form is in the dialog again.
 *
 * Invariant: nothing here takes the focus or scrolls, unless somebody has asked for the form.
 */
const AHEAD = '600px'

// For the element itself; all that the page says of it counts for more.
const outside = ':host(:not([hidden])){display:block}'
const inside = `#panel.flow{position:relative;inset:auto;z-index:auto;width:100%;max-width:720px;max-height:none;border:1px solid #8885;border-radius:min(2*var(--r),28px);box-shadow:none;animation:none;container-type:inline-size}
.flow #close,.flow iframe+span{display:none}
.flow .top{padding-inline-end:24px}
.flow #early h2,.flow #early h2:after{margin-inline-end:0}
.flow #body,.flow .scroll{overscroll-behavior:auto}
.launcher.flow{position:static;font-size:16px;box-shadow:none}
@container(max-width:400px){.kinds{grid-template-columns:1fr 1fr;grid-auto-flow:row}}
@container(max-width:300px){.top,.scroll,.bottom,#early{padding-inline:14px}}`

const flow = (sayso, load) => {
  const { base, site, host, launcher, data, signal, make, listen } = sayso
  const { shadowRoot } = host
  // The elements on the page, those that are about to be seen, and what is in each.
  const here = new Set
  const near = new Set
  const parts = new WeakMap
  const begun = new WeakSet
  let current, loading, failed, sheet

  const style = (root, css) => {
    try {
      const made = new CSSStyleSheet
      made.replaceSync(css)
      root.adoptedStyleSheets.push(made)
    } catch {
      root.append(make('style', { textContent: css, nonce: data.nonce || /** @type {HTMLElement} */ (document.querySelector('script[data-site][nonce]'))?.nonce }))
    }
  }
  // The looks of the form are those of the dialog, whose sheets both have, and a few rules more.
  const dress = root => {
    try {
      if (!sheet) (sheet = new CSSStyleSheet).replaceSync(inside)
      root.adoptedStyleSheets = [...shadowRoot.adoptedStyleSheets, sheet]
    } catch {
      const old = root.querySelectorAll('style')
      for (const { nonce, sheet: { cssRules } } of shadowRoot.querySelectorAll('style')) {
        root.append(make('style', { nonce, textContent: [...cssRules].map(rule => rule.cssText).join('') }))
      }
      style(root, inside)
      for (const node of old) node.remove()
    }
  }

  const build = element => {
    const root = element.shadowRoot || element.attachShadow({ mode: 'open' })
    // What the page has put into the element is there until the form is, and where it never comes, or else a link.
    const slot = make('slot')
    const link = make('a', { target: '_blank', rel: 'noopener', hidden: true })
    // It keeps the page's looks out as the launcher's element does.
    const box = make('div', { hidden: true })
    const section = make('section', { id: 'panel', className: 'flow', tabIndex: -1 })
    const button = make('button', { type: 'button', className: 'launcher flow', hidden: true })
    section.setAttribute('part', 'panel')
    section.setAttribute('role', 'region')
    box.setAttribute('exportparts', 'panel')
    slot.append(link)
    root.replaceChildren(slot, box)
    root.adoptedStyleSheets &&= []
    style(root, outside)
    const own = box.attachShadow({ mode: 'open' })
    dress(own)
    own.append(button)
    listen(button, 'click', event => {
      // Else whoever listens on the page would take it for their own.
      event.stopPropagation()
      lead()
      if (current == element || !current) return
      const { section } = parts.get(current)
      section.focus({ preventScroll: true })
    })
    // Shortcuts that hear keys on their way down leave alone whoever is writing.
    Object.defineProperty(element, 'isContentEditable', { configurable: true, get: () => element == current })
    return { slot, link, box, section, button, root: own }
  }

  const draw = () => {
    for (const element of here) {
      const { slot, link, box, section, button, root } = parts.get(element)
      const has = element == current
      slot.hidden = box.hidden = false
      if (current) slot.hidden = true
      else box.hidden = true
      link.hidden = !failed
      link.href = `${base}/s/${site}?lang=${sayso.lang}`
      button.hidden = has
      link.textContent = button.textContent = sayso.label
      box.lang = sayso.lang
      if (has) root.append(section)
      else section.remove()
      dress(root)
    }
    launcher.ariaHasPopup = current ? null : 'dialog'
  }
  const isSeen = element => element?.isConnected && element.getClientRects()[0]
  /** The first of some in the page's order that is no hidden part of it; browsers tell of them in any. */
  const first = elements => [...elements].filter(isSeen).sort((one, other) => one.compareDocumentPosition(other) & 4 ? -1 : 1)[0]
  /** Moves the form into an element, or back into the dialog; false where somebody is in that. */
  const put = element => {
    if (element == current) return true
    const made = parts.get(element)
    // It can be drawn in what is on the page only.
    if (made) made.root.append(made.section)
    if (!sayso.place(made?.section, made?.root)) return
    current = element
    draw()
    return true
  }
  const wish = element => ({ kind: element.getAttribute('kind'), category: element.getAttribute('category') })
  const speak = element => {
    const { lang } = element
    const theme = element.getAttribute('theme')
    if (theme) sayso.theme = theme
    if (lang) sayso.speak(lang)
    return { lang, theme }
  }

  /** The first that is near has the form, until it goes. */
  const choose = async () => {
    if (current?.isConnected) return
    let next = first(near)
    // It goes back into the dialog, and may be opened there.
    if (current && !next && sayso.place) put()
    if (!next) return
    try {
      const set = begun.has(next) ? 0 : speak(next)
      loading ||= load()
      const panel = await loading
      if (signal.aborted || current?.isConnected) return
      next = isSeen(next) ? next : first(near)
      if (!next || !put(next)) return
      failed = 0
      if (set) panel.set(set)
      // Thanks stay until they have been read.
      if (!begun.has(next) && !sayso.pane.querySelector('#thanks')) panel.begin(wish(next))
      begun.add(next)
    } catch {
      loading = 0
      failed = 1
      draw()
    }
  }
  /** Somebody wants the form: they are led to where it is. */
  const lead = () => {
    const element = isSeen(current) ? current : first(here)
    if (put(element) && element) {
      begun.add(element)
      element.scrollIntoView()
    }
  }
  sayso.lead = lead

  const watch = new IntersectionObserver(entries => {
    for (const { target, isIntersecting } of entries) near[isIntersecting ? 'add' : 'delete'](target)
    choose()
  }, { rootMargin: AHEAD })

  // Colours, words and sheets that come later.
  const { style: add, speak: say } = sayso
  sayso.style = css => {
    const made = add(css)
    for (const element of here) dress(parts.get(element).root)
    return made
  }
  sayso.speak = lang => {
    say(lang)
    draw()
  }
  // What is open stays where it is; it may come once it is closed.
  listen(document, 'sayso:close', choose)
  signal.addEventListener('abort', () => {
    watch.disconnect()
    current = undefined
    for (const element of here) {
      const { slot, box } = parts.get(element)
      box.remove()
      slot.hidden = false
    }
  })

  return element => {
    if (!element.isConnected) {
      here.delete(element)
      near.delete(element)
      watch.unobserve(element)
    } else {
      const wanted = element.getAttribute('site')
      if (wanted && wanted != site) return console.warn(`Sayso: <sayso-feedback site="${wanted}"> stays empty, since the script tag of this page is for the site "${site}", and a page has one site.`)
      if (!parts.has(element)) parts.set(element, build(element))
      here.add(element)
      watch.observe(element)
    }
    draw()
    choose()
  }
}

/** An element has come to the page, or gone from it. */
export const inline = (sayso, element, load) => {
  if (sayso.signal.aborted) return
  sayso.flow ||= flow(sayso, load)
  sayso.flow(element)
}
