//! The collector's public API, version 1, as the widget uses it.

use js_sys::Object;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::form::{Fault, Field};
use crate::host::Host;
use crate::js;
use crate::settings::Settings;
use crate::state::{Answer, Attempt, Failure, Reason, Receipt, State};

/// Freezes what the customer has filled in, and where they are, into an attempt. Empty fields are left out.
pub fn attempt(host: &Host, state: &State) -> Attempt {
    let form = &state.form;
    let settings = &state.settings;
    let body = Object::new();
    js::put_text(&body, "kind", state.kind().as_str());
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

/// Sends an attempt and waits until it is known what became of it.
pub async fn send(host: &Host, attempt: &Attempt) -> (u16, Answer) {
    let answer = JsFuture::from(host.send(&attempt.key, &attempt.body)).await.unwrap_or(JsValue::UNDEFINED);
    let status = js::get(&answer, "status").as_f64().map_or(0, |status| status as u16);
    (status, read_answer(&answer))
}

/// Hands an attempt that has failed over to the outbox; where that can't take it, everything stays as it was.
pub async fn keep(host: &Host, attempt: &Attempt, failure: Failure) -> Answer {
    let kept = host.later(&attempt.key, &attempt.body, failure.reason.name(), failure.wait);
    match read_answer(&JsFuture::from(kept).await.unwrap_or(JsValue::UNDEFINED)) {
        Answer::Kept => Answer::Kept,
        _ => Answer::Failed(failure),
    }
}

/// The panel has decided what is a success and what is none (`post` in `loader/panel.js`), for the outbox too.
fn read_answer(json: &JsValue) -> Answer {
    if js::get(json, "kept").is_truthy() {
        return Answer::Kept;
    }
    let wait = js::get(json, "wait").as_f64().map_or(0, |seconds| seconds as u32);
    let reason = js::text(json, "reason").and_then(|reason| Reason::from_name(&reason));
    match (reason, js::text(json, "code"), js::text(json, "status_url")) {
        (Some(Reason::Refused), ..) => read_refusal(json),
        (None, Some(code), Some(status_url)) => {
            let first_response_due = js::text(&js::get(json, "promise"), "first_response_due");
            Answer::Accepted(Receipt { code, status_url, first_response_due })
        }
        (reason, ..) => Answer::Failed(Failure { reason: reason.unwrap_or(Reason::Server), wait }),
    }
}

/// Names the fields that are at fault. What is about something that no customer fills in is said as a whole.
fn read_refusal(json: &JsValue) -> Answer {
    let errors = js::text(json, "errors").unwrap_or_default();
    let fault = |code| match code {
        "required" | "too_short" => Fault::Required,
        "too_long" => Fault::TooLong,
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

/// The site's settings in the visitor's language, once they have come; the default if they never do.
pub async fn settings(host: &Host) -> Settings {
    let lines = JsFuture::from(host.settings()).await.ok().and_then(|lines| lines.as_string());
    Settings::read(&lines.unwrap_or_default())
}
