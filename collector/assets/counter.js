// @ts-check
/**
 * Character counters: `<textarea maxlength="10000" data-counter="ID">` and, under that id,
 * `<p class="field-counter" id="ID" data-counter-text="{count} characters left" data-counter-over="{count} characters too many"></p>`.
 * Where the language has forms for numbers, they stand in `data-counter-forms` as JSON: `{"one": "{count} character left", "other": …}`.
 *
 * The server counts Unicode scalar values while `maxlength` counts UTF-16 units, which would cut an emoji's writer
 * short; so the attribute is read and taken away, and the server keeps the last word.
 */

/** Shown in the signal colour when so little is left. */
const SHORT = 50;

for (const field of document.querySelectorAll("textarea[maxlength][data-counter]")) {
  if (!(field instanceof HTMLTextAreaElement)) continue;
  const output = document.getElementById(field.dataset.counter ?? "");
  if (output) count(field, output);
}

/**
 * @param {HTMLTextAreaElement} field
 * @param {HTMLElement} output
 */
function count(field, output) {
  const limit = field.maxLength;
  /** @type {Record<string, string>} */
  const forms = JSON.parse(output.dataset.counterForms ?? "{}");
  const text = output.dataset.counterText ?? forms.other ?? "{count}";
  const over = output.dataset.counterOver ?? text;
  const language = document.documentElement.lang || undefined;
  const number = new Intl.NumberFormat(language);
  const plural = new Intl.PluralRules(language);
  field.removeAttribute("maxlength");
  const show = () => {
    // A string iterates by scalar value, and the server trims before it counts.
    const left = limit - [...field.value.trim()].length;
    const said = left < 0 ? over : (forms[plural.select(left)] ?? text);
    output.textContent = said.replace("{count}", number.format(Math.abs(left)));
    output.classList.toggle("is-short", left < SHORT);
    if (left < 0) field.setAttribute("aria-invalid", "true");
    else if (field.getAttribute("aria-invalid") === "true" && field.value.trim()) field.removeAttribute("aria-invalid");
  };
  field.addEventListener("input", show);
  // Drafts and the back button fill fields without typing.
  window.addEventListener("pageshow", show);
  show();
}
