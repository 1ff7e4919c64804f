import type { DetailedHTMLProps, HTMLAttributes, ReactElement } from 'react'
import type { EventName, Listener, SaysoFeedbackAttributes } from '@sayso/widget'
import type { SaysoCommands, SaysoProps } from '@sayso/widget/components'

export type {
  Context, ErrorType, EventName, Events, Identity, Kind, Language, Listener, LoadOptions, MountOptions, OpenOptions, SaysoFeedbackAttributes, Settings, Theme,
} from '@sayso/widget'
export type { SaysoCommands, SaysoHandlers, SaysoProps } from '@sayso/widget/components'

/** The widget, for as long as this component is on the page; put it once near the root. It shows nothing by itself. */
export declare function Sayso(props: SaysoProps): null

export type SaysoFeedbackProps = SaysoFeedbackAttributes & Omit<HTMLAttributes<HTMLElement>, keyof SaysoFeedbackAttributes>

/** The form in the flow of the page. Its children are there until the form is, and where it never comes: a link to the form's page is best. */
export declare function SaysoFeedback(props: SaysoFeedbackProps): ReactElement

/** The commands; the same object at every call, so that it need not be among an effect's dependencies. */
export declare function useSayso(): SaysoCommands

/** Listens for as long as the component is there. */
export declare function useSaysoEvent<Name extends EventName>(name: Name, listener: Listener<Name> | undefined): void

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'sayso-feedback': SaysoFeedbackAttributes
        & Omit<DetailedHTMLProps<HTMLAttributes<HTMLElement>, HTMLElement>, keyof SaysoFeedbackAttributes>
        & { class?: string | undefined }
    }
  }
}
