// @ts-check
/** `<button type="button" hidden data-print>` prints the page; without script the browser's own command does. */

for (const button of document.querySelectorAll("[data-print]")) {
  if (!(button instanceof HTMLButtonElement)) continue;
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
