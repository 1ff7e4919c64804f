// @ts-check
/**
 * The keyboard of the console. Single letters do something only where nobody types, and can be switched off, since voice control speaks in letters
 * too (WCAG 2.2, 2.1.4). Everything that a key does is a link or a button of the page as well.
 *
 * In the inbox `j` and `k` go from case to case, `x` chooses one, `a` and `t` go to the owner and the tag for all that were chosen. On the page of a
 * case `j` and `k` lead to the next and the one before of the list that the reader came from, `r` and `n` go to the fields for a reply and a note, `a`, `s`,
 * `t` and `m` to owner, status, tags and merging, `p` opens the list of problems (`problem-picker.js`). `/` searches, `Ctrl K` opens the list of all commands, `?` explains.
 *
 * Where the case stands beside the list (`pane.js`), `j` and `k` change the case, and its keys are those of its page, wherever the focus is.
 */

const OFF = "sayso-keys-off";
const LIST = "sayso-list";
const RESULTS = 8;

const palette = dialog("palette");
const help = dialog("keys-help");
/** Whether the list stands beside the open case, and this is the page with the list. */
const hasPane = () => Boolean(document.querySelector("[data-pane]")?.checkVisibility());
/** The page with the list, in whose pane this one stands. */
const outer = window.parent !== window && window.frameElement ? window.parent : undefined;
if (!outer && rows().length) sessionStorage.setItem(LIST, JSON.stringify(rows().map((link) => link.getAttribute("href"))));
prepareNext();

/** The links to cases, as they are to be seen. */
function rows() {
  const links = [...document.querySelectorAll("[data-case] h2 a")].filter((link) => link instanceof HTMLAnchorElement);
  return links.filter((link) => link.checkVisibility());
}

/** Lets the browser make the page of the next case ready, where it can, so that `j` shows it at once. */
function prepareNext() {
  const next = outer ? undefined : beside(1);
  if (!next || !HTMLScriptElement.supports?.("speculationrules")) return;
  const rules = document.createElement("script");
  rules.type = "speculationrules";
  rules.textContent = JSON.stringify({ prerender: [{ urls: [next], eagerness: "immediate" }] });
  document.head.append(rules);
}

/**
 * The page of the next case of the list that the reader came from, or with -1 of the one before.
 * @param {number} by
 * @returns {string | undefined}
 */
function beside(by) {
  /** @type {string[]} */
  const list = JSON.parse(sessionStorage.getItem(LIST) ?? "[]");
  const at = list.indexOf(location.pathname);
  return at < 0 ? undefined : list[at + by];
}

/**
 * @param {string} id
 * @returns {HTMLDialogElement | null}
 */
function dialog(id) {
  const found = document.getElementById(id);
  return found instanceof HTMLDialogElement ? found : null;
}

/** @param {EventTarget | null} target */
function types(target) {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), textarea, select"));
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || types(event.target) || document.querySelector("dialog[open]")) return;
  if (localStorage.getItem(OFF) === "yes" && event.key !== "?") return;
  if (act(event.key)) event.preventDefault();
});

/**
 * @param {string} key
 * @returns {boolean} Whether the key means something here.
 */
function act(key) {
  switch (key) {
    case "j":
      return step(1);
    case "k":
      return step(-1);
    case "x":
      return choose();
    case "a":
      return ofCase(key) || focus("owner") || focus("bulk-owner");
    case "t":
      return ofCase(key) || focus("properties-tags") || focus("bulk-tag");
    case "r":
      return ofCase(key) || focus("reply");
    case "n":
      return ofCase(key) || focus("note");
    case "s":
      return ofCase(key) || focusFirst("steps");
    case "m":
      return ofCase(key) || focus("merge");
    case "p":
      return ofCase(key) || pickProblem();
    case "/":
      return focus("q") || openPalette();
    case "?":
      return show(help);
    default:
      return false;
  }
}

/**
 * Sends a key to the case beside the list, unless several were chosen, whom it is about then.
 * @param {string} key
 */
function ofCase(key) {
  if (!hasPane() || document.querySelector("[data-case] input[type=checkbox]:checked")) return false;
  window.dispatchEvent(new CustomEvent("sayso:key", { detail: key }));
  return true;
}

/** @param {number} by */
function step(by) {
  if (outer || hasPane()) {
    (outer ?? window).dispatchEvent(new CustomEvent("sayso:step", { detail: by }));
    return true;
  }
  if (location.pathname.endsWith("/cases")) {
    const links = rows();
    const at = links.findIndex((link) => link.closest("[data-case]")?.contains(document.activeElement));
    const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by];
    next?.focus();
    return Boolean(next);
  }
  const next = beside(by);
  if (next) location.href = next;
  return Boolean(next);
}

// An event of the page with the list is no instance of this page's own class.
window.addEventListener("sayso:key", (event) => {
  if ("detail" in event && !hasPane()) act(String(event.detail));
});

function choose() {
  const row = hasPane() ? document.querySelector("[data-case][aria-current]") : document.activeElement?.closest("[data-case]");
  const box = row?.querySelector("input[type=checkbox]");
  if (box instanceof HTMLInputElement) box.click();
  return Boolean(box);
}

/** @param {string} id */
function focus(id) {
  const field = document.getElementById(id);
  if (!(field instanceof HTMLElement)) return false;
  for (let folded = field.closest("details:not([open])"); folded; folded = field.closest("details:not([open])")) folded.setAttribute("open", "");
  field.focus();
  field.scrollIntoView({ block: "center" });
  return true;
}

/** Opens the list of problems, where the case can be linked to one. */
function pickProblem() {
  const isThere = Boolean(document.getElementById("properties-problem"));
  if (isThere) window.dispatchEvent(new CustomEvent("sayso:pick-problem"));
  return isThere;
}

/**
 * Goes to the first button of a place.
 * @param {string} id
 */
function focusFirst(id) {
  const button = document.getElementById(id)?.querySelector("button");
  button?.focus();
  button?.scrollIntoView({ block: "center" });
  return Boolean(button);
}

/** @param {HTMLDialogElement | null} box */
function show(box) {
  box?.showModal();
  return Boolean(box);
}

function openPalette() {
  if (!palette || palette.open) return false;
  const input = palette.querySelector("input");
  const list = palette.querySelector("[role=listbox]");
  if (!(input instanceof HTMLInputElement) || !(list instanceof HTMLElement)) return false;
  input.value = "";
  fill(input, list);
  palette.showModal();
  input.focus();
  return true;
}

/** What can be chosen: where the bar leads, and what the reader can do on this page. */
function commands() {
  const links = document.querySelectorAll(".topbar-nav a, .topbar-end a, .views a, [data-command]");
  return [...links].flatMap((link) => {
    const text = link.textContent?.trim().replace(/\s+/g, " ");
    return text && link instanceof HTMLElement ? [{ text, link }] : [];
  });
}

/**
 * @param {HTMLInputElement} input
 * @param {HTMLElement} list
 */
function fill(input, list) {
  const typed = input.value.trim().toLowerCase();
  const found = commands().filter(({ text }) => text.toLowerCase().includes(typed)).slice(0, RESULTS);
  const items = found.map(({ text, link }) => option(text, () => (palette?.close(), link.click())));
  if (typed) {
    const search = (list.dataset.search ?? "").replace("{text}", input.value.trim());
    items.push(option(search, () => (location.href = `/staff/cases?status=all&q=${encodeURIComponent(input.value.trim())}`)));
  }
  list.replaceChildren(...items);
  mark(input, list, 0);
}

/**
 * @param {string} text
 * @param {() => void} run
 */
function option(text, run) {
  const item = document.createElement("li");
  item.setAttribute("role", "option");
  item.className = "palette-option";
  item.textContent = text;
  item.addEventListener("click", run);
  return item;
}

/**
 * @param {HTMLInputElement} input
 * @param {HTMLElement} list
 * @param {number} at
 */
function mark(input, list, at) {
  [...list.children].forEach((item, place) => {
    item.id = `palette-${place}`;
    item.setAttribute("aria-selected", String(place === at));
  });
  const chosen = list.children[at];
  if (chosen) input.setAttribute("aria-activedescendant", chosen.id);
  else input.removeAttribute("aria-activedescendant");
  chosen?.scrollIntoView({ block: "nearest" });
}

palette?.addEventListener("input", (event) => {
  const list = palette.querySelector("[role=listbox]");
  if (event.target instanceof HTMLInputElement && list instanceof HTMLElement) fill(event.target, list);
});

palette?.addEventListener("keydown", (event) => {
  const input = palette.querySelector("input");
  const list = palette.querySelector("[role=listbox]");
  if (!(input instanceof HTMLInputElement) || !(list instanceof HTMLElement) || event.isComposing) return;
  const at = [...list.children].findIndex((item) => item.getAttribute("aria-selected") === "true");
  const moves = { ArrowDown: 1, ArrowUp: -1 };
  const by = moves[/** @type {keyof typeof moves} */ (event.key)];
  if (by) {
    event.preventDefault();
    mark(input, list, (at + by + list.children.length) % Math.max(list.children.length, 1));
  } else if (event.key === "Enter") {
    event.preventDefault();
    const chosen = list.children[at];
    if (chosen instanceof HTMLElement) chosen.click();
  }
});

const toggle = help?.querySelector("input[type=checkbox]");
if (toggle instanceof HTMLInputElement) {
  toggle.checked = localStorage.getItem(OFF) !== "yes";
  toggle.addEventListener("change", () => localStorage.setItem(OFF, toggle.checked ? "no" : "yes"));
}

// One press chooses all cases of the page.
const all = document.querySelector("[data-choose-all]");
if (all instanceof HTMLInputElement) {
  all.closest("[hidden]")?.removeAttribute("hidden");
  all.addEventListener("change", () => {
    for (const box of document.querySelectorAll("[data-case] input[type=checkbox]")) if (box instanceof HTMLInputElement) box.checked = all.checked;
  });
}
