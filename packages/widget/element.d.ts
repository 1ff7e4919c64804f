import type { Kind, Language, SaysoFunction, Theme } from './commands.js'

/** The attributes of `<sayso-feedback>`, the form in the flow of the page. */
export interface SaysoFeedbackAttributes {
  /** The key of the site; may be left out. A page has one site, that of its tag. */
  site?: string | undefined
  /** Chosen when the form comes. */
  kind?: Kind | undefined
  /** The key of a category, chosen when the form comes. */
  category?: string | undefined
  /** There is one form on a page, so this holds for the launcher too. */
  lang?: Language | undefined
  /** As `lang`, for all of the widget. */
  theme?: Theme | undefined
}

declare global {
  interface Window {
    /** The widget's function, or until it has come the queue of calls. */
    Sayso?: (SaysoFunction & { q?: unknown[] }) | undefined
  }

  interface HTMLElementTagNameMap {
    'sayso-feedback': HTMLElement
  }
}
