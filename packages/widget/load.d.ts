import type { Language, Theme } from './commands.js'

/** Where the widget comes from: one of the two. */
type Source =
  | {
      /** The collector's address, such as `https://feedback.example.com`. */
      url: string
      src?: string | undefined
    }
  | {
      /** The script itself, where it is not `/sayso.js` of the collector: a pinned version, as `sayso site snippet KEY --pinned` prints it. */
      src: string
      url?: string | undefined
    }

/** The attributes of the tag; what is left out is as the site has it. */
interface TagAttributes {
  /** The key of your site. */
  site: string
  /** For pages whose policy wants one. */
  nonce?: string | undefined
  /** The hash of a pinned version, which `src` then names. */
  integrity?: string | undefined
  /** Else the page's own language, else the browser's. */
  lang?: Language | undefined
  theme?: Theme | undefined
  /** A CSS colour. */
  accent?: string | undefined
  position?: 'right' | 'left' | undefined
  /** Pixels from the edges, usually 20. */
  offset?: number | `${number}` | undefined
  /** `none` where your own elements open the form. */
  launcher?: 'bubble' | 'tab' | 'text' | 'none' | undefined
  /** What the launcher says. */
  text?: string | undefined
  /** When the form is fetched. */
  preload?: 'hover' | 'idle' | 'none' | undefined
  /** For devices that many people use: nothing stays in the browser. */
  draft?: 'off' | undefined
  /** Notes errors of the page, for sites with `page_errors=true`. */
  errors?: boolean | undefined
}

export type LoadOptions = Source & TagAttributes

/**
 * Brings the widget, once for a page: a tag that is there already, be it in the page's HTML, counts, unless it is for another site or from another
 * collector, which is taken away. On servers it does nothing. Says whether this call brought a tag.
 */
export declare function load(options: LoadOptions): boolean

/** Takes the widget and its tag away; `load()` may bring them again. */
export declare function destroy(): void
