//! What the screens know of the page that they are on: the object that the loader, the panel and the modules share.

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
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
    /// Shows the list of the files of a reply in an element.
    #[wasm_bindgen(method, js_name = listReply)]
    pub fn list_reply(this: &Host, place: &Element);
    /// Takes that list away.
    #[wasm_bindgen(method, js_name = endReply)]
    pub fn end_reply(this: &Host);
    /// Empties it, since the reply has been sent.
    #[wasm_bindgen(method, js_name = clearReply)]
    pub fn clear_reply(this: &Host);
    /// Sends what has not been sent of the files of a reply: a promise of an array of their identifiers, which fails with a status, 0 for none.
    #[wasm_bindgen(method)]
    pub fn carry(this: &Host) -> Promise;
    /// A promise of a text without what has to be hidden before it leaves.
    #[wasm_bindgen(method)]
    pub fn masked(this: &Host, text: &str) -> Promise;
    /// Whether the customer wants to send it as they wrote it, but for numbers of cards.
    #[wasm_bindgen(method)]
    pub fn insists(this: &Host) -> bool;
    /// Looks again at what is written in a field, as far as something in it has to be hidden, and says so below it.
    #[wasm_bindgen(method)]
    pub fn doubt(this: &Host, field: &Element);
    /// The types of files that may be chosen.
    #[wasm_bindgen(method, getter)]
    pub fn accepts(this: &Host) -> String;
    /// Shows the survey with this address.
    #[wasm_bindgen(method)]
    pub fn survey(this: &Host, url: &str);
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

impl Host {
    /// A text without what has to be hidden before it leaves.
    pub async fn without_secrets(&self, text: &str) -> String {
        let masked = JsFuture::from(self.masked(text)).await.ok();
        masked.and_then(|masked| masked.as_string()).unwrap_or_else(|| text.to_owned())
    }
}

impl PartialEq for Host {
    // There is one, for as long as there is a widget.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
