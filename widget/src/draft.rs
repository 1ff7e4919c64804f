//! The draft in localStorage: what was typed outlives a reload, together with the attempt whose outcome is unknown.

use js_sys::Object;
use sayso_shared::Kind;
use wasm_bindgen::JsValue;

use crate::form::{Field, Form, TEXT_FIELDS};
use crate::host::Host;
use crate::js;
use crate::state::{Attempt, State};

/// Keeps what has been filled in, or removes the draft if that is nothing.
pub fn save(host: &Host, state: &State) {
    let form = &state.form;
    if form.is_blank() {
        host.keep(&JsValue::UNDEFINED);
        return;
    }
    let draft = Object::new();
    for field in TEXT_FIELDS {
        if !form.text(field).is_empty() {
            js::put(&draft, field.name(), &JsValue::from_str(form.text(field)));
        }
    }
    js::put_text(&draft, "kind", form.kind.map_or("", Kind::as_str));
    js::put_text(&draft, "category", &form.category);
    js::put(&draft, "rating", &JsValue::from(form.rating));
    js::put(&draft, "importance", &JsValue::from(form.importance));
    if let Some(attempt) = &state.attempt {
        js::put(&draft, "key", &JsValue::from_str(&attempt.key));
        js::put(&draft, "body", &JsValue::from_str(&attempt.body));
    }
    host.keep(&draft);
}

/// What was kept, if anything was.
pub fn load(host: &Host) -> Option<(Form, Option<Attempt>)> {
    let draft = host.kept();
    if !draft.is_object() {
        return None;
    }
    let score = |field: Field| js::get(&draft, field.name()).as_f64().map_or(0, |score| score as u8).min(5);
    let mut form = Form::default();
    form.kind = js::text(&draft, "kind").and_then(|kind| Kind::parse(&kind));
    form.category = js::text(&draft, "category").unwrap_or_default();
    form.rating = score(Field::Rating);
    form.importance = score(Field::Importance);
    for field in TEXT_FIELDS {
        form.set_text(field, js::text(&draft, field.name()).unwrap_or_default());
    }
    let attempt = js::text(&draft, "key").zip(js::text(&draft, "body")).map(|(key, body)| Attempt { key, body });
    Some((form, attempt))
}
