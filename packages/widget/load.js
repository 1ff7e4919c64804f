import { queue } from './queue.js'

/** The tag, whoever brought it; that of a pinned version ends with the same name. */
const find = () => document.querySelector('script[data-site][src*="sayso.js"]')

const ATTRIBUTES = ['lang', 'theme', 'accent', 'position', 'offset', 'launcher', 'text', 'preload', 'draft', 'errors', 'nonce']

/** Pages that require trusted types take a script's address from a policy alone, which theirs has to name: `trusted-types sayso`. */
let policy
const trusted = src => {
  try {
    policy ||= window.trustedTypes.createPolicy('sayso', { createScriptURL: address => address })
    return policy.createScriptURL(src)
  } catch {
    // There are none, or the page's own policy may refuse ours and yet take the address as it is.
    return src
  }
}

/** Brings the widget, once for a page, and says whether this call did. */
export function load(options) {
  const { url, site, nonce, integrity } = options
  const src = options.src ?? (url && url.replace(/\/+$/, '') + '/sayso.js')
  if (!src || !site) throw new TypeError('Sayso: load() needs the address of the collector (url, or src for the script itself) and the key of the site (site)')
  if (typeof document === 'undefined') return false
  const there = find()
  // A page has one widget. Whoever asks for another site, or for another collector, gets that one in its place.
  if (there?.dataset.site === site && new URL(there.src).origin === new URL(src, location.href).origin) return false
  if (there) destroy()

  const tag = document.createElement('script')
  tag.async = true
  try {
    tag.src = trusted(src)
  } catch (error) {
    // An application goes on without the widget.
    console.error('Sayso: the page requires trusted types, and its policy does not name ours (trusted-types sayso)', error)
    return false
  }
  if (nonce) tag.nonce = nonce
  if (integrity) {
    tag.integrity = integrity
    // Without it browsers refuse to check a script from elsewhere.
    tag.crossOrigin = 'anonymous'
  }
  tag.dataset.site = site
  for (const name of ATTRIBUTES) {
    const value = options[name]
    // Some count by being there, whatever they say.
    if (value != null && value !== false) tag.dataset[name] = value === true ? '' : value
  }
  // What did not come, for want of a network or because something blocks it, may be asked for again.
  tag.addEventListener('error', () => tag.remove())
  queue()
  document.head.append(tag)
  return true
}

/** Takes the widget and its tag away; `load()` may bring them again. */
export function destroy() {
  if (typeof document === 'undefined') return
  const tag = find()
  // A tag that is still on its way does nothing without its site.
  tag?.removeAttribute('data-site')
  tag?.remove()
  window.Sayso?.('destroy')
  delete window.Sayso
}
