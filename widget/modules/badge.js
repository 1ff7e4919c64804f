/*
 * The number on the launcher that tells of new replies: one small request at most every ten minutes, only where this browser keeps a code, and none
 * while the page is hidden. What it heard last all pages of the website share.
 */
const PAUSE = 600000

const css = `.launcher[data-answers]:not([data-waiting]):after{content:attr(data-answers);position:absolute;inset:-8px -4px auto auto;box-sizing:border-box;min-width:24px;height:24px;border:2px solid #fff;border-radius:12px;padding:0 5px;background:#2a6339;color:#fff;font:700 12px/20px system-ui;text-align:center;writing-mode:horizontal-tb}
@media(forced-colors:active){.launcher[data-answers]:after{background:Highlight;color:HighlightText;forced-color-adjust:none}}`

/** Starts it, and gives the function that looks again. */
export const badge = sayso => {
  const { base, site, launcher, signal, listen } = sayso
  const name = 'sayso:' + site + ':cases'
  let timer
  const read = () => {
    try {
      return JSON.parse(localStorage[name]) || {}
    } catch {
      return {}
    }
  }
  const note = more => localStorage[name] = sayso.json({ ...read(), ...more })
  const draw = async answers => {
    if (answers) sayso.words ||= await sayso.texts()
    sayso.news = answers ? sayso.count('news', answers) : ''
    if (answers) launcher.dataset.answers = sayso.number(answers)
    else delete launcher.dataset.answers
    // What waits to be sent is more urgent.
    if (!launcher.dataset.waiting) {
      launcher.title = sayso.news
      launcher.ariaLabel = sayso.news ? sayso.label + ', ' + sayso.news : null
    }
    sayso.renew?.()
  }
  const look = async () => {
    clearTimeout(timer)
    const { codes = [], checked = 0, seen, answers } = read()
    const who = sayso.who()
    const theirs = codes.filter(kept => !kept.who || kept.who == who).map(({ code }) => code)
    if (signal.aborted || document.hidden) return
    if (!theirs[0]) return draw(0)
    let count = answers
    const left = checked + PAUSE - Date.now()
    // A clock that was set back is no reason to be silent for long.
    if (left <= 0 || left > PAUSE) {
      // Before it is known, so that no other page asks as well.
      note({ checked: Date.now() })
      const answer = await fetch(`${base}/api/v1/my/cases/badge?codes=${theirs}${seen ? '&since=' + encodeURIComponent(seen) : ''}`, { credentials: 'omit', signal })
      if (answer.ok) note({ answers: count = (await answer.json()).answers })
    }
    await draw(count)
    timer = setTimeout(run, left > 0 ? left : PAUSE)
  }
  const run = () => look().catch(() => {})
  sayso.style(css)
  listen(document, 'visibilitychange', run)
  signal.addEventListener('abort', () => clearTimeout(timer))
  run()
  return run
}
