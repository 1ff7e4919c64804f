/** What the components of frameworks offer: every command but the one that takes the widget away, which the component does. */
import { close, identify, off, on, open, set, survey, toggle } from './commands.js'

export const commands = { open, close, toggle, survey, identify, set, on, off }

/** The names of the events that components hand on. */
export const EVENTS = ['ready', 'open', 'close', 'submitted', 'queued', 'answered', 'error']
