//! What the screens know of the page that they are on: the object that the loader, the panel and the modules share.

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{Blob, Element};

#[wasm_bindgen]
extern "C" {
    /// Its values change by the page's commands, so they are read at the moment that they are needed.
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
    /// Who writes: the subject of a signed token, the address of somebody who is only named, or nobody in particular.
    #[wasm_bindgen(method)]
    pub fn who(this: &Host) -> String;

    /// The text of a key with a number in it, in the form that the language has for that number.
    #[wasm_bindgen(method)]
    pub fn count(this: &Host, key: &str, number: u32) -> String;
    /// A number for people, in the digits of their language.
    #[wasm_bindgen(method)]
    pub fn number(this: &Host, number: f64) -> String;
    /// A time for people, in their language and time zone; nothing if it is none.
    #[wasm_bindgen(method)]
    pub fn date(this: &Host, rfc3339: &str) -> Option<String>;
    /// A UUID of version 4.
    #[wasm_bindgen(method)]
    pub fn uuid(this: &Host) -> String;
    /// Adds a stylesheet to the shadow root.
    #[wasm_bindgen(method)]
    pub fn style(this: &Host, css: &str);

    /// Sends a file to the collector, once: whoever asks again for the same one gets what came of it. Calls `progress` with a share of 1 as it
    /// goes. The promise never fails: it gives `{id}`, or the `reason` why not (`file` if the file itself is at fault).
    #[wasm_bindgen(method)]
    pub fn upload(this: &Host, file: &Blob, name: &str, progress: &Function) -> Promise;
    /// Stops sending a file, and forgets it.
    #[wasm_bindgen(method)]
    pub fn cancel(this: &Host, file: &Blob);
    /// The first element of the panel that matches a selector.
    #[wasm_bindgen(method)]
    pub fn find(this: &Host, selector: &str) -> Option<Element>;
    /// Gives the first element of the panel that matches a selector the focus.
    #[wasm_bindgen(method)]
    pub fn focus(this: &Host, selector: &str);
    /// Takes everything of the widget out of sight, or brings it back: for a picture of the page.
    #[wasm_bindgen(method)]
    pub fn veil(this: &Host, hidden: bool);
    /// Shows the form again, in place of another screen.
    #[wasm_bindgen(method)]
    pub fn home(this: &Host);
    /// An answer has helped, so that nobody need ask.
    #[wasm_bindgen(method)]
    pub fn helped(this: &Host, key: &str);
    /// The customer has seen what is new in their cases.
    #[wasm_bindgen(method)]
    pub fn seen(this: &Host);
}

impl PartialEq for Host {
    // There is one, for as long as there is a widget.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
