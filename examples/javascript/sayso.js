/*
 * Sayso for pages that are made by script and not bundled; those that are have the package @sayso/widget.
 *
 *   loadSayso('https://feedback.example.com', 'acme', { lang: 'en', position: 'left' })
 *   sayso('identify', token)
 */

const TAG = 'script[src$="/sayso.js"]'

/** Speaks to the widget, also before it has come, and on servers to nobody. */
export function sayso(...call) {
  if (typeof window === 'undefined') return
  // The same line as in a page: it keeps calls until the widget works them off in their order.
  window.Sayso ||= function () { (window.Sayso.q ||= []).push(arguments) }
  window.Sayso(...call)
}

/** Brings the tag, once for a page; `attributes` are those of the tag without `data-`. */
export function loadSayso(collector, site, attributes = {}) {
  if (document.querySelector(TAG)) return
  const tag = document.createElement('script')
  tag.src = collector + '/sayso.js'
  tag.async = true
  Object.assign(tag.dataset, attributes, { site })
  document.head.append(tag)
}

/** Takes the widget and its tag away again, for instance when somebody signs out of an application. */
export function removeSayso() {
  const tag = document.querySelector(TAG)
  // A tag that is still on its way does nothing without its site.
  tag?.removeAttribute('data-site')
  tag?.remove()
  window.Sayso?.('destroy')
  delete window.Sayso
}
