/*
 * Runs before every page of the bench and notes what happens in it. It costs next to nothing.
 * Times are those of the page's clock, in milliseconds; those of events are when the browser got them.
 */
(() => {
  const probe = window.probe = { shift: 0, proved: false }
  probe.form = new Promise(done => probe.done = done)
  probe.submitted = new Promise(done => document.addEventListener('sayso:submitted', done))
  // What a proof of work ends with, and nothing else on this page needs.
  const { btoa } = window
  window.btoa = text => {
    performance.mark('probe:proved')
    probe.proved = true
    return btoa(text)
  }
  performance.mark('probe:start')
  new PerformanceObserver(list => {
    for (const { value } of list.getEntries()) probe.shift += value
  }).observe({ type: 'layout-shift', buffered: true })

  // Everything that the page wanted to do has been done when the browser has been idle twice.
  probe.settled = mark => new Promise(done => requestIdleCallback(() => requestIdleCallback(() => {
    performance.mark('probe:' + mark)
    done(true)
  })))
  // A new browser has much to do beside the page for its first seconds, and nobody presses a button of a page in them.
  probe.rested = () => new Promise(done => setTimeout(() => requestIdleCallback(() => done(true)), 2500))
  probe.launcher = () => {
    const { x, y, width, height } = document.querySelector('sayso-widget').shadowRoot.querySelector('[part=launcher]').getBoundingClientRect()
    return [x + width / 2, y + height / 2]
  }
  // The form is there, hidden, when somebody has hovered for long enough.
  probe.ready = () => new Promise(done => {
    const body = document.querySelector('sayso-widget').shadowRoot
    const look = () => body.querySelector('#send') ? done(true) : requestIdleCallback(look)
    look()
  })

  // A frame has been painted when the first task after it begins.
  const painted = then => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel
    port1.onmessage = then
    port2.postMessage(0)
  })
  const watch = event => {
    if (event.target.localName != 'sayso-widget') return
    probe[event.type] ??= event.timeStamp
    if (event.type != 'pointerdown') return
    performance.mark('probe:pressed')
    const body = event.target.shadowRoot
    body.addEventListener('focusin', ({ target }) => {
      if (target.id != 'message') return
      probe.focused ??= performance.now()
      // The field may be there before the form, and gets the focus once more when the form takes it over.
      if (probe.whole || !body.querySelector('#send')) return
      probe.whole = performance.now()
      painted(() => {
        probe.painted = performance.now()
        performance.mark('probe:painted')
        probe.done()
      })
    }, true)
  }
  for (const name of ['pointerover', 'pointerdown', 'click']) addEventListener(name, watch, true)
})()
