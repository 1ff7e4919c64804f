import type { AllowedComponentProps, ComponentCustomProps, FunctionalComponent, HTMLAttributes, VNodeProps } from 'vue'
import type { EventName, Listener, SaysoFeedbackAttributes } from '@sayso/widget'
import type { SaysoCommands, SaysoProps } from '@sayso/widget/components'

export type {
  Context, ErrorType, EventName, Events, Identity, Kind, Language, Listener, LoadOptions, MountOptions, OpenOptions, SaysoFeedbackAttributes, Settings, Theme,
} from '@sayso/widget'
export type { SaysoCommands, SaysoHandlers, SaysoProps } from '@sayso/widget/components'

/** The widget, for as long as this component is on the page; put it once into App.vue. It shows nothing by itself. */
export declare const Sayso: new () => {
  $props: SaysoProps & VNodeProps & AllowedComponentProps & ComponentCustomProps
}

export type SaysoFeedbackProps = SaysoFeedbackAttributes & Omit<HTMLAttributes, keyof SaysoFeedbackAttributes>

/** The form in the flow of the page. What is in its slot is there until the form is, and where it never comes: a link to the form's page is best. */
export declare const SaysoFeedback: FunctionalComponent<SaysoFeedbackProps>

/** The commands; the same object at every call. */
export declare function useSayso(): SaysoCommands

/** Listens for as long as the component that calls this is on the page. */
export declare function useSaysoEvent<Name extends EventName>(name: Name, listener: Listener<Name>): void
