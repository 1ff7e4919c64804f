import { defineComponent, h, onBeforeUnmount, onMounted, watch } from 'vue'
import { mount, on } from '@sayso/widget'
import { commands, EVENTS } from '@sayso/widget/components'

/** The commands; the same object at every call. */
export const useSayso = () => commands

/** Listens for as long as the component that calls this is on the page. */
export function useSaysoEvent(name, listener) {
  // Not before it is mounted, since a server mounts nothing and would listen for ever.
  let end
  onMounted(() => { end = on(name, listener) })
  onBeforeUnmount(() => end?.())
}

const PROPS = {
  ...Object.fromEntries(['url', 'src', 'site', 'nonce', 'integrity', 'lang', 'theme', 'accent', 'position', 'launcher', 'text', 'preload', 'draft', 'reference'].map(name => [name, String])),
  offset: [Number, String],
  errors: Boolean,
  user: [String, Object],
  context: Object,
}

/** The widget, for as long as this component is on the page; put it once into App.vue. */
export const Sayso = defineComponent({
  name: 'Sayso',
  inheritAttrs: false,
  props: PROPS,
  emits: EVENTS,
  setup(props, { emit }) {
    for (const name of EVENTS) useSaysoEvent(name, event => emit(name, event))
    let mounted
    onMounted(() => {
      mounted = mount({ ...props })
      watch(() => [props.url, props.src, props.site], () => {
        mounted.unmount()
        mounted = mount({ ...props })
      })
      // What is inside of the objects may change as well.
      watch(props, () => mounted.update({ ...props }), { deep: true })
    })
    onBeforeUnmount(() => mounted?.unmount())
    return () => null
  },
})

/** The form in the flow of the page. What is in its slot is there until the form is, and where it never comes. */
export const SaysoFeedback = (attributes, { slots }) => h('sayso-feedback', attributes, slots.default?.())
SaysoFeedback.displayName = 'SaysoFeedback'
SaysoFeedback.inheritAttrs = false
