// @ts-check
/*
 * The number on the launcher that tells of new replies: one small request at most every ten minutes, only where this browser keeps a code or has shown
 * cases of the user, and none while the page is hidden. What it heard last all pages of the website share.
 */
const PAUSE = 600000
/** How many users of one browser are kept apart. */
const MOST = 4

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
    const { codes = [], told = [], seen } = read()
    const who = sayso.who()
    const token = typeof sayso.identity == 'string' ? sayso.identity : ''
    const theirs = codes.filter(kept => !kept.who || kept.who == who).map(({ code }) => code)
    // What somebody else was told says nothing to who is here.
    const known = told.find(kept => kept.who == who)
    const [checked = 0, answers = 0] = known?.code.split(' ').map(Number) || []
    if (signal.aborted || document.hidden) return
    // Of whom a token names it has been seen before that there are cases.
    const asks = token && known
    if (!theirs[0] && !asks) return draw(0)
    let count = answers
    let left = checked + PAUSE - Date.now()
    // A clock that was set back is no reason to be silent for long.
    if (left <= 0 || left > PAUSE) {
      left = PAUSE
      const note = answers => {
        const kept = read()
        const others = (kept.told || []).filter(kept => kept.who != who).slice(-MOST)
        localStorage[name] = sayso.json({ ...kept, told: [...others, { who, code: Date.now() + ' ' + answers }] })
      }
      // Before it is known, so that no other page asks as well.
      note(count)
      const api = base + '/api/v1/my/cases/badge'
      // A token stands in no address, which others keep.
      const request = asks
        ? fetch(api, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: sayso.json({ identity: token, codes: theirs, since: seen || undefined }),
            credentials: 'omit',
            signal
          })
        : fetch(`${api}?codes=${theirs}${seen ? '&since=' + encodeURIComponent(seen) : ''}`, { credentials: 'omit', signal })
      const answer = await request
      if (answer.ok) note(count = (await answer.json()).answers)
    }
    if (who != sayso.who()) return
    await draw(count)
    timer = setTimeout(run, left)
  }
  const run = () => look().catch(() => {})
  sayso.style(css)
  listen(document, 'visibilitychange', run)
  signal.addEventListener('abort', () => clearTimeout(timer))
  run()
  return run
}
