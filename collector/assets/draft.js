// @ts-check
/**
 * Drafts: `<form data-draft-key="entry:acme">` keeps its text fields in localStorage until a page says
 * `<main data-draft-clear="entry:acme">`. What the server sent in a field wins over the draft. A field marked
 * `data-draft-skip` (a password, a consent) is never kept. With `<form data-draft="off">`, on a device that many people use, nothing
 * is, and what an earlier visitor left is forgotten.
 *
 * In the widget's frame (`?frame=1&visit=…`) the page around says whose visit it is: what was typed in another one is another user's, and goes.
 *
 * The widget's link brings along what was written in it: `#message=…`, which is no draft until it is changed.
 */

const PREFIX = "sayso:draft:";
/** After a month a draft is more likely an accident than a help. */
const KEPT_FOR = 30 * 24 * 60 * 60 * 1000;

const parameters = new URLSearchParams(location.search);
const visit = (parameters.get("frame") === "1" && parameters.get("visit")) || "";

const brought = new URLSearchParams(location.hash.slice(1)).get("message") ?? "";
if (brought) history.replaceState(null, "", location.pathname + location.search);

for (const done of document.querySelectorAll("[data-draft-clear]")) {
  forget(done.getAttribute("data-draft-clear") ?? "");
}
for (const form of document.querySelectorAll("form[data-draft-key]")) {
  if (form instanceof HTMLFormElement) keep(form, form.dataset.draftKey ?? "");
}

/**
 * The name of a draft in the storage.
 * @param {string} key
 */
function nameOf(key) {
  return PREFIX + key + (visit && ` ${visit}`);
}

/**
 * Storage can be refused (private windows, third-party frames); a page without drafts is still a page.
 * @param {string} key
 */
function forget(key) {
  try {
    localStorage.removeItem(nameOf(key));
  } catch {}
}

/**
 * Forgets what was typed on other visits.
 * @param {string} key
 */
function forgetOthers(key) {
  try {
    for (const name of Object.keys(localStorage)) {
      if (name.startsWith(`${PREFIX + key} `) && name !== nameOf(key)) localStorage.removeItem(name);
    }
  } catch {}
}

/**
 * @param {string} key
 * @returns {Record<string, string>}
 */
function read(key) {
  try {
    const draft = JSON.parse(localStorage.getItem(nameOf(key)) ?? "null");
    if (draft && Date.now() - draft.at < KEPT_FOR) return draft.fields;
  } catch {}
  return {};
}

/**
 * @param {HTMLFormElement} form
 * @returns {(HTMLInputElement | HTMLTextAreaElement)[]}
 */
function fields(form) {
  const selector = "textarea[name], input[name]:is([type=text], [type=email], [type=tel], :not([type]))";
  return /** @type {(HTMLInputElement | HTMLTextAreaElement)[]} */ ([...form.querySelectorAll(selector)]).filter(
    (field) => !("draftSkip" in field.dataset),
  );
}

/**
 * @param {HTMLFormElement} form
 * @param {string} key
 */
function keep(form, key) {
  const isOff = form.dataset.draft === "off";
  if (isOff) forget(key);
  if (visit) forgetOthers(key);
  const draft = read(key);
  for (const field of fields(form)) {
    const kept = (field.name === "message" && brought) || draft[field.name];
    if (typeof kept !== "string" || !kept || field.value) continue;
    field.value = kept;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (isOff) return;
  const save = () => {
    const entries = fields(form).flatMap((field) => (field.value.trim() ? [[field.name, field.value]] : []));
    if (!entries.length) return forget(key);
    try {
      localStorage.setItem(nameOf(key), JSON.stringify({ at: Date.now(), fields: Object.fromEntries(entries) }));
    } catch {}
  };
  let timer = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(save, 300);
  });
  form.addEventListener("reset", () => forget(key));
  // Kept until the next page says it was accepted; after that the back button must not write it again.
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    timer = 0;
    save();
  });
  // A tab closed within the delay must not lose the last words.
  window.addEventListener("pagehide", () => {
    if (timer) save();
  });
}
