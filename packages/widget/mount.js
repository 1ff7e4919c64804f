import { sayso } from './commands.js'
import { destroy, load } from './load.js'

/** How many components want the widget, and what it was told of their wishes. */
const nothing = { user: null, lang: undefined, theme: 'auto', reference: null, context: {} }
let components = 0
let told = nothing

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other)

/** Tells the widget what is wished otherwise than before. */
function update({ user = null, lang, theme, reference = null, context = {} }) {
  const before = told
  told = { user, lang: lang ?? before.lang, theme: theme ?? 'auto', reference, context }
  if (!same(user, before.user)) sayso('identify', user)
  const changes = {}
  for (const name of ['lang', 'theme', 'reference']) if (!same(told[name], before[name])) changes[name] = told[name]
  if (!same(context, before.context)) {
    // The widget merges, so what is gone has to be said.
    const gone = Object.keys(before.context).map(name => [name, undefined])
    changes.context = { ...Object.fromEntries(gone), ...context }
  }
  if (Object.keys(changes).length) sayso('set', changes)
}

/** Brings the widget for as long as a component is there. */
export function mount(options) {
  let isHere = true
  components += 1
  // The tag says its language and theme itself. It knows nobody yet, so nobody is forgotten, with what they wrote.
  if (load(options)) told = { ...nothing, lang: options.lang, theme: options.theme ?? 'auto' }
  update(options)
  return {
    update,
    unmount() {
      if (!isHere) return
      isHere = false
      components -= 1
      // Not at once: React's strict mode mounts again in the same moment, and so do two pages of which each has the component.
      queueMicrotask(() => components || destroy())
    },
  }
}
