// @ts-check
/**
 * Links a case to a problem in two keystrokes: `p` (`keys.js`) opens the list of problems, and a figure takes one of the first nine; arrows and Enter take
 * any. It chooses in the form of the page, and sends that.
 */

const FIGURES = 9;

const select = document.getElementById("properties-problem");
if (select instanceof HTMLSelectElement && select.form) {
  const box = picker(select, select.form);
  window.addEventListener("sayso:pick-problem", () => {
    if (box.open) return;
    box.showModal();
    box.querySelector("button")?.focus();
  });
}

/**
 * @param {HTMLSelectElement} select
 * @param {HTMLFormElement} form
 */
function picker(select, form) {
  const box = document.createElement("dialog");
  box.className = "palette";
  box.setAttribute("aria-label", select.labels?.[0]?.textContent?.trim() ?? "");
  const list = document.createElement("ol");
  list.className = "palette-list";
  const options = [...select.options].filter((option) => option.value);
  list.append(...options.map((option, at) => row(option, at, () => ((select.value = option.value), box.close(), form.requestSubmit()))));
  box.append(list);
  box.addEventListener("keydown", (event) => {
    const buttons = [...box.querySelectorAll("button")];
    const at = buttons.findIndex((button) => button === document.activeElement);
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    const by = moves[/** @type {keyof typeof moves} */ (event.key)];
    const figure = /^[1-9]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!by && !figure) return;
    event.preventDefault();
    if (by) buttons[(at + by + buttons.length) % buttons.length]?.focus();
    else buttons[Number(event.key) - 1]?.click();
  });
  document.body.append(box);
  return box;
}

/**
 * @param {HTMLOptionElement} option
 * @param {number} at
 * @param {() => void} run
 */
function row(option, at, run) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "palette-option";
  button.dir = "auto";
  button.append(...(at < FIGURES ? [figure(at + 1), " "] : []), option.textContent?.trim() ?? "");
  button.addEventListener("click", run);
  item.append(button);
  return item;
}

/** @param {number} number */
function figure(number) {
  const key = document.createElement("kbd");
  key.textContent = String(number);
  return key;
}
