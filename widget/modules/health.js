// @ts-check
/*
 * Tells the collector once a day and page origin whether the form came here, a frame or a link, so that who put the tag on the page sees that it works. It
 * says nothing of who is here: no identifier, no cookie. The panel asks for it where the site wants to know.
 */
const DAY = 24 * 3600 * 1000

export const health = ({ site, api, data }, came, why) => {
  // Where nothing may stay on the device, not even the day does.
  if (data.draft == 'off') return
  const name = 'sayso:' + site + ':told'
  const today = String(Math.floor(Date.now() / DAY))
  try {
    if (localStorage[name] == today) return
    localStorage[name] = today
  } catch {
    // Where nothing can be kept, each page would tell.
    return
  }
  navigator.sendBeacon?.(`${api}/sightings?came=${came}${why && '&why=' + why}`)
}
