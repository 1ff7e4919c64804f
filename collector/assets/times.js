// @ts-check
/**
 * The server writes times in UTC, since it does not know where its reader is; the browser does. Every
 * `<time datetime="…">` is written again in the reader's own zone, those that live.js brings later too.
 */

const lang = document.documentElement.lang || undefined;
const format = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });

/** @param {ParentNode} root */
function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.getAttribute("datetime") ?? "");
    const text = Number.isNaN(moment.getTime()) ? "" : format.format(moment);
    // Writing what is there already would wake the observer for ever.
    if (text && time.textContent !== text) time.textContent = text;
  }
}

localise(document);
new MutationObserver(() => localise(document)).observe(document.body, { childList: true, subtree: true });
