// @ts-check
/**
 * Copy buttons: `<button type="button" data-copy="TEXT" data-copied="Copied">Copy</button>`. With an empty data-copy
 * the text of the element that `data-copy-from` names by id is copied. What `data-copied` says is announced.
 */

// The server hides them, since they do nothing without this.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (button instanceof HTMLElement) button.hidden = false;
}

/** One polite live region for the page, made when it is first needed. */
function liveRegion() {
  const found = document.querySelector("[data-copy-live]");
  if (found) return found;
  const made = document.createElement("p");
  made.className = "visually-hidden";
  made.setAttribute("role", "status");
  made.setAttribute("data-copy-live", "");
  document.body.append(made);
  return made;
}

/**
 * Plain-http pages have no clipboard object, so a selected textarea is the second way.
 * @param {string} text
 * @returns {Promise<boolean>}
 */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.className = "visually-hidden";
    area.readOnly = true;
    area.value = text;
    const before = document.activeElement;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    if (before instanceof HTMLElement) before.focus();
    return copied;
  }
}

/** @type {WeakMap<HTMLElement, { label: string | null, timer: number }>} */
const shown = new WeakMap();

document.addEventListener("click", async (event) => {
  const target = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  if (!(target instanceof HTMLElement)) return;
  const source = document.getElementById(target.dataset.copyFrom ?? "");
  const text = target.dataset.copy || source?.textContent?.trim();
  const said = target.dataset.copied;
  if (!text) return;
  if (!(await copyText(text))) {
    // Neither way was allowed: at least the text is selected, ready for the reader's own keys.
    if (source) getSelection()?.selectAllChildren(source);
    return;
  }
  if (!said) return;
  const earlier = shown.get(target);
  if (earlier) clearTimeout(earlier.timer);
  const label = earlier ? earlier.label : target.textContent;
  target.textContent = said;
  liveRegion().textContent = said;
  const timer = window.setTimeout(() => {
    target.textContent = label;
    liveRegion().textContent = "";
    shown.delete(target);
  }, 2500);
  shown.set(target, { label, timer });
});
