// @ts-check
/**
 * The page inside the widget's iframe (`?frame=1`) speaks to the loader around it: `{sayso: "ready", title}` when it is
 * there, `{sayso: "close"}` on Escape or a click on `[data-frame-close]`, and after an accepted submission
 * `{sayso: "submitted", code, status_url, kind}`, read from
 * `<main data-submitted-code="…" data-submitted-url="…" data-submitted-kind="complaint">`; `{sayso: "answered"}` where `[data-answered]`
 * says that a survey was. The loader answers "ready" with
 * `{sayso: "message", message, page: {url, title, referrer}, errors}`: what was written before this page was there, and what goes along of the page
 * around it, which is listed in `<details id="along">`, each with a box that leaves it out.
 *
 * The server lets only the site's own origins frame the page (`frame-ancestors`), and names them in
 * `<meta name="sayso-parents">`: each message goes to those alone, and comes from nobody else.
 */

if (window.parent !== window && new URLSearchParams(location.search).get("frame") === "1") {
  const named = document.querySelector("meta[name=sayso-parents]")?.getAttribute("content") ?? "";
  const parents = named.split(" ").filter(Boolean);

  /**
   * Lists what goes along of the page around. A form that came back with a mistake has what the customer has left in.
   * @param {Record<string, unknown>} page
   * @param {unknown} errors
   */
  const list = (page, errors) => {
    const along = document.querySelector("#along[data-fresh]");
    if (!(along instanceof HTMLElement)) return;
    along.removeAttribute("data-fresh");
    // It says where the frame is, and so nothing that is not listed now.
    document.querySelector("input[name=from]")?.remove();
    /** @type {(name: string, text: string | undefined, value: unknown) => void} */
    const add = (name, text, value) => {
      if (!text || typeof value !== "string" || !value) return;
      const [label, box, line, what, said] = ["label", "input", "span", "span", "bdi"].map((tag) => document.createElement(tag));
      label.className = "choice";
      Object.assign(box, { type: "checkbox", name, value, checked: true });
      box.setAttribute("data-draft-skip", "");
      what.className = "muted";
      what.textContent = text;
      said.textContent = value;
      line.append(what, " ", said);
      label.append(box, line);
      along.lastElementChild?.append(label);
      along.hidden = false;
    };
    for (const name of ["url", "title", "referrer"]) add(`page-${name}`, along.dataset[name], page[name]);
    if (Array.isArray(errors)) errors.forEach((error, index) => add(`page-error-${index + 1}`, along.dataset.error, error));
  };

  /** @param {Record<string, string>} message */
  const tell = (message) => {
    for (const parent of parents) window.parent.postMessage(message, parent);
  };

  window.addEventListener("message", ({ source, origin, data }) => {
    const field = document.querySelector("textarea[name=message]");
    if (source !== window.parent || !parents.includes(origin) || data?.sayso !== "message" || !(field instanceof HTMLTextAreaElement)) return;
    if (data.page instanceof Object) list(data.page, data.errors);
    if (!field.value && typeof data.message === "string" && data.message) {
      field.value = data.message;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
    }
  });
  tell({ sayso: "ready", title: document.title });

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
