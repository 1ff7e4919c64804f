// @ts-check
/**
 * `<form data-save-draft="/staff/cases/…/draft">`: keeps what is typed in its text field on the server, a moment after the last key and when
 * the page is left, so that it is there on another device. Without script the button beside it does the same.
 */

const WAIT = 1500;

const form = document.querySelector("form[data-save-draft]");
const field = form?.querySelector("textarea");
if (form instanceof HTMLFormElement && field) {
  let saved = field.value;
  let timer = 0;
  const save = () => {
    clearTimeout(timer);
    if (field.value === saved) return;
    const csrf = new FormData(form).get("csrf");
    const body = new URLSearchParams({ csrf: String(csrf), body: field.value, silent: "1" });
    saved = field.value;
    // What was not kept is kept by the next try; the browser has it as well.
    fetch(form.dataset.saveDraft ?? "", { method: "POST", body, keepalive: true }).then(
      (answer) => {
        if (!answer.ok) saved = "";
      },
      () => {
        saved = "";
      },
    );
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, WAIT);
  });
  // What is sent is no draft any more.
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    saved = field.value;
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) save();
  });
}
