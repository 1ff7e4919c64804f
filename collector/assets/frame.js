// @ts-check
/**
 * The page inside the widget's iframe (`?frame=1`) speaks to the loader around it: `{sayso: "ready"}` when it is
 * there, `{sayso: "close"}` on Escape or a click on `[data-frame-close]`, and after an accepted submission
 * `{sayso: "submitted", code, status_url, kind}`, read from
 * `<main data-submitted-code="…" data-submitted-url="…" data-submitted-kind="complaint">`; `{sayso: "answered"}` where `[data-answered]`
 * says that a survey was. The loader answers "ready" with
 * `{sayso: "message", message}`: what was written before this page was there.
 *
 * The server lets only the site's own origins frame the page (`frame-ancestors`), and names them in
 * `<meta name="sayso-parents">`: each message goes to those alone, and comes from nobody else.
 */

if (window.parent !== window && new URLSearchParams(location.search).get("frame") === "1") {
  const named = document.querySelector("meta[name=sayso-parents]")?.getAttribute("content") ?? "";
  const parents = named.split(" ").filter(Boolean);

  /** @param {Record<string, string>} message */
  const tell = (message) => {
    for (const parent of parents) window.parent.postMessage(message, parent);
  };

  window.addEventListener("message", ({ source, origin, data }) => {
    const field = document.querySelector("textarea[name=message]");
    if (source !== window.parent || !parents.includes(origin) || data?.sayso !== "message" || !(field instanceof HTMLTextAreaElement)) return;
    if (!field.value && typeof data.message === "string" && data.message) {
      field.value = data.message;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
    }
  });
  tell({ sayso: "ready" });

  const done = document.querySelector("[data-submitted-code]");
  if (done instanceof HTMLElement) {
    const { submittedCode = "", submittedUrl = "", submittedKind = "" } = done.dataset;
    tell({ sayso: "submitted", code: submittedCode, status_url: submittedUrl, kind: submittedKind });
  }

  if (document.querySelector("[data-answered]")) tell({ sayso: "answered" });

  document.addEventListener("keydown", (event) => {
    // While an input method composes, Escape belongs to it.
    if (event.key === "Escape" && !event.isComposing && !event.defaultPrevented) tell({ sayso: "close" });
  });

  for (const button of document.querySelectorAll("[data-frame-close]")) {
    if (button instanceof HTMLElement) button.hidden = false;
    button.addEventListener("click", (event) => {
      event.preventDefault();
      tell({ sayso: "close" });
    });
  }
}
