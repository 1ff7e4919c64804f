// @ts-check
/**
 * Answers before somebody asks: `<textarea data-answers="ID">` has the element with that identifier show what the site answers to what is being typed, at
 * the end of a thought and never the same twice. Its `data-url` says where to ask, and `data-helped` and `data-thanks` are its texts. It stands in the
 * page behind the text, so that whoever uses the keyboard comes to it next, and takes the focus from nobody.
 */

const PAUSE = 700;
/** Less than this says nothing yet; of more the beginning is enough. */
const LEAST = 8;
const MOST = 300;
/** What looks like the number of a card or an account is not sent anywhere before the customer sends it. */
const NUMBER = /\d(?:[ -]?\d){11,}/;

const text = document.querySelector("textarea[data-answers]");
const box = document.getElementById(text?.getAttribute("data-answers") ?? "");
const list = box?.querySelector("ul");

if (text instanceof HTMLTextAreaElement && box && list) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let last = "";
  const ask = async () => {
    const query = [...text.value.trim()].slice(0, MOST).join("");
    if (query === last || query.length < LEAST || NUMBER.test(query)) return;
    last = query;
    const answer = await fetch(`${box.dataset.url}?q=${encodeURIComponent(query)}&lang=${document.documentElement.lang}`, { credentials: "omit" });
    if (!answer.ok || query !== last) return;
    /** @type {{ answers: { key: string, question: string, solution: string }[] }} */
    const found = await answer.json();
    list.replaceChildren(...found.answers.map((one) => item(box, one)));
    box.hidden = !found.answers.length;
  };
  text.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => ask().catch(() => {}), PAUSE);
  });
}

/**
 * @param {HTMLElement} box
 * @param {{ key: string, question: string, solution: string }} answer
 */
function item(box, answer) {
  const row = document.createElement("li");
  const details = document.createElement("details");
  details.className = "disclosure";
  const summary = document.createElement("summary");
  summary.dir = "auto";
  summary.textContent = answer.question;
  const solution = document.createElement("p");
  solution.className = "typed";
  solution.dir = "auto";
  solution.textContent = answer.solution;
  const helped = document.createElement("button");
  helped.type = "button";
  helped.className = "button small";
  helped.textContent = box.dataset.helped ?? "";
  helped.addEventListener("click", () => {
    const thanks = document.createElement("p");
    thanks.className = "muted";
    thanks.tabIndex = -1;
    thanks.textContent = box.dataset.thanks ?? "";
    helped.replaceWith(thanks);
    thanks.focus();
    fetch(`${box.dataset.url}/${encodeURIComponent(answer.key)}/helped`, { method: "POST", credentials: "omit" }).catch(() => {});
  });
  details.append(summary, solution, helped);
  row.append(details);
  return row;
}
