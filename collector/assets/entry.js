// @ts-check
/**
 * Entering what came on the phone. `<form data-caller-search="ID">` looks a caller up; once something was typed into the form with that
 * identifier, it does so by that form, so that nothing of it is lost. Topics and consents of other sites than the chosen one (`data-for-site`) and
 * fields of other kinds (`data-for-kind`) go away, and Ctrl+Enter sends from anywhere.
 */

const search = document.querySelector("form[data-caller-search]");
const entry = document.getElementById(search?.getAttribute("data-caller-search") ?? "");

if (search instanceof HTMLFormElement && entry instanceof HTMLFormElement) {
  let touched = false;
  entry.addEventListener("input", () => {
    touched = true;
    show(entry);
  });
  show(entry);

  search.addEventListener("submit", (event) => {
    const button = entry.querySelector("button[name=do]");
    if (!touched || !(button instanceof HTMLButtonElement)) return;
    event.preventDefault();
    const asked = document.createElement("input");
    asked.type = "hidden";
    asked.name = "q";
    asked.value = String(new FormData(search).get("q") ?? "");
    entry.append(asked);
    entry.requestSubmit(button);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const button = entry.querySelector("[data-main-button]");
    if (!(button instanceof HTMLButtonElement)) return;
    event.preventDefault();
    entry.requestSubmit(button);
  });
}

/**
 * Shows what belongs to the chosen site and kind.
 * @param {HTMLFormElement} form
 */
function show(form) {
  const chosen = new FormData(form);
  for (const part of form.querySelectorAll("[data-for-site], [data-for-kind]")) {
    const fits = (/** @type {string} */ name, /** @type {FormDataEntryValue | null} */ value) => {
      const own = part.getAttribute(`data-for-${name}`);
      return own === null || own.split(" ").includes(String(value));
    };
    const isShown = fits("site", chosen.get("site")) && fits("kind", chosen.get("kind"));
    if (part instanceof HTMLElement) part.hidden = !isShown;
    if (part instanceof HTMLOptGroupElement) part.disabled = !isShown;
  }
}
