//! The texts in the visitor's language.

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use yew::AttrValue;

use crate::host::Host;

/// The texts of one language. A missing text shows its key: ugly, but nothing breaks.
#[derive(Clone, Debug)]
pub struct Words {
    texts: JsValue,
    host: Host,
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl Words {
    /// Those that the page has at this moment.
    pub fn of(host: &Host) -> Self {
        Self { texts: host.words(), host: host.clone() }
    }

    /// The text of a key.
    pub fn get(&self, key: &str) -> AttrValue {
        let text = Reflect::get(&self.texts, &JsValue::from_str(key)).ok();
        text.and_then(|text| text.as_string()).unwrap_or_else(|| key.to_owned()).into()
    }

    /// The text of a key that is made of a stem and a name: `stage_` and `received`.
    pub fn of_name(&self, stem: &str, name: &str) -> AttrValue {
        self.get(&[stem, name].concat())
    }

    /// The text of a key with its placeholders filled, in the order in which they are given.
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> AttrValue {
        let mut text = self.get(key).to_string();
        for (name, value) in values {
            text = text.replace(&["{", name, "}"].concat(), value);
        }
        text.into()
    }

    /// The text of a key with a number in it.
    pub fn count(&self, key: &str, number: usize) -> AttrValue {
        self.host.count(key, u32::try_from(number).unwrap_or(u32::MAX)).into()
    }

    /// A size for people: `1.2 MB`, `830 KB`.
    pub fn size(&self, bytes: f64) -> AttrValue {
        const KILO: f64 = 1_000.0;
        let tenths = |value: f64| (value * 10.0).round() / 10.0;
        let (key, value) = match bytes {
            small if small < KILO * KILO => ("size_kb", (small / KILO).ceil()),
            large => ("size_mb", tenths(large / KILO / KILO)),
        };
        self.fill(key, &[("size", &self.host.number(value))])
    }
}
