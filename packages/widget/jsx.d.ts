import type { SaysoFeedbackAttributes } from './element.js'

/** For JSX that reads the global namespace. `@sayso/react` and `@sayso/vue` say it for theirs. */
declare global {
  namespace JSX {
    interface IntrinsicElements {
      'sayso-feedback': SaysoFeedbackAttributes & { class?: string; id?: string; style?: string; children?: unknown }
    }
  }
}
