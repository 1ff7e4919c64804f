// @ts-check
/**
 * `<span data-opened="/staff/cases/…/opened" data-csrf="…" data-seq="7">`: tells the server once that the page is being looked at, and
 * not only fetched, as browsers and the list beside it (`pane.js`) do ahead of time, and up to which event.
 */

const mark = document.querySelector("[data-opened]");
if (mark instanceof HTMLElement) {
  const { opened = "", csrf = "", seq = "" } = mark.dataset;
  const tell = () => {
    if (document.hidden || window.frameElement?.hasAttribute("data-ahead")) return;
    document.removeEventListener("visibilitychange", tell);
    window.removeEventListener("sayso:shown", tell);
    // What goes wrong here is told again by the next look at the page.
    fetch(opened, { method: "POST", body: new URLSearchParams({ csrf, seq }) }).catch(() => {});
  };
  document.addEventListener("visibilitychange", tell);
  window.addEventListener("sayso:shown", tell);
  tell();
}
