// @ts-check
/**
 * `<form data-submit-once>` is sent once however often its button is pressed. The button is only marked, never
 * disabled before the browser has read it, so that its name and value travel along; the back button restores it.
 * A page that the back button brings back whole, with a form that was sent, is fetched anew: the form must not be sent again.
 */

/** @type {Set<HTMLFormElement>} */
const sent = new Set();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !("submitOnce" in form.dataset) || event.defaultPrevented) return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.add(form);
  mark(form, "true");
});

window.addEventListener("pageshow", (event) => {
  if (event.persisted && sent.size) location.reload();
  for (const form of sent) mark(form, null);
  sent.clear();
});

/**
 * @param {HTMLFormElement} form
 * @param {string | null} busy
 */
function mark(form, busy) {
  for (const button of form.querySelectorAll("button:not([type=button]), input[type=submit]")) {
    for (const name of ["aria-disabled", "aria-busy"]) {
      if (busy) button.setAttribute(name, busy);
      else button.removeAttribute(name);
    }
  }
}
