// @ts-check
/**
 * The list of cases and beside it the case that was chosen, in a frame of its own: so the list keeps its place, and what is typed, sent and
 * refused in the case stays there. Without script a row's link leads into the frame by its `target`.
 *
 * The next case is fetched ahead into a second frame, and pressing `j` only swaps the two. A page in the frame that waits is told by
 * `sayso:shown` that somebody looks at it now, and marks nothing as read before (`opened.js`, `live.js`).
 *
 * The keys of both sides are one keyboard: `keys.js` sends `sayso:step` from the frame to here, and `sayso:key` from here into it.
 */

const pane = document.querySelector("[data-pane]");
const frames = [...(pane?.querySelectorAll("iframe") ?? [])];
/** As in the style sheet: below it there is no room for both. */
const room = window.matchMedia("(min-width: 75rem)");
let [front, ahead] = frames;

/** @returns {HTMLAnchorElement[]} */
function links() {
  return [...document.querySelectorAll("[data-case] a.to-pane")].filter((link) => link instanceof HTMLAnchorElement);
}

/** @param {HTMLIFrameElement | undefined} frame */
function path(frame) {
  return frame?.contentDocument ? (frame.contentWindow?.location.pathname ?? "") : "";
}

/** @param {HTMLAnchorElement} link */
function show(link) {
  if (!front || !ahead) return;
  const wanted = link.pathname;
  if (path(front) !== wanted) {
    if (path(ahead) === wanted && ahead.contentDocument?.readyState === "complete") {
      [front, ahead] = [ahead, front];
      front.classList.remove("ahead");
      ahead.classList.add("ahead");
      for (const frame of [front, ahead]) {
        const waits = frame === ahead;
        frame.toggleAttribute("data-ahead", waits);
        frame.tabIndex = waits ? -1 : 0;
        frame.ariaHidden = waits ? "true" : null;
        frame.name = waits ? "" : "case";
      }
      front.contentWindow?.dispatchEvent(new Event("sayso:shown"));
    } else {
      // Not by `src`: the browser's Back leads out of the inbox, and not through every case that was looked at.
      front.contentWindow?.location.replace(wanted);
    }
  }
  const id = wanted.split("/").pop() ?? "";
  const address = new URL(location.href);
  address.searchParams.set("open", id);
  history.replaceState(history.state, "", address);
  mark(id);
  link.closest("[data-case]")?.scrollIntoView({ block: "nearest" });
  fetchAhead(link);
}

/** @param {string} id */
function mark(id) {
  for (const row of document.querySelectorAll("[data-case]")) {
    if (row.getAttribute("data-case") === id) {
      row.setAttribute("aria-current", "true");
      row.classList.remove("unread");
    } else row.removeAttribute("aria-current");
  }
}

/** @param {HTMLAnchorElement} link */
function fetchAhead(link) {
  const all = links();
  const next = all[all.indexOf(link) + 1];
  if (!next || !ahead || path(ahead) === next.pathname) return;
  // What the reader waits for comes first.
  const fetchNext = () => ahead?.contentWindow?.location.replace(next.pathname);
  if (front?.contentDocument?.readyState === "complete" && path(front) === link.pathname) fetchNext();
  else front?.addEventListener("load", fetchNext, { once: true });
}

/**
 * Goes to the next case of the list, or with -1 to the one before.
 * @param {number} by
 */
function step(by) {
  const all = links();
  const at = all.findIndex((link) => link.closest("[aria-current]"));
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by];
  if (next) show(next);
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a.to-pane") : null;
  // A key held down asks for a tab or a window of its own.
  if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || !room.matches) return;
  event.preventDefault();
  show(link);
});

// A page that nobody may frame, such as the one to sign in at once a session has ended: then the whole page is to go there.
for (const frame of frames) {
  frame.addEventListener("load", () => {
    if (!frame.contentDocument) location.reload();
  });
}

// The case that the address names is there already; what is left is its row, and the next one.
const opened = links().find((link) => link.closest("[aria-current]"));
if (opened && room.matches) {
  opened.closest("[data-case]")?.scrollIntoView({ block: "nearest" });
  fetchAhead(opened);
}

// An event of the page in the frame is no instance of this page's own class.
window.addEventListener("sayso:step", (event) => {
  if ("detail" in event) step(Number(event.detail));
});

window.addEventListener("sayso:key", (event) => {
  if (!("detail" in event)) return;
  const inside = front?.contentWindow;
  inside?.focus();
  inside?.dispatchEvent(new CustomEvent("sayso:key", { detail: event.detail }));
});
