//! The collector's public API, version 1, as the widget uses it.

use js_sys::Object;
use sayso_shared::Kind;
use sayso_shared::problem::ErrorCode;
use wasm_bindgen::JsValue;

use crate::form::{Fault, Field};
use crate::host::Host;
use crate::js;
use crate::state::{Answer, Attempt, Failure, Reason, Receipt, State};

/// Freezes what the customer has filled in, and where they are, into an attempt. Empty fields are left out.
pub fn attempt(host: &Host, state: &State) -> Attempt {
    let form = &state.form;
    let settings = &state.settings;
    let body = Object::new();
    js::put_text(&body, "kind", state.kind().map_or("", Kind::as_str));
    for field in [Field::Message, Field::DesiredOutcome] {
        if form.asks(field, settings) {
            js::put_text(&body, field.name(), form.text(field));
        }
    }
    if form.asks(Field::Category, settings) {
        js::put_text(&body, "category", &form.category);
    }
    for (field, score) in [(Field::Rating, form.rating), (Field::Importance, form.importance)] {
        if score > 0 && form.asks(field, settings) {
            js::put(&body, field.name(), &JsValue::from(score));
        }
    }
    js::put_text(&body, "reference", form.text(Field::Reference));
    let contact = Object::new();
    for field in [Field::Name, Field::Email, Field::Phone] {
        js::put_text(&contact, field.name(), form.text(field));
    }
    if Object::keys(&contact).length() > 0 {
        js::put(&body, "contact", &contact);
    }
    if form.asks(Field::Consent, settings) {
        js::put(&body, "consent", &JsValue::from(form.consent));
    }
    Attempt { key: host.uuid(), body: host.complete(&body) }
}

/// What became of an attempt. What is a success and what is none was decided where it was sent (`modules/post.js`), for the outbox too.
pub fn read_answer(json: &JsValue) -> Answer {
    if js::get(json, "kept").is_truthy() {
        return Answer::Kept;
    }
    let wait = js::get(json, "wait").as_f64().map_or(0, |seconds| seconds as u32);
    let reason = js::text(json, "reason").and_then(|reason| Reason::from_name(&reason));
    match (reason, js::text(json, "code"), js::text(json, "status_url")) {
        (Some(Reason::Refused), ..) => read_refusal(json),
        (None, Some(code), Some(status_url)) => {
            let first_response_due = js::text(&js::get(json, "promise"), "first_response_due");
            let left = js::text(json, "left").unwrap_or_default();
            Answer::Accepted(Receipt { code, status_url, first_response_due, left, email: String::new() })
        }
        (reason, ..) => Answer::Failed(Failure { reason: reason.unwrap_or(Reason::Server), wait }),
    }
}

/// Names the fields that are at fault. What is about something that no customer fills in is said as a whole.
fn read_refusal(json: &JsValue) -> Answer {
    let errors = js::text(json, "errors").unwrap_or_default();
    let fault = |code| match ErrorCode::parse(code) {
        Some(ErrorCode::Required | ErrorCode::TooShort) => Fault::Required,
        Some(ErrorCode::TooLong) => Fault::TooLong,
        _ => Fault::Invalid,
    };
    let known = errors.split('\n').filter_map(|line| line.split_once('\t'));
    let known: Vec<_> =
        known.filter_map(|(pointer, code)| Some((Field::from_pointer(pointer)?, fault(code)))).collect();
    if known.is_empty() {
        return Answer::Failed(Failure { reason: Reason::Refused, wait: 0 });
    }
    Answer::Invalid(known)
}
