// @ts-check
/*
 * What the customer sees of the outbox: a number on the launcher, a line below the form, and in place of the form the texts themselves
 * with what can be done about them.
 */
const SECOND = 1000

// The form's own styles, which count for more, come with the module; the first rules are for pages that refuse it.
const css = `
:where(#panel){--line:#8886;--focus:#1a5fb4;--kind-suggestion:#a87a1c;--danger:#d0464f;--ok:#3f8a52}
:where(#outbox .top,#outbox .bottom){padding:16px 24px}
:where(#outbox .top){padding-inline-end:60px}
:where(#outbox p){margin:0}
:where(#outbox .ways){display:flex;flex-wrap:wrap;gap:2px 18px}
:where(#outbox button){min-height:28px;border:0;padding:2px 0;background:none;color:inherit;font:inherit;text-decoration:underline;cursor:pointer}
:where(#outbox .primary){width:100%;border-radius:10px;padding:12px 24px;background:var(--a);color:var(--t);text-decoration:none}
.launcher[data-waiting]:after{content:attr(data-waiting);position:absolute;inset:-8px -4px auto auto;box-sizing:border-box;min-width:24px;height:24px;border:2px solid #fff;border-radius:12px;padding:0 5px;background:#a8222f;color:#fff;font:700 12px/20px system-ui;text-align:center;writing-mode:horizontal-tb}
.launcher[data-state=sent]:after{background:#2a6339}
#outbox{display:flex;flex-direction:column;flex:none;min-height:0;font-size:15px}
#outbox.whole{flex:1}
#outbox *{box-sizing:border-box}
#outbox a{color:inherit}
#outbox :focus-visible{outline:3px solid var(--focus);outline-offset:2px;box-shadow:none}
#outbox h2:focus{outline:0}
#strip{display:flex;align-items:center;gap:10px;min-height:44px;border:0;border-top:1px solid var(--line);padding:8px 24px;background:var(--surface-sunken);font-size:14px;font-weight:600;text-align:start;cursor:pointer}
#strip:focus-visible{outline-offset:-3px!important}
#strip:before{content:"";flex:none;width:10px;height:10px;border-radius:50%;background:var(--kind-suggestion)}
#strip.refused:before,#strip.expired:before{background:var(--danger)}
#strip.sent:before{background:var(--ok)}
#strip:after{content:"";flex:none;width:8px;height:8px;margin-inline:auto 4px;border:solid;border-width:0 2px 2px 0;transform:rotate(-45deg)}
#panel:dir(rtl) #strip:after{transform:rotate(135deg)}
#strip:hover{text-decoration:underline;text-underline-offset:3px}
#outbox ul{flex:1;min-height:0;margin:0;border-top:1px solid var(--line);padding:18px 24px 20px;overflow:auto;list-style:none;scrollbar-width:thin}
#outbox li{border:1px solid var(--line);border-radius:10px;padding:12px 16px 10px}
#outbox li+li{margin-top:12px}
#outbox blockquote{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:6;margin:4px 0 10px;overflow:hidden;white-space:pre-wrap;overflow-wrap:anywhere}
#outbox .about{color:var(--ink-muted);font-size:13px}
#outbox .state{border-inline-start:3px solid var(--kind-suggestion);padding-inline-start:10px;font-size:14px;white-space:pre-line}
#outbox .refused .state,#outbox .expired .state{border-color:var(--danger)}
#outbox .sent .state{border-color:var(--ok);margin-block:4px 10px;font-weight:600}
#outbox output{display:block;font:600 19px/1.4 ui-monospace,"SF Mono","Cascadia Mono","Roboto Mono","Noto Sans Mono","DejaVu Sans Mono",monospace;overflow-wrap:anywhere;user-select:all}
#outbox .ways{margin-top:8px;font-size:14px}
#outbox .ways :disabled{opacity:.55;cursor:default}
@media(forced-colors:active){#strip:before,.launcher[data-waiting]:after{background:Highlight;color:HighlightText;forced-color-adjust:none}}
@media(max-height:520px){#outbox.whole{overflow:auto}#outbox.whole ul{flex:none;overflow:visible}}`

/** Draws what an outbox holds. */
export const waiting = (sayso, outbox) => {
  const { launcher, make, listen, signal } = sayso
  const box = make('div', { id: 'outbox', hidden: true })
  let whole, asked, ticking, turn = 0

  const text = key => sayso.words[key] ?? key
  /** The one line that says it all: first what has arrived, then what needs the customer. */
  const summary = records => {
    const states = records.map(outbox.stateOf)
    const state = ['sent', 'refused', 'expired', 'waiting'].find(state => states.includes(state))
    const count = states.filter(other => other == state).length
    return [state, sayso.count('outbox_' + (state == 'expired' ? 'refused' : state), count)]
  }
  /** Why the collector has refused it, field by field; what the form doesn't show is said as a whole. */
  const refusal = ({ reason, errors, kind }) => (errors || '').split('\n').flatMap(line => {
    const [pointer, code] = line.split('\t')
    const field = pointer.replace(/^\/(contact\/)?/, '')
    const label = sayso.words[field == 'message' ? 'message_' + kind : 'label_' + field]
    const fault = code == 'required' ? 'error_required_' : 'error_invalid_'
    const special = sayso.words[fault + field]
    return label || special ? [label, special || text(fault + 'field')].filter(Boolean).join(' ') : []
  }).join('\n') || text('failure_' + reason)
  /** What is to be said about a record, and how long it has to wait. */
  const condition = record => {
    const { key, reason } = record
    const state = outbox.stateOf(record)
    if (state == 'sent') return [text('thanks_title')]
    if (state == 'refused') return [refusal(record)]
    if (state == 'expired') return [text('outbox_expired')]
    if (!navigator.onLine) return [text('outbox_offline')]
    if (outbox.sending.has(key) || !reason) return [text('sending')]
    const left = Math.ceil((outbox.due(record) - Date.now()) / SECOND)
    return [text('failure_' + reason), left > 0 && left < Infinity ? sayso.count('outbox_wait', left) : '']
  }

  const copy = async (button, value) => {
    button.textContent = text(await sayso.clip(value) ? 'copied' : 'copy_failed')
  }
  const actions = {
    outbox_now: ({ key }) => outbox.deliver(key),
    async outbox_change({ key }) {
      await outbox.giveBack(key)
      show(false)
    },
    copy_text({ body }, button) {
      const { message, desired_outcome } = JSON.parse(body)
      return copy(button, [message, desired_outcome].filter(Boolean).join('\n\n'))
    },
    copy_code: ({ code }, button) => copy(button, code),
    outbox_remove({ key, state }, button) {
      // Asked twice, because there is no way back.
      if (asked == key) return outbox.remove(key, state)
      asked = key
      button.textContent = text('outbox_sure')
    },
    outbox_done: ({ key }) => outbox.remove(key, 'sent')
  }

  /** A record on the screen, and a function that counts its seconds down without touching the buttons beside. */
  const item = record => {
    const { kind, at, body, code, files, left: dropped } = record
    const state = outbox.stateOf(record)
    const li = make('li', { className: state })
    const said = make('p', { className: 'state' })
    const ways = make('p', { className: 'ways' })
    const news = make('span')
    const left = make('span')
    news.setAttribute('role', 'status')
    left.setAttribute('role', 'timer')
    said.append(news, ' ', left)
    const tick = () => [news, left].map((part, index) => part.textContent = condition(record)[index] || '')
    tick()
    const way = (key, disabled) => {
      const button = make('button', { type: 'button', textContent: text(key), disabled: disabled || outbox.sending.has(record.key) })
      button.dataset.way = record.key + key
      listen(button, 'click', () => Promise.resolve(actions[key]({ ...record, state }, button)).catch(() => {}))
      ways.append(button)
    }
    const about = [text('kind_' + kind), sayso.date(new Date(at)), files?.length && sayso.count('outbox_files', files.length)]
    li.append(make('p', { className: 'about', textContent: about.filter(Boolean).join(' · ') }))
    if (code) {
      ways.append(make('a', { href: record.status_url, target: '_blank', rel: 'noopener', textContent: text('thanks_status') }))
      way('copy_code')
      way('outbox_done')
      const missing = make('p', { className: 'about' })
      if (dropped?.[0]) import('./__MODULE_upload__').then(({ leftOut }) => leftOut(sayso, dropped)).then(text => missing.textContent = text).catch(() => {})
      li.append(said, make('p', { className: 'about', textContent: text('code_label') }), make('output', { textContent: code }), missing, ways)
    } else {
      if (state == 'waiting') way('outbox_now', outbox.allowed(record) > Date.now())
      // The form holds one text at a time, where there is one.
      if (sayso.app && !sayso.draft) way('outbox_change')
      way('copy_text')
      way('outbox_remove')
      li.append(make('blockquote', { textContent: JSON.parse(body).message, dir: 'auto' }), said, ways)
    }
    return [li, tick]
  }

  const drawStrip = (state, line) => {
    const strip = make('button', { id: 'strip', type: 'button', className: state, textContent: line })
    listen(strip, 'click', () => show(true))
    box.replaceChildren(strip)
    return strip
  }
  const drawWhole = (records, state, line, reveal) => {
    const title = make('h2', { tabIndex: -1, textContent: line })
    const top = make('div', { className: 'top' })
    const list = make('ul')
    const bottom = make('div', { className: 'bottom' })
    const back = make('button', { type: 'button', className: 'primary', textContent: text(sayso.draft ? 'outbox_back' : 'thanks_again') })
    const items = records.map(item)
    listen(back, 'click', () => show(false))
    top.append(title)
    if (state == 'waiting') {
      const lead = make('p', { textContent: text('outbox_text') })
      if (reveal) lead.setAttribute('role', 'alert')
      top.append(lead)
    }
    list.append(...items.map(([li]) => li))
    bottom.append(back)
    box.replaceChildren(top, list, bottom)
    ticking = setInterval(() => items.map(([, tick]) => tick()), SECOND)
    return title
  }

  /** Draws everything anew; with `reveal`, in place of the form. */
  const paint = async reveal => {
    // At once, since a later drawing may overtake this one.
    whole ||= reveal
    const mine = ++turn
    const records = await outbox.visible()
    const count = records.length
    if (count) launcher.dataset.waiting = count
    else delete launcher.dataset.waiting
    if (count) sayso.words ||= await sayso.texts()
    const [state, line] = count ? summary(records) : ['', '']
    if (mine != turn || signal.aborted) return
    launcher.title = line || sayso.news || ''
    launcher.dataset.state = state
    // Its name says what waits, not only its number.
    launcher.ariaLabel = launcher.title ? sayso.label + ', ' + launcher.title : null
    clearInterval(ticking)
    asked = 0
    const { body } = sayso
    // Until the form is there, or what takes its place, there is nothing to show it in.
    if (!body) return
    if (!box.isConnected) body.after(box)
    whole &&= count
    const focused = sayso.root.activeElement
    const inside = box.contains(focused)
    const still = sayso.still()
    // Another screen in the form's place gives way to what needs the customer.
    if (whole) sayso.home?.()
    const turned = !sayso.away && body.hidden == !whole
    if (turned) body.hidden = Boolean(whole)
    box.hidden = !count
    box.className = whole ? 'whole' : ''
    if (!count) box.replaceChildren()
    const first = count && (whole ? drawWhole(records, state, line, reveal) : drawStrip(state, line))
    if (still) return
    if (turned && !whole) sayso.focus('h2,iframe,#fallback a')
    else if (turned) first.focus()
    else if (inside) ([...box.querySelectorAll('button')].find(button => button.dataset.way == focused.dataset.way) || first)?.focus()
  }
  // Without a network there may be no texts yet; then the number has to do.
  const draw = reveal => paint(reveal).catch(() => {})
  const show = open => {
    whole = open
    return draw()
  }

  sayso.style(css)
  signal.addEventListener('abort', () => clearInterval(ticking))
  return {
    draw,
    /** The panel opens: what needs the customer comes before the form. */
    async open() {
      whole = false
      await draw((await outbox.visible()).some(record => outbox.stateOf(record) != 'waiting'))
    }
  }
}
