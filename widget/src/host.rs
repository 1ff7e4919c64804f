//! What the widget and the panel around it (`loader/panel.js`) know of each other.

use js_sys::Object;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::Node;

#[wasm_bindgen]
extern "C" {
    /// The object that the loader, the panel and the widget share. Its values change by the page's commands, so
    /// they are read at the moment that they are needed.
    #[derive(Clone, Debug)]
    pub type Host;

    /// Origin of the collector.
    #[wasm_bindgen(method, getter)]
    pub fn base(this: &Host) -> String;
    /// Key of the site.
    #[wasm_bindgen(method, getter)]
    pub fn site(this: &Host) -> String;
    /// The texts: an object of strings.
    #[wasm_bindgen(method, getter)]
    pub fn words(this: &Host) -> JsValue;
    /// A signed token, or an object with `name` and `email`, or nothing.
    #[wasm_bindgen(method, getter)]
    pub fn identity(this: &Host) -> JsValue;
    /// Asks for the site's settings, which [`crate::entry::settled`] gets.
    #[wasm_bindgen(method)]
    pub fn settings(this: &Host);

    /// The field of the message, which was there before the form, made to show this: its text, the id of what describes it or nothing,
    /// `"true"` or nothing for a text that can't be sent, and whether it can't be changed now.
    #[wasm_bindgen(method)]
    pub fn message(this: &Host, text: &str, described: &str, invalid: &str, read_only: bool) -> Node;

    /// A part of the form that is the panel's own: `attach`, for files, or `mine`, the way to the customer's cases.
    #[wasm_bindgen(method)]
    pub fn slot(this: &Host, name: &str) -> Node;

    /// Tells the page: an event `sayso:{name}` on its document.
    #[wasm_bindgen(method)]
    pub fn emit(this: &Host, name: &str, detail: &Object);
    /// Gives the first element of the widget that matches a selector the focus.
    #[wasm_bindgen(method)]
    pub fn focus(this: &Host, selector: &str);
    /// Puts a text on the clipboard; [`crate::entry::copied`] hears whether that worked.
    #[wasm_bindgen(method)]
    pub fn copy(this: &Host, text: &str);
    /// Calls the function of [`crate::entry`] with this name after a while; a call that is waiting is put off.
    #[wasm_bindgen(method)]
    pub fn after(this: &Host, name: &str, milliseconds: u32);
    /// The text of a key with a number in it, in the form that the language has for that number.
    #[wasm_bindgen(method)]
    pub fn count(this: &Host, key: &str, number: u32) -> String;
    /// A number for people, in the digits of their language.
    #[wasm_bindgen(method)]
    pub fn number(this: &Host, number: u32) -> String;
    /// A time for people, in their language and time zone; nothing if it is none.
    #[wasm_bindgen(method)]
    pub fn date(this: &Host, rfc3339: &str) -> Option<String>;

    /// Keeps the draft; `undefined` removes it.
    #[wasm_bindgen(method)]
    pub fn keep(this: &Host, draft: &JsValue);
    /// The draft that was kept, if there is one.
    #[wasm_bindgen(method)]
    pub fn kept(this: &Host) -> JsValue;

    /// A UUID of version 4.
    #[wasm_bindgen(method)]
    pub fn uuid(this: &Host) -> String;
    /// Adds to a feedback what only the page knows (where, in which language, when), and freezes it as JSON.
    #[wasm_bindgen(method)]
    pub fn complete(this: &Host, feedback: &Object) -> String;
    /// Sends a feedback with its `Idempotency-Key`, through the outbox if there is one. [`crate::entry::answered`] gets `{kept: true}` if
    /// the outbox has it and will try again; else the members of the answer and its `status` (0: no answer), the `reason` if it is no
    /// success, the seconds to `wait`, and `errors` as lines of pointer, tab and code.
    #[wasm_bindgen(method)]
    pub fn send(this: &Host, key: &str, body: &str);
    /// Whether the outbox would take what has failed, but has to be told to.
    #[wasm_bindgen(method)]
    pub fn offers(this: &Host) -> bool;
    /// Gives what has failed to the outbox. [`crate::entry::answered`] gets `{kept: true}` once that has it, and where it can't take it
    /// the `reason` and the `wait` as they were.
    #[wasm_bindgen(method)]
    pub fn later(this: &Host, key: &str, body: &str, reason: &str, wait: u32);
}
