// @ts-check
/**
 * Passkeys: `<form data-passkey="create|get" data-begin="URL" data-failed="TEXT" hidden>` is shown where the browser knows them. Sent, it asks `data-begin` for
 * what the device has to answer, lets the browser ask the device, and goes on with the answer in its field `credential`.
 */

const knows = "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!(form instanceof HTMLFormElement) || !knows) continue;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form).catch(() => say(form, form.dataset.failed ?? ""));
  });
}

/** @param {HTMLFormElement} form */
async function ask(form) {
  say(form, "");
  const fields = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
  fields.delete("credential");
  const answer = await fetch(form.dataset.begin ?? "", { method: "POST", body: fields });
  if (answer.status === 422) return say(form, await answer.json());
  if (!answer.ok) throw new Error(String(answer.status));
  const options = await answer.json();
  const publicKey = options.publicKey ?? options;
  const made =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  const field = form.querySelector("[name=credential]");
  if (!(made instanceof PublicKeyCredential) || !(field instanceof HTMLInputElement)) throw new Error("no passkey");
  field.value = JSON.stringify(made);
  // The password has done its part, and travels once.
  for (const secret of form.querySelectorAll("input[type=password]")) if (secret instanceof HTMLInputElement) secret.value = "";
  form.submit();
}

/**
 * @param {HTMLFormElement} form
 * @param {string} text
 */
function say(form, text) {
  const output = form.querySelector("[role=alert]");
  if (!(output instanceof HTMLElement)) return;
  output.textContent = text;
  output.hidden = !text;
}
