import type { Context, Identity, Language, Theme } from './commands.js'
import type { LoadOptions } from './load.js'

/** What a component may wish otherwise at any time. */
export interface Wishes {
  /** Who is signed in; `null` or nothing: nobody. When somebody signs out, the widget forgets them. */
  user?: Identity | null | undefined
  lang?: Language | undefined
  theme?: Theme | undefined
  reference?: string | null | undefined
  context?: Context | undefined
}

export type MountOptions = LoadOptions & Wishes

export interface Mounted {
  /** Tells the widget what is wished now; what is the same as before is not said again. */
  update(wishes: Wishes): void
  /** Takes the widget away, if a component brought it and no other one wants it by the end of this moment. */
  unmount(): void
}

/** Brings the widget for as long as a component is on the page. Call it where frameworks run code in browsers only. */
export declare function mount(options: MountOptions): Mounted
