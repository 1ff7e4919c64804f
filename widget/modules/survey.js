// @ts-check
/*
 * A survey of the site in a dialog of its own, when the page asks for one by `Sayso('survey', KEY)`: the collector's page of it in a frame, which is the
 * same survey everywhere, of whatever kind, and keeps what was typed. Where the page's policy refuses frames, there is a link in its place.
 */
const PATIENCE = 5000

const css = `#survey{box-sizing:border-box;position:fixed;inset:auto 20px 20px auto;z-index:99999999;display:flex;flex-direction:column;width:min(440px,100% - 40px);height:min(680px,100% - 40px);max-width:none;max-height:none;margin:0;border:1px solid #8885;border-radius:16px;padding:0;overflow:hidden;background:#f6f1e7;color:#1b2430;font:16px/1.5 system-ui,sans-serif;box-shadow:0 4px 10px #0002,0 20px 48px #0004}
#survey.left{inset:auto auto 20px 20px}
#survey.dark{color-scheme:dark;background:#15191b;color:#ece6da}
#survey button{align-self:end;flex:none;min-width:44px;min-height:44px;margin:6px 6px 0;border:0;border-radius:8px;padding:0 12px;background:none;color:inherit;font:inherit;cursor:pointer}
#survey button:hover{background:#8883}
#survey iframe{flex:1}
#survey p{margin:24px;text-align:center}
#survey a{color:inherit}
@media(max-width:480px){#survey{inset:0!important;width:auto;height:auto;border:0;border-radius:0}}
@media(prefers-reduced-motion:no-preference){#survey{animation:rise .22s cubic-bezier(.2,.7,.3,1)}}`
let isStyled

/** Shows the survey with this key; `close` and `open` are what the button and the link say. */
export const survey = (sayso, key, { close, failure_page: open }) => {
  const { base, site, data, host: { shadowRoot: root }, signal, make, emit } = sayso
  if (!isStyled) isStyled = sayso.style(css)
  root.querySelector('#survey')?.remove()
  const opener = /** @type {HTMLElement | null} */ (document.activeElement)
  const address = `${base}/s/${site}/survey/${encodeURIComponent(key)}?lang=${sayso.lang}`
  const dialog = make('dialog', { id: 'survey', className: `${sayso.dark ? 'dark' : ''} ${data.position || ''}`, lang: sayso.lang, popover: 'manual' })
  const shut = make('button', { type: 'button', textContent: close })
  const frame = make('iframe', { src: address + sayso.looks() })
  // What it is called, as soon as the page in it has said so.
  const name = title => dialog.ariaLabel = frame.title = title
  name(sayso.label)
  dialog.setAttribute('role', 'dialog')
  // What belongs to this dialog ends with it, and with the widget.
  const life = new AbortController
  const end = () => {
    life.abort()
    dialog.remove()
    opener?.focus?.()
  }
  const listen = (target, name, run) => target.addEventListener(name, run, { signal: life.signal })
  signal.addEventListener('abort', end)
  // What is in it is of whom it was shown to.
  sayso.endSurvey = end
  // A frame that the page's policy refuses still fires "load", so only its own word counts.
  const late = setTimeout(() => {
    const link = make('a', { href: address, target: '_blank', rel: 'noopener', textContent: open })
    const line = make('p')
    line.append(link)
    frame.replaceWith(line)
    link.focus()
  }, PATIENCE)
  listen(shut, 'click', end)
  listen(dialog, 'keydown', event => event.key == 'Escape' && end())
  listen(window, 'message', ({ source, origin, data }) => {
    if (source != frame.contentWindow || origin != base) return
    if (data.sayso == 'ready') {
      clearTimeout(late)
      name(data.title || sayso.label)
      frame.focus()
    }
    if (data.sayso == 'answered') emit('answered', { survey: key })
    if (data.sayso == 'close') end()
  })
  dialog.append(shut, frame)
  root.append(dialog)
  if (dialog.showPopover) dialog.showPopover()
  else dialog.show()
  // A modal dialog of the page makes everything else inert; only another one stands above it.
  shut.focus()
  if (root.activeElement != shut) {
    dialog.hidePopover?.()
    dialog.showModal()
  }
}
