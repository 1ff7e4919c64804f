// @ts-check
/*
 * What goes along of the page when somebody sends feedback, item by item, each with a box that leaves it out. The panel asks for it when somebody wants
 * to see it, and where the site wants to know what went wrong on its page.
 *
 * Invariant: what is listed is what is sent, by the same function (`about` of the panel).
 */
const MOST_BYTES = 4096

const css = `#along ul{margin:4px 0 0;border:1px solid var(--line);border-radius:calc(var(--r)*1.25);padding:2px 14px;list-style:none}
#along li+li{border-top:1px solid var(--line)}
#along label{display:flex;gap:10px;padding:7px 0;font-weight:400}
#along input{position:static;flex:none;width:24px;height:24px;margin:0;opacity:1;accent-color:var(--ink)}
#along span{min-width:0;overflow-wrap:anywhere}
#along b{display:block;color:var(--ink-muted);font-weight:400;font-size:13px}
#along input:not(:checked)+span{text-decoration:line-through;color:var(--ink-muted)}`

/** How many bytes a value is as the collector counts them. */
const bytes = text => new Blob([text]).size

/** Whom a token names. */
const named = ({ name, email, sub }) => [name, email].filter(Boolean).join(', ') || sub || '?'

/** Gives `draw`, which lists what goes along, and `report`, from which on the errors of the page are among it. */
export const along = async (sayso, details) => {
  const { make, listen, omitted, json } = sayso
  const list = make('ul')
  const hint = make('p', { className: 'hint' })
  sayso.style(css)
  details.append(hint, list)
  // What has to be hidden is so before it is shown.
  await sayso.masks().catch(() => {})

  const report = () => {
    if (!sayso.mask_all) return
    /** The errors for which there is room beside the rest, the newest first to be taken in; of somebody else nothing. */
    sayso.reported = (rest, all) => {
      const { errors, identity } = sayso
      let kept = []
      for (const { id, at, text, times, who } of [...errors].reverse()) {
        if (who && who != identity) continue
        const more = [{ id, line: at + ' ' + sayso.mask_all(text) + (times > 1 ? ' ×' + times : '') }, ...kept]
        if (bytes(json({ ...rest, errors: more.map(({ line }) => line) })) > MOST_BYTES) break
        kept = more
      }
      // What is taken out makes no room for what was not listed.
      if (!all) kept = kept.filter(({ id }) => !omitted.has('error ' + id)).map(({ line }) => line)
      return kept.length ? kept : undefined
    }
    // What comes while somebody looks has to be seen as well.
    sayso.noticed = sayso.relist
    sayso.relist()
  }

  const items = new Map
  let words, spoken
  const build = key => {
    const box = make('input', { type: 'checkbox' })
    const line = make('span')
    const label = make('label')
    const item = { li: make('li'), name: make('b'), said: make('bdi'), box }
    line.append(item.name, item.said)
    label.append(box, line)
    item.li.append(label)
    items.set(key, item)
    listen(box, 'input', () => {
      omitted[box.checked ? 'delete' : 'add'](key)
      // What was about to be sent again is not what is sent now.
      sayso.app?.attached()
    })
    return item
  }
  const draw = async () => {
    const { lang } = sayso
    if (spoken != lang) words = await sayso.texts('companion-')
    spoken = lang
    const { identity } = sayso
    const { reference, locale, page, context: { errors, viewport, ...context } } = sayso.about(1)
    // A page may call something of its own by that name.
    const noted = errors?.[0]?.line ? errors : []
    if (!noted.length && errors) context.errors = errors
    const wanted = [
      ['identity', words.along_identity, typeof identity == 'string' ? named(sayso.claims(identity)) : undefined],
      ['page url', words.along_url, page.url],
      ['page title', words.along_page, page.title],
      ['page referrer', words.along_referrer, page.referrer],
      ['locale', words.along_locale, locale && new Intl.DisplayNames(lang, { type: 'language' }).of(locale)],
      ['context viewport', words.along_viewport, viewport],
      ['reference', sayso.words.label_reference, reference],
      ...Object.entries(context).map(([name, value]) => ['context ' + name, name, value]),
      // The newest is what they may mean.
      ...noted.map(({ id, line }) => ['error ' + id, words.along_error, line]).reverse()
    ].filter(([,, value]) => value !== undefined)
    hint.textContent = words.along_hint
    list.ariaLabel = sayso.words.along
    // What is there stays where it is, since somebody may have the focus in it.
    const { children } = list
    wanted.forEach(([key, text, value], index) => {
      const { li, name, said, box } = items.get(key) || build(key)
      name.textContent = text
      said.textContent = typeof value == 'string' ? value : json(value)
      box.checked = !omitted.has(key)
      if (children[index] != li) list.insertBefore(li, children[index] || null)
    })
    while (children[wanted.length]) list.lastChild.remove()
  }
  // The page may say something else, or in another language, while somebody looks.
  sayso.relist = () => details.open && draw().catch(() => {})
  return { draw, report }
}
