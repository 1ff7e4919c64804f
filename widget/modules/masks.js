// @ts-check
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
  // What stops here stops nothing else: the collector hides the same.
  const safely = name => text => {
    try {
      return wasm_bindgen[name](text)
    } catch {
      return text
    }
  }
  // What is no words of the customer's, for which they can't insist.
  sayso.mask_all = safely('mask')
  // A number that tells one thing from others, of which only cards are hidden.
  sayso.mask_number = safely('mask_cards')
  sayso.mask = text => sayso[sayso.insists ? 'mask_number' : 'mask_all'](text)
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
  return async (text, target) => {
    const hidden = wasm_bindgen.hidden(text)
    // In a screen in place of the form it stands below the field, and what is insisted on there is for there.
    const place = sayso.away ? target?.closest('.field') : attach
    if (place && !place.contains(note)) {
      shown = 0
      sayso.insists = false
      place[sayso.away ? 'append' : 'prepend'](note)
    }
    const mine = hidden + sayso.lang
    if (shown == mine) return
    shown = mine
    const keys = hidden.split(' ')
    const words = hidden && await sayso.texts('companion-')
    // Somebody may have typed on meanwhile.
    if (shown != mine) return
    note.hidden = !hidden
    // What is hidden in any case leaves no choice, and of a rating everything is.
    label.hidden = keys.every(key => key == 'mask_card') || target?.id == 'rate-comment'
    insist.checked = sayso.insists
    if (hidden) said.replaceChildren(...keys.map(key => make('p', { textContent: words[key] })))
    wish.textContent = words.mask_insist
  }
}
