//! The widget's texts in the visitor's language, from one of the files in `lang/`.

use wasm_bindgen::JsValue;
use yew::AttrValue;

use crate::js;

/// The texts of one language. A missing text shows its key: ugly, but nothing breaks.
#[derive(Clone, Debug)]
pub struct Words {
    texts: JsValue,
}

impl Words {
    /// Takes a language file as parsed by the browser.
    pub fn new(texts: JsValue) -> Self {
        Self { texts }
    }

    /// The text of a key.
    pub fn get(&self, key: &str) -> AttrValue {
        js::text(&self.texts, key).unwrap_or_else(|| key.to_owned()).into()
    }

    /// The text of a key with its one placeholder filled.
    pub fn fill(&self, key: &str, value: &str) -> AttrValue {
        let text = self.get(key);
        let Some((before, rest)) = text.split_once('{') else { return text };
        let after = rest.split_once('}').map_or("", |(_, after)| after);
        [before, value, after].concat().into()
    }

    /// The text of a key that is made of a stem and a name: `label_` and `email`.
    pub fn of(&self, stem: &str, name: &str) -> AttrValue {
        self.get(&[stem, name].concat())
    }
}
