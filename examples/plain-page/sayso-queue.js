// Keeps calls until the loader has come; it works them off in their order.
window.Sayso = window.Sayso || function () { (Sayso.q = Sayso.q || []).push(arguments) }

// What the service team should know about the page or the person. It is read when the customer presses send.
Sayso('set', { context: { release: '2026.11' } })
Sayso('on', 'submitted', event => console.info('thank you', event.detail.kind))
