import type { close, identify, Listener, off, on, open, set, survey, toggle } from './commands.js'
import type { EventName } from './events.js'
import type { MountOptions } from './mount.js'

/** What a component may ask of the widget. */
export interface SaysoCommands {
  open: typeof open
  close: typeof close
  toggle: typeof toggle
  survey: typeof survey
  identify: typeof identify
  set: typeof set
  on: typeof on
  off: typeof off
}

/** A listener for each event: `onSubmitted` and its like, in Vue `@submitted`. */
export type SaysoHandlers = { [Name in EventName as `on${Capitalize<Name>}`]?: Listener<Name> | undefined }

/** What the component takes that brings the widget. */
export type SaysoProps = MountOptions & SaysoHandlers

/** The commands; always the same object. */
export declare const commands: SaysoCommands

/** The names of all events. */
export declare const EVENTS: readonly EventName[]
