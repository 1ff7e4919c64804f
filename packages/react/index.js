'use client'

import { createElement, useEffect, useRef } from 'react'
import { mount, on } from '@sayso/widget'
import { commands, EVENTS } from '@sayso/widget/components'

/** The commands; the same object at every call. */
export const useSayso = () => commands

/** Calls the newest `listener` at each event, for as long as the component is there. */
export function useSaysoEvent(name, listener) {
  const newest = useRef(listener)
  useEffect(() => { newest.current = listener })
  useEffect(() => on(name, event => newest.current?.(event)), [name])
}

/** The widget, for as long as this component is on the page; put it once near the root. */
export function Sayso(options) {
  const { url, src, site } = options
  const mounted = useRef(null)
  for (const name of EVENTS) useSaysoEvent(name, options['on' + name[0].toUpperCase() + name.slice(1)])
  useEffect(() => {
    const made = mounted.current = mount(options)
    return made.unmount
    // The rest of the tag's attributes hold from its loading on.
  }, [url, src, site])
  // After every rendering, since objects in JSX are always new; what they say is compared.
  useEffect(() => mounted.current.update(options))
  return null
}

/** The form in the flow of the page. Its children are there until the form is, and where it never comes. */
export function SaysoFeedback({ className, ...attributes }) {
  // Before React 19 elements with a name of their own get attributes as they are written.
  return createElement('sayso-feedback', className ? { ...attributes, class: className } : attributes)
}
