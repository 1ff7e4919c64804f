//! The collector's public API, version 1, as the widget uses it.

use js_sys::Object;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::form::{Fault, Field};
use crate::host::Host;
use crate::js;
use crate::settings::{Settings, is_web};
use crate::state::{Answer, Attempt, Failure, Reason, Receipt, Repeat, State};

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

/// Sends an attempt and waits until the collector has said what became of it.
pub async fn send(host: &Host, attempt: &Attempt) -> (u16, Answer) {
    let answer = JsFuture::from(host.send(&attempt.key, &attempt.body)).await.unwrap_or(JsValue::UNDEFINED);
    let number = |name| js::get(&answer, name).as_f64();
    let status = number("status").map_or(0, |status| status as u16);
    let wait = number("wait").map_or(0, |seconds| seconds as u32);
    (status, read_answer(status, &answer, wait))
}

fn failed(reason: Reason, wait: u32, repeat: Repeat) -> Answer {
    Answer::Failed(Failure { reason, wait, repeat })
}

/// Only a 201 with a code is a success. Whatever leaves open whether it was stored asks for the same attempt again.
fn read_answer(status: u16, json: &JsValue, wait: u32) -> Answer {
    match status {
        201 => read_receipt(json).map_or(failed(Reason::Server, 0, Repeat::SameAttempt), Answer::Accepted),
        403 => failed(Reason::Origin, 0, Repeat::NewAttempt),
        404 => failed(Reason::Site, 0, Repeat::NewAttempt),
        0 => failed(Reason::Network, 0, Repeat::SameAttempt),
        409 | 429 | 503 => failed(Reason::Busy, wait, Repeat::SameAttempt),
        400..500 => read_refusal(json),
        _ => failed(Reason::Server, 0, Repeat::SameAttempt),
    }
}

fn read_receipt(json: &JsValue) -> Option<Receipt> {
    Some(Receipt {
        code: js::text(json, "code")?,
        status_url: js::text(json, "status_url").filter(|url| is_web(url))?,
        first_response_due: js::text(&js::get(json, "promise"), "first_response_due"),
    })
}

fn read_refusal(json: &JsValue) -> Answer {
    let errors = js::text(json, "errors").unwrap_or_default();
    let mut known = Vec::new();
    let mut unknown = errors.is_empty();
    for (pointer, code) in errors.split('\n').filter_map(|line| line.split_once('\t')) {
        let fault = match code {
            "identity_expired" => return failed(Reason::Identity, 0, Repeat::NewAttempt),
            "required" | "too_short" => Fault::Required,
            "too_long" => Fault::TooLong,
            _ => Fault::Invalid,
        };
        match Field::from_pointer(pointer) {
            Some(field) => known.push((field, fault)),
            None => unknown = true,
        }
    }
    // What the form can't show in place is said as a whole.
    if unknown {
        return failed(Reason::Refused, 0, Repeat::NewAttempt);
    }
    Answer::Invalid(known)
}

/// The site's settings in the visitor's language, once they have come; the default if they never do.
pub async fn settings(host: &Host) -> Settings {
    let lines = JsFuture::from(host.settings()).await.ok().and_then(|lines| lines.as_string());
    Settings::read(&lines.unwrap_or_default())
}
