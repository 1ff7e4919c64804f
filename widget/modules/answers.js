// @ts-check
/*
 * Asks the collector for public answers that fit what is being typed, where the site has any: at the end of a thought, and never the same twice. The
 * second module, which shows them, is fetched only once there are some.
 */
const PAUSE = 700
/** Less than this says nothing yet; of more the beginning is enough. */
const LEAST = 8
const MOST = 300

/** Gives the function that hears of every change of the text. */
export const answers = sayso => {
  const { api, signal } = sayso
  let timer, last, there
  const ask = async text => {
    // What has to be hidden before it leaves has to be so here too.
    if (sayso.doubtful && !sayso.mask) return
    const query = [...sayso.mask ? sayso.mask(text) : text].slice(0, MOST).join('')
    if (query == last || signal.aborted) return
    last = query
    const answer = await fetch(`${api}/answers?q=${encodeURIComponent(query)}&lang=${sayso.lang}`, { credentials: 'omit', signal })
    if (!answer.ok || query != last) return
    const json = await answer.text()
    there ||= JSON.parse(json).answers[0]
    if (there) await sayso.more('answers', json)
  }
  return text => {
    clearTimeout(timer)
    if (text.trim().length >= LEAST) timer = setTimeout(() => ask(text.trim()).catch(() => {}), PAUSE)
  }
}
