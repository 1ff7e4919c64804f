// @ts-check
/**
 * The console stays current: `<body data-live="/staff/live">` names an event stream. On its `refresh` event this page
 * is fetched again and every `[data-live-region="NAME"]` takes the content of the same region of the fetched page;
 * everything outside, a reply being written above all, stays as it is. The event's data, when there is any, is the
 * server's own sentence ("2 new cases") and is shown in `[data-live-announce]`, an element with `role="status"`.
 *
 * Where the page itself must not be fetched again, such as one whose every opening is recorded, `<body data-live-from="URL">` names one that has
 * the regions too.
 *
 * When the session has ended, the page goes to the sign-in page, so that nothing of what it showed stays on the screen.
 *
 * A hidden tab closes its stream, because a browser allows a host only six connections, and catches up when shown. So does a frame that was
 * fetched ahead (`pane.js`).
 */

const url = document.body.dataset.live;
/** Several events within this time make one fetch. */
const SETTLE = 150;
const SIGN_IN = "/staff/sign-in";

/** @type {EventSource | undefined} */
let stream;
let timer = 0;
let fetching = false;
let again = false;

/** @param {MessageEvent<string>} event */
function onRefresh(event) {
  const said = event.data.trim();
  const output = document.querySelector("[data-live-announce]");
  if (output && said) output.textContent = said;
  schedule();
}

function schedule() {
  clearTimeout(timer);
  timer = window.setTimeout(refresh, SETTLE);
}

async function refresh() {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    const answer = await fetch(document.body.dataset.liveFrom ?? location.href, { headers: { accept: "text/html", "sayso-asked-by": "page" }, credentials: "same-origin" });
    if (answer.status === 401 || new URL(answer.url).pathname === SIGN_IN) return leave();
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const region of document.querySelectorAll("[data-live-region]")) swap(region, fresh);
    // Somebody who writes is warned beside the button: what they answer is not the latest any more.
    for (const warning of document.querySelectorAll("[data-live-moved]")) {
      const now = fresh.querySelector("[data-live-moved]")?.getAttribute("data-live-moved");
      if (warning instanceof HTMLElement) warning.hidden = !now || now === warning.dataset.liveMoved;
    }
  } catch {
    // Offline: the stream reconnects by itself, and its reopening asks again.
  } finally {
    fetching = false;
    if (again) {
      again = false;
      schedule();
    }
  }
}

/**
 * @param {Element} region
 * @param {Document} fresh
 */
function swap(region, fresh) {
  const name = region.getAttribute("data-live-region") ?? "";
  const next = fresh.querySelector(`[data-live-region="${CSS.escape(name)}"]`);
  if (!next || markup(next) === markup(region)) return;
  const active = region.contains(document.activeElement) ? document.activeElement : null;
  if (active?.matches("input, textarea, select") || hasTypedText(region)) {
    // Somebody is filling in a field here: wait until they are elsewhere.
    region.addEventListener("focusout", schedule, { once: true });
    return;
  }
  const same = active && sameElement(active);
  region.replaceChildren(...[...next.childNodes].map((node) => document.importNode(node, true)));
  const found = same && region.querySelector(same);
  if (found instanceof HTMLElement) found.focus({ preventScroll: true });
}

/**
 * What a region says, without the wording of its times: times.js has written those in the reader's own zone.
 * @param {Element} region
 * @returns {string}
 */
function markup(region) {
  const copy = /** @type {Element} */ (region.cloneNode(true));
  for (const time of copy.querySelectorAll("time[datetime]")) time.textContent = "";
  return copy.innerHTML;
}

/**
 * @param {Element} region
 * @returns {boolean}
 */
function hasTypedText(region) {
  // What somebody has chosen is not lost either.
  const boxes = region.querySelectorAll("input[type=checkbox]");
  if ([...boxes].some((box) => box instanceof HTMLInputElement && box.checked !== box.defaultChecked)) return true;
  return [...region.querySelectorAll("textarea, input:not([type=hidden], [type=checkbox], [type=radio])")].some(
    (field) =>
      (field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement) && field.value !== field.defaultValue,
  );
}

/**
 * A selector that finds the same link or button in the new content.
 * @param {Element} element
 * @returns {string | undefined}
 */
function sameElement(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const href = element.getAttribute("href");
  return href ? `a[href="${CSS.escape(href)}"]` : undefined;
}

/** Goes to the sign-in page, and from there back to this one. A page in a frame takes the one around it along. */
function leave() {
  close();
  const here = window.top ?? window;
  // In the place of this page, so that the way back does not show it either.
  here.location.replace(`${SIGN_IN}?${new URLSearchParams({ next: here.location.pathname + here.location.search })}`);
}

/** @param {string} from */
function open(from) {
  if (stream) return;
  stream = new EventSource(from);
  stream.addEventListener("refresh", onRefresh);
  let opened = false;
  stream.addEventListener("open", () => {
    // Whatever happened while the stream was away came without an event.
    if (opened) schedule();
    opened = true;
  });
  stream.addEventListener("error", () => {
    // It is tried again by itself unless it was refused, which it is without a session; only the page can say so.
    if (stream?.readyState === EventSource.CLOSED) schedule();
  });
}

function close() {
  stream?.close();
  stream = undefined;
}

/** Whether nobody looks at this page yet. */
function waits() {
  return window.frameElement?.hasAttribute("data-ahead") ?? false;
}

if (url) {
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return close();
    if (waits()) return;
    open(url);
    schedule();
  });
  // A page kept for the back button must not hold its connection.
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && !document.hidden) {
      open(url);
      schedule();
    }
  });
  if (!document.hidden && !waits()) open(url);
  window.addEventListener("sayso:shown", () => {
    open(url);
    schedule();
  });
}
