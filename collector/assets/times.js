// @ts-check
/**
 * The server writes times in UTC, since it does not know where its reader is; the browser does. Every
 * `<time datetime="…">` is written again in the reader's own zone, those that live.js brings later too; with
 * `data-time="date"` only the day.
 */

const page = document.documentElement.lang || "en";
const primary = page.split("-")[0];
/** The reader's own variety of the page's language: days come first in Britain, months in America. */
const own = navigator.languages.find((tag) => tag.split("-")[0] === primary && primary !== "zh") ?? page;

/** @type {Intl.DateTimeFormatOptions} */
const clock = primary === "zh" ? { timeStyle: "short", hourCycle: "h23" } : { timeStyle: "short" };
const moment = new Intl.DateTimeFormat(own, { dateStyle: "medium", ...clock });
const day = new Intl.DateTimeFormat(own, { dateStyle: "medium" });

function localise() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const at = new Date(time.getAttribute("datetime") ?? "");
    if (Number.isNaN(at.getTime())) continue;
    const text = (time.getAttribute("data-time") === "date" ? day : moment).format(at);
    // Writing what is there already would wake the observer for ever.
    if (time.textContent !== text) time.textContent = text;
  }
}

localise();
new MutationObserver(localise).observe(document.body, { childList: true, subtree: true });
