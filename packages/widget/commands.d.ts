import type { EventName, Events } from './events.js'

/** What somebody has to say. */
export type Kind = 'complaint' | 'suggestion' | 'question' | 'praise'

export type Theme = 'auto' | 'light' | 'dark'

/** A language of the widget; another tag takes the nearest one, and English where there is none. */
export type Language = 'en' | 'zh-Hans' | 'zh-Hant' | 'ja' | 'ko' | 'es' | 'pt-BR' | 'fr' | 'de' | 'ru' | 'ar' | 'hi' | (string & {})

/** What the form begins with; never overwrites what the visitor has typed. */
export interface OpenOptions {
  kind?: Kind | undefined
  /** The key of a category of the site. */
  category?: string | undefined
  message?: string | undefined
}

/** A token that your server signed, which makes the customer a verified one; or what the contact is filled in with. */
export type Identity = string | { name?: string | undefined; email?: string | undefined }

/** Anything that becomes JSON, up to 4 KiB. */
export type Context = Record<string, unknown>

/** What may change while the page is open; what is not named stays. */
export interface Settings {
  lang?: Language | undefined
  theme?: Theme | undefined
  /** An order, a contract, a ticket: goes with what is sent. */
  reference?: string | null | undefined
  /** Merged with what was there, and sent along. */
  context?: Context | undefined
}

/** The commands, with what each takes. */
export interface Commands {
  /** Opens the form. */
  open: [wish?: OpenOptions]
  close: []
  toggle: []
  /** Shows a survey of the site in a dialog of its own. */
  survey: [key: string]
  /** Says who it is; `null` forgets them, with their words, files and codes. */
  identify: [who: Identity | null]
  /** Changes what is named; a value that is `undefined` is left out by the function `set` alone. */
  set: [changes: Settings]
  on: [event: EventName | `sayso:${EventName}`, listener: (event: never) => void]
  off: [event: EventName | `sayso:${EventName}`, listener: (event: never) => void]
  /** Takes everything away. */
  destroy: []
}

export type Listener<Name extends EventName> = (event: CustomEvent<Events[Name]>) => void

/** The queue API: a command, and what it takes. */
export interface SaysoFunction {
  <Name extends EventName>(command: 'on' | 'off', event: Name | `sayso:${Name}`, listener: Listener<Name>): void
  <Command extends Exclude<keyof Commands, 'on' | 'off'>>(command: Command, ...rest: Commands[Command]): void
}

/** Speaks to the widget, also before it has come: calls are kept and worked off in their order. On servers it does nothing. */
export declare const sayso: SaysoFunction

/** Opens the form. */
export declare function open(wish?: OpenOptions): void

/** Closes the dialog. */
export declare function close(): void

/** Opens the dialog, or closes it. */
export declare function toggle(): void

/** Shows a survey of the site in a dialog of its own; when and to whom is up to the page. */
export declare function survey(key: string): void

/** Says who it is. `null` forgets who it was, with their words, files, draft and codes: call it when somebody signs out. */
export declare function identify(who: Identity | null): void

/** Changes what is named. */
export declare function set(changes: Settings): void

/** Listens, before and after the widget has come; the function that it gives ends that. */
export declare function on<Name extends EventName>(event: Name | `sayso:${Name}`, listener: Listener<Name>): () => void

export declare function off<Name extends EventName>(event: Name | `sayso:${Name}`, listener: Listener<Name>): void
