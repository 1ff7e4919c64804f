import { useEffect } from 'react'
import { loadSayso, removeSayso, sayso } from '../javascript/sayso.js'

/**
 * The widget, for as long as this component is on the page; put it once near the root.
 * `user` is a token that your server signed, or `{ name, email }`, or null when nobody is signed in.
 */
export function Sayso({ collector, site, user = null, lang, theme, attributes }) {
  useEffect(() => {
    if (lang || theme) sayso('set', { ...lang && { lang }, ...theme && { theme } })
  }, [lang, theme])

  useEffect(() => {
    if (user === null) return
    sayso('identify', user)
    // When somebody signs out, the widget forgets them, with their draft.
    return () => sayso('identify', null)
  }, [user])

  useEffect(() => {
    loadSayso(collector, site, attributes)
    return removeSayso
    // Last, so that it goes last. The attributes are those of the tag: they hold from its loading on.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [collector, site])

  return null
}
