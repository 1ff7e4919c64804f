// @ts-check
/*
 * What whoever put the tag on a page wants to know, in the browser's console: why the collector refuses the page, and with `?sayso-test` in its
 * address whether everything works there. Visitors fetch none of it.
 */

/** What is wrong and how to mend it, by the reason. */
const reasons = {
  origin: ({ site }) => `${location.origin} is not one of the origins of the site "${site}", so nothing can be sent from here. To accept it, run:\n\n    sayso site set ${site} origins+=${location.origin}\n`,
  site: ({ site, base }) => `there is no site "${site}" at ${base}: check data-site in the tag. These are the sites:\n\n    sayso site list\n`
}

/** Says why the collector takes nothing from this page: to its owner in the console, to the visitor by the text that this gives. */
export const refused = async (sayso, status) => {
  const reason = status == 404 ? 'site' : 'origin'
  console.warn('Sayso: ' + reasons[reason](sayso))
  return (await sayso.texts())['failure_' + reason]
}

const policy = base => `Add these sources to the Content-Security-Policy of this page:\n\n    script-src ${base} 'wasm-unsafe-eval';\n    connect-src ${base};\n    frame-src ${base};\n`

/** Tries what the form needs on this page, one thing after the other, and says what came of it. */
export const check = async sayso => {
  const { base, site, data, host, lang } = sayso
  const found = []
  const good = text => found.push(['✓', text])
  const bad = text => found.push(['✗', text])
  good(`The tag is here: site "${site}", collector ${base}, language ${lang}.`)
  if (!host.isConnected) bad('The launcher is not on the page: something has removed it.')
  try {
    const answer = await fetch(base + '/api/v1/sites/' + site, { cache: 'no-store' })
    const { status, ok } = answer
    if (ok) {
      good('The collector answers, and accepts feedback from this page.')
      const { page_errors } = await answer.json()
      if (page_errors && !('errors' in data)) bad('The site wants to know of errors of this page, but the tag has no data-errors, so none are noted.')
      if (!page_errors && 'errors' in data) bad(`The tag has data-errors, but the site does not want to know of errors, so none are sent. To change that, run:\n\n    sayso site set ${site} page_errors=true\n`)
    } else if (status == 403) bad(reasons.origin(sayso))
    else if (status == 404) bad(reasons.site(sayso))
    else bad(`The collector answers with ${status}.`)
  } catch {
    bad(`The collector at ${base} can't be reached from here: it is down, or connect-src does not allow it. ${policy(base)}`)
  }
  try {
    new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))
    good('WebAssembly is allowed.')
  } catch {
    bad(`The policy of this page refuses WebAssembly, so visitors get the form in a frame. ${policy(base)}`)
    // So that the console of the collector says so too.
    fetch(`${base}/s/${site}?frame=1&why=policy`, { mode: 'no-cors', credentials: 'omit' }).catch(() => {})
  }
  console.info('Sayso test\n\n' + found.map(line => line.join(' ')).join('\n'))
}
