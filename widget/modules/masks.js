/*
 * Shows what is hidden of what somebody types, before it leaves: card, identity and account numbers, and secrets in addresses. Fetched once
 * something is typed that looks like one.
 */
// What binds the module that knows them to the browser, as wasm-bindgen makes it: one function, wasm_bindgen.
__MASKS_GLUE__

/** Gives the function that hears of every change of the text. From then on `sayso.mask` is there for whatever is about to leave. */
export const masks = async sayso => {
  const { base, attach, make, listen, signal } = sayso
  const asset = name => base + '/assets/__ASSETS_HASH__-' + name
  await WebAssembly.compileStreaming(fetch(asset('masks.wasm'), { signal })).then(wasm_bindgen)
  sayso.mask = text => wasm_bindgen[sayso.insists ? 'mask_cards' : 'mask'](text)
  // What is no words of the customer's, for which they can't insist.
  sayso.mask_all = text => wasm_bindgen.mask(text)
  const note = make('div', { id: 'masks', hidden: true })
  const said = make('div')
  const label = make('label', { className: 'consent' })
  const insist = make('input', { type: 'checkbox', id: 'keep-unmasked' })
  const wish = make('span')
  said.setAttribute('role', 'status')
  label.append(insist, wish)
  note.append(said, label)
  attach.prepend(note)
  listen(insist, 'input', () => sayso.insists = insist.checked)
  let shown
  return async text => {
    const hidden = wasm_bindgen.hidden(text)
    const mine = hidden + sayso.lang
    if (shown == mine) return
    shown = mine
    const keys = hidden.split(' ')
    const words = hidden && await fetch(asset('companion-' + sayso.lang + '.json'), { signal }).then(answer => answer.json())
    // Somebody may have typed on meanwhile.
    if (shown != mine) return
    note.hidden = !hidden
    // What is hidden in any case leaves no choice.
    label.hidden = keys.every(key => key == 'mask_card')
    insist.checked = sayso.insists
    if (hidden) said.replaceChildren(...keys.map(key => make('p', { textContent: words[key] })))
    wish.textContent = words.mask_insist
  }
}
