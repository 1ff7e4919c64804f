import { sayso } from './commands.js'
import { destroy, load } from './load.js'

/** What a widget knows that nobody has told anything. */
const nothing = { user: null, theme: 'auto', reference: null, context: {} }
/** How many components want the widget, whether one of them brought it, and what it was told of their wishes. */
let components = 0
let brought = false
let told = nothing

// A copy, since what components have may change within.
const copy = wishes => JSON.parse(JSON.stringify(wishes))
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other)

/** Tells the widget what is wished otherwise than before. */
function update({ user = null, lang, theme, reference = null, context = {} }) {
  const before = told
  told = copy({ user, lang: lang ?? before.lang, theme: theme ?? 'auto', reference, context })
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
  if (load(options)) {
    brought = true
    told = { ...nothing, lang: options.lang, theme: options.theme ?? 'auto' }
  }
  update(options)
  return {
    update,
    unmount() {
      if (!isHere) return
      isHere = false
      components -= 1
      // Not at once: React's strict mode mounts again in the same moment, and so do two pages of which each has the component.
      queueMicrotask(() => {
        // A tag of the page's own HTML stays.
        if (components || !brought) return
        brought = false
        destroy()
      })
    },
  }
}
