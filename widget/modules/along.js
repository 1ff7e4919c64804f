/*
 * What goes along of the page when somebody sends feedback, item by item, each with a box that leaves it out. The panel asks for it when somebody wants
 * to see it, and where the site wants to know what went wrong on its page.
 *
 * Invariant: what is listed is what is sent, by the same function (`about` of the panel).
 */
const MOST_BYTES = 4096

const css = `#along{flex-basis:100%;margin-top:2px;font-size:14px}
#along summary{width:fit-content;padding:4px 0;color:var(--ink-muted);font-size:13px;cursor:pointer}
#along ul{margin:4px 0 0;border:1px solid var(--line);border-radius:calc(var(--r)*1.25);padding:2px 14px;list-style:none}
#along li+li{border-top:1px solid var(--line)}
#along label{display:flex;gap:10px;padding:7px 0;font-weight:400}
#along input{position:static;flex:none;width:24px;height:24px;margin:0;opacity:1;accent-color:var(--ink)}
#along span{min-width:0;overflow-wrap:anywhere}
#along b{display:block;color:var(--ink-muted);font-weight:400;font-size:13px}
#along input:not(:checked)+span{text-decoration:line-through;color:var(--ink-muted)}`

/** How many bytes a value is as the collector counts them. */
const bytes = text => new Blob([text]).size

/** Gives `draw`, which lists what goes along, and `report`, from which on the errors of the page are among it. */
export const along = async (sayso, details) => {
  const { base, make, listen, signal, omitted, json } = sayso
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
      const theirs = errors.filter(({ who, id }) => (!who || who == identity) && (all || !omitted.has('error ' + id)))
      const kept = []
      for (const { id, at, text, times } of theirs.reverse()) {
        const line = at + ' ' + sayso.mask_all(text) + (times > 1 ? ' ×' + times : '')
        kept.unshift(all ? { id, line } : line)
        if (bytes(json({ ...rest, errors: kept.map(kept => kept.line || kept) })) > MOST_BYTES) {
          kept.shift()
          break
        }
      }
      return kept.length ? kept : undefined
    }
    if (details.open) draw()
  }

  const load = lang => fetch(base + '/assets/__ASSETS_HASH__-companion-' + lang + '.json', { signal }).then(answer => answer.json())
  let words, spoken
  const draw = async () => {
    const { lang } = sayso
    if (spoken != lang) words = await load(lang)
    spoken = lang
    const { reference, locale, page, context: { errors = [], viewport, ...context } } = sayso.about(1)
    const item = (key, name, value) => {
      if (value === undefined) return []
      const box = make('input', { type: 'checkbox', checked: !omitted.has(key) })
      const line = make('span')
      const said = make('bdi', { textContent: typeof value == 'string' ? value : json(value) })
      const label = make('label')
      const li = make('li')
      line.append(make('b', { textContent: name }), said)
      label.append(box, line)
      li.append(label)
      listen(box, 'input', () => {
        omitted[box.checked ? 'delete' : 'add'](key)
        // What was about to be sent again is not what is sent now.
        sayso.app?.attached()
      })
      return li
    }
    const language = locale && new Intl.DisplayNames(lang, { type: 'language' }).of(locale)
    hint.textContent = words.along_hint
    list.ariaLabel = sayso.words.along
    list.replaceChildren(...[
      item('page url', words.along_url, page.url),
      item('page title', words.along_page, page.title),
      item('page referrer', words.along_referrer, page.referrer),
      item('locale', words.along_locale, language),
      item('context viewport', words.along_viewport, viewport),
      item('reference', sayso.words.label_reference, reference),
      ...Object.entries(context).map(([name, value]) => item('context ' + name, name, value)),
      // The newest is what they may mean.
      ...errors.map(({ id, line }) => item('error ' + id, words.along_error, line)).reverse()
    ].flat())
  }
  return { draw, report }
}
