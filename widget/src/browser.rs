//! The few things that the widget asks of the browser.

use js_sys::{Date, Object, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement, HtmlTextAreaElement, Storage};

use crate::js;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn random_values(into: &Uint8Array);

    #[wasm_bindgen(thread_local_v2, js_namespace = globalThis, js_name = navigator)]
    static NAVIGATOR: JsValue;

    /// `navigator.clipboard`, absent on pages that are served over plain http.
    type Clipboard;
    #[wasm_bindgen(method, js_name = writeText)]
    fn write_text(this: &Clipboard, text: &str) -> js_sys::Promise;

    /// Any element that holds a value: reading it is the same for all of them.
    #[wasm_bindgen(extends = web_sys::EventTarget)]
    pub type Control;
    #[wasm_bindgen(method, getter)]
    pub fn value(this: &Control) -> String;
    #[wasm_bindgen(method, getter)]
    pub fn checked(this: &Control) -> bool;

    type CopyDocument;
    #[wasm_bindgen(method, js_name = execCommand, catch)]
    fn exec_command(this: &CopyDocument, command: &str) -> Result<bool, JsValue>;
}

/// A UUID of version 4. `crypto.randomUUID` is missing on plain http, `getRandomValues` is everywhere.
pub fn uuid() -> String {
    let values = Uint8Array::new_with_length(16);
    random_values(&values);
    let mut bytes = values.to_vec();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut uuid = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            uuid.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            uuid.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    uuid
}

/// The time in RFC 3339.
pub fn now() -> String {
    Date::new_0().to_iso_string().into()
}

/// A time for people: weekday, day, month, hour and minute in their language and time zone.
pub fn date(rfc3339: &str, lang: &str) -> Option<String> {
    let date = Date::new(&JsValue::from_str(rfc3339));
    if date.get_time().is_nan() {
        return None;
    }
    let options = Object::new();
    for (part, form) in
        [("weekday", "long"), ("month", "long"), ("day", "numeric"), ("hour", "numeric"), ("minute", "2-digit")]
    {
        js::put(&options, part, &JsValue::from_str(form));
    }
    Some(date.to_locale_string(lang, &options).into())
}

/// localStorage, unless the browser or the page's settings deny it.
pub fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

/// Gives an element of the widget the focus.
pub fn focus(body: &Element, selector: &str) {
    if let Ok(Some(element)) = body.query_selector(selector) {
        let _ = element.unchecked_into::<HtmlElement>().focus();
    }
}

/// Puts a text on the clipboard, by the old way where the new one is missing.
pub async fn copy(body: &Element, text: &str) -> bool {
    let clipboard = NAVIGATOR.with(|navigator| js::get(navigator, "clipboard"));
    if !clipboard.is_undefined() {
        let promise = clipboard.unchecked_into::<Clipboard>().write_text(text);
        if wasm_bindgen_futures::JsFuture::from(promise).await.is_ok() {
            return true;
        }
    }
    copy_by_selection(body, text).is_some_and(|copied| copied)
}

fn copy_by_selection(body: &Element, text: &str) -> Option<bool> {
    let document = body.owner_document()?;
    let area: HtmlTextAreaElement = document.create_element("textarea").ok()?.unchecked_into();
    area.set_class_name("offscreen");
    area.set_value(text);
    body.append_child(&area).ok()?;
    area.select();
    let copied = document.unchecked_into::<CopyDocument>().exec_command("copy").ok();
    area.remove();
    copied
}
