/*
 * Brings the second module: files, the screenshot's editor, the customer's cases, and answers before somebody asks. The panel fetches it when
 * somebody is about to use one of them.
 *
 * Invariant: where it does not come, or stops, there is a sentence in its place, and the form goes on as it was.
 */
import { upload } from './__MODULE_upload__'
// What binds the module to the browser, as wasm-bindgen makes it: one function, wasm_bindgen.
__COMPANION_GLUE__

/** Starts the module, and gives what the panel can ask of it. */
export const companion = async sayso => {
  const { base, pane, body, make, signal, launcher } = sayso
  const asset = name => base + '/assets/__ASSETS_HASH__-' + name
  // With those of the form, which are the same words for kinds and codes.
  const words = async () => ({ ...await fetch(asset('companion-' + sayso.lang + '.json'), { signal }).then(answer => answer.json()), ...sayso.words })
  // Where a screen is shown in place of the form.
  const box = make('div', { id: 'more', hidden: true })
  const helped = make('div', { id: 'answers' })
  const texts = await Promise.all([words(), WebAssembly.compileStreaming(fetch(asset('companion.wasm'), { signal })).then(wasm_bindgen)]).then(([texts]) => texts)
  if (signal.aborted) throw 0
  const away = to => {
    sayso.away = to
    body.hidden = to
    box.hidden = !to
  }

  // What the screens know of the page: what the form knows, and a few things more.
  const host = Object.assign(Object.create(sayso), {
    words: texts,
    count(key, number) {
      const text = host.words[key + '_' + new Intl.PluralRules(sayso.lang).select(number)] ?? host.words[key + '_other'] ?? key
      return text.replace('{count}', sayso.number(number))
    },
    ...upload(sayso),
    find: selector => pane.querySelector(selector),
    focus: selector => pane.querySelector(selector)?.focus(),
    veil: hidden => pane.parentNode.hidden = launcher.hidden = hidden,
    home() {
      if (!sayso.away) return
      const inside = box.contains(sayso.root.activeElement)
      away(false)
      wasm_bindgen.hide_cases()
      if (inside) sayso.focus('h2')
    },
    helped: key => fetch(sayso.api + '/answers/' + key + '/helped', { method: 'POST', credentials: 'omit', signal }).catch(() => {}),
    seen: () => sayso.badge?.()
  })
  wasm_bindgen.begin(host)
  body.after(box)
  sayso.attach.prepend(helped)
  sayso.home = host.home
  // Whatever happens later than a call of ours the panel hears of, and knows by its name.
  sayso.lost = () => {
    away(false)
    sayso.files = []
    sayso.list.replaceChildren()
    sayso.trouble(host.words.lost)
  }
  sayso.respeak = async () => {
    host.words = await words()
    wasm_bindgen.speak(host)
  }
  signal.addEventListener('abort', () => wasm_bindgen.unmount())

  wasm_bindgen.list_files(sayso.list, host, files => {
    sayso.files = files
    sayso.app?.attached()
  })
  return {
    attach: files => wasm_bindgen.add_files([...files]),
    clear: () => wasm_bindgen.clear_files(),
    /** A picture of the page; the editor comes in place of the form, and the form with its new file after it. */
    shoot: () => wasm_bindgen.take_picture(box, host, () => away(true), why => {
      away(false)
      sayso.trouble(why)
      sayso.focus(sayso.files?.length && !why ? '.files .remove' : '#shot')
    }),
    mine() {
      away(true)
      wasm_bindgen.show_cases(box, host)
    },
    answers: json => wasm_bindgen.show_answers(helped, host, json),
    meet: () => wasm_bindgen.meet()
  }
}
