// @ts-check
/**
 * `<input type="file" data-max-bytes="10485760" data-max-files="5" data-too-large="{name} …" data-too-many="…">`: says at once what the
 * server would say after minutes of sending. Uploads that are attached already, and stay ticked, count too.
 */

for (const input of document.querySelectorAll("input[type=file][data-max-bytes]")) {
  if (input instanceof HTMLInputElement) check(input);
}

/** @param {HTMLInputElement} input */
function check(input) {
  const { maxBytes = "", maxFiles = "", tooLarge = "", tooMany = "" } = input.dataset;
  const look = () => {
    const files = [...(input.files ?? [])];
    const large = files.find((file) => file.size > Number(maxBytes));
    const kept = input.form?.querySelectorAll("input[type=checkbox][name^='upload-']:checked").length ?? 0;
    const count = files.length + kept;
    input.setCustomValidity(
      large ? tooLarge.replace("{name}", large.name) : files.length && count > Number(maxFiles) ? tooMany : "",
    );
    if (!input.validity.valid) input.reportValidity();
  };
  input.form?.addEventListener("change", look);
}
