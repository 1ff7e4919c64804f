// @ts-check
/**
 * The keyboard of the console. Single letters do something only where nobody types, and can be switched off, since voice control speaks in letters
 * too (WCAG 2.2, 2.1.4). Everything that a key does is a link or a button of the page as well.
 *
 * In the inbox `j` and `k` go from case to case, `x` chooses one; on the page of a case they lead to the next and the one before of the list that the
 * reader came from, `r` and `n` go to the fields for a reply and a note. `/` searches, `Ctrl K` opens the list of all commands, `?` explains.
 */

const OFF = "sayso-keys-off";
const LIST = "sayso-list";
const RESULTS = 8;

const palette = dialog("palette");
const help = dialog("keys-help");
const rows = [...document.querySelectorAll("[data-case] h2 a")].filter((link) => link instanceof HTMLAnchorElement);
if (rows.length) sessionStorage.setItem(LIST, JSON.stringify(rows.map((link) => link.getAttribute("href"))));

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
    case "r":
      return focus("reply");
    case "n":
      return focus("note");
    case "/":
      return focus("q") || openPalette();
    case "?":
      return show(help);
    default:
      return false;
  }
}

/** @param {number} by */
function step(by) {
  if (location.pathname.endsWith("/cases")) {
    const links = document.querySelectorAll("[data-case] h2 a");
    const at = [...links].findIndex((link) => link.closest("[data-case]")?.contains(document.activeElement));
    const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by];
    if (next instanceof HTMLElement) next.focus();
    return Boolean(next);
  }
  /** @type {string[]} */
  const list = JSON.parse(sessionStorage.getItem(LIST) ?? "[]");
  const at = list.indexOf(location.pathname);
  const next = at < 0 ? undefined : list[at + by];
  if (next) location.href = next;
  return Boolean(next);
}

function choose() {
  const box = document.activeElement?.closest("[data-case]")?.querySelector("input[type=checkbox]");
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
