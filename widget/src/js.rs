//! Reading and building plain JavaScript objects. The browser has a JSON parser already; bringing another one would
//! cost the visitor ten kilobytes.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Any element of the form: reading its value is the same for all that have one.
    #[wasm_bindgen(extends = web_sys::EventTarget)]
    #[derive(Debug)]
    pub type Control;
    /// The `name` of a control, by which the form knows it.
    #[wasm_bindgen(method, getter)]
    pub fn name(this: &Control) -> String;
    /// The `id`, by which the form knows a button.
    #[wasm_bindgen(method, getter)]
    pub fn id(this: &Control) -> String;
    /// The nearest element around it that matches a selector, or itself.
    #[wasm_bindgen(method)]
    pub fn closest(this: &Control, selector: &str) -> Option<Control>;
    /// What was typed or chosen.
    #[wasm_bindgen(method, getter)]
    pub fn value(this: &Control) -> String;
    /// Whether a box is ticked.
    #[wasm_bindgen(method, getter)]
    pub fn checked(this: &Control) -> bool;
}

/// The value under a name; `undefined` if there is none or `value` is no object.
pub fn get(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// The string under a name.
pub fn text(value: &JsValue, name: &str) -> Option<String> {
    get(value, name).as_string()
}

/// Sets a value under a name.
pub fn put(object: &Object, name: &str, value: &JsValue) {
    // Reflect.set fails on frozen objects only, and these are ours.
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}

/// Sets a text under a name, unless it is blank.
pub fn put_text(object: &Object, name: &str, text: &str) {
    let text = text.trim();
    if !text.is_empty() {
        put(object, name, &JsValue::from_str(text));
    }
}
