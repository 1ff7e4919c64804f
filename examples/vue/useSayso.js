import { onMounted, onUnmounted, toValue, watch } from 'vue'
import { loadSayso, removeSayso, sayso } from '../javascript/sayso.js'

/**
 * The widget, for as long as the component that calls this is on the page; call it once, in App.vue.
 * `user` and `lang` may be refs. Gives the function that speaks to the widget.
 */
export function useSayso(collector, site, { user = null, lang, attributes } = {}) {
  onMounted(() => {
    loadSayso(collector, site, attributes)
    watch(() => toValue(user), (now, before) => {
      // When somebody signs out, the widget forgets them, with their draft.
      if (now || before) sayso('identify', now)
    }, { immediate: true })
    watch(() => toValue(lang), now => now && sayso('set', { lang: now }), { immediate: true })
  })
  onUnmounted(removeSayso)
  return sayso
}
