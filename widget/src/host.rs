//! What the widget and the panel around it (`loader/panel.js`) know of each other.

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

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
    /// Language of the texts.
    #[wasm_bindgen(method, getter)]
    pub fn lang(this: &Host) -> String;
    /// The texts: an object of strings.
    #[wasm_bindgen(method, getter)]
    pub fn words(this: &Host) -> JsValue;
    /// The tag's `data-*` attributes.
    #[wasm_bindgen(method, getter)]
    pub fn data(this: &Host) -> JsValue;
    /// What the page adds to every feedback.
    #[wasm_bindgen(method, getter)]
    pub fn context(this: &Host) -> JsValue;
    /// The page's own order or ticket number.
    #[wasm_bindgen(method, getter)]
    pub fn reference(this: &Host) -> Option<String>;
    /// A signed token, or an object with `name` and `email`, or nothing.
    #[wasm_bindgen(method, getter)]
    pub fn identity(this: &Host) -> JsValue;
    /// The site's settings, on their way.
    #[wasm_bindgen(method, getter)]
    pub fn settings(this: &Host) -> Promise;

    /// Adds a stylesheet to the shadow root.
    #[wasm_bindgen(method)]
    pub fn style(this: &Host, css: &str);
    /// Takes the site's accent colour, unless the tag has one.
    #[wasm_bindgen(method)]
    pub fn tint(this: &Host, accent: &str);
    /// Tells the page: an event `sayso:{name}` on its document.
    #[wasm_bindgen(method)]
    pub fn emit(this: &Host, name: &str, detail: &JsValue);
}
