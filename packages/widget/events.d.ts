import type { Kind } from './commands.js'

/** Why something was not accepted; the visitor knows. */
export type ErrorType =
  /** No answer. */
  | 'network'
  /** The collector asks to come back later. */
  | 'busy'
  /** The site does not list this page's origin. */
  | 'origin'
  /** There is no such site. */
  | 'site'
  | 'refused'
  /** The token has expired: identify the visitor with a new one, and it can be sent. */
  | 'identity'
  | 'server'
  /** A field is; the form says which. */
  | 'invalid'

/** The events, each with its `detail`. */
export interface Events {
  /** The widget has come. */
  ready: null
  open: null
  close: null
  /** The collector has stored it. */
  submitted: {
    /** What the customer follows it by. */
    code: string
    status_url: string
    kind: Kind
  }
  /** It could not be sent now and waits in the browser; `submitted` follows. */
  queued: { kind: Kind }
  /** A survey that the page asked for was answered. */
  answered: { survey: string }
  /** It was not accepted. */
  error: {
    /** Of the collector's answer; 0 is none. */
    status: number
    type: ErrorType
  }
}

export type EventName = keyof Events

declare global {
  interface DocumentEventMap {
    'sayso:ready': CustomEvent<Events['ready']>
    'sayso:open': CustomEvent<Events['open']>
    'sayso:close': CustomEvent<Events['close']>
    'sayso:submitted': CustomEvent<Events['submitted']>
    'sayso:queued': CustomEvent<Events['queued']>
    'sayso:answered': CustomEvent<Events['answered']>
    'sayso:error': CustomEvent<Events['error']>
  }
}
