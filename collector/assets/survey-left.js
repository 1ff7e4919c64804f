// @ts-check
// Tells how far somebody came who leaves a survey without sending it: the last item that was answered, and nothing else.

/** @type {HTMLFormElement | null} */
const form = document.querySelector('form[data-left]');
if (form) {
  let isSent = false;
  let item = '';
  form.addEventListener('submit', () => { isSent = true; });
  form.addEventListener('change', event => {
    const { name } = /** @type {HTMLInputElement} */ (event.target);
    const [field, ...rest] = name.split(':');
    if (field && rest.length) item = rest.join(':');
  });
  addEventListener('pagehide', () => {
    // What was read, which may be asked no more.
    const version = /** @type {HTMLInputElement | null} */ (form.elements.namedItem('version'))?.value ?? '';
    if (!isSent) navigator.sendBeacon(form.dataset.left ?? '', new URLSearchParams({ item, version }));
    // A page that comes back out of the browser's memory is left once.
    isSent = true;
  });
}
