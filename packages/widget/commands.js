import { destroy } from './load.js'
import { queue } from './queue.js'

/** Speaks to the widget, also before it has come, and on servers to nobody. */
export function sayso(command, ...rest) {
  if (typeof window === 'undefined') return
  // The widget's own command leaves the tag, beside which a later `load()` would do nothing.
  if (command === 'destroy') return destroy()
  queue()(command, ...rest)
}

export const open = wish => sayso('open', wish)
export const close = () => sayso('close')
export const toggle = () => sayso('toggle')
export const survey = key => sayso('survey', key)
export const identify = who => sayso('identify', who)
// What is undefined was not meant: the widget would take it for a value.
export const set = changes => sayso('set', Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)))

const topic = name => 'sayso:' + name.replace('sayso:', '')

/*
 * They are events of the document, so these two need no widget, and what listens goes on after `destroy()` and another `load()`. Components, which
 * may be mounted again at any time, count on that.
 */
export function on(name, listener) {
  if (typeof document === 'undefined') return () => {}
  document.addEventListener(topic(name), listener)
  return () => off(name, listener)
}

export function off(name, listener) {
  if (typeof document !== 'undefined') document.removeEventListener(topic(name), listener)
}
