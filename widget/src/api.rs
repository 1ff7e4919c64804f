//! The collector's public API, version 1, as the widget uses it.

use js_sys::{JSON, Object, Promise};
use sayso_shared::{Kind, limits};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::browser;
use crate::form::{Fault, Field};
use crate::host::Host;
use crate::js;
use crate::settings::{Category, Settings, Texts};
use crate::state::{Answer, Attempt, Failure, Reason, Receipt, Repeat, State};

/// Longer than any collector that is well takes; shorter than a visitor's patience.
const TIMEOUT_MS: f64 = 30_000.0;

#[wasm_bindgen]
extern "C" {
    fn fetch(url: &str, options: &Object) -> Promise;

    type Response;
    #[wasm_bindgen(method, getter)]
    fn status(this: &Response) -> u16;
    #[wasm_bindgen(method, getter)]
    fn headers(this: &Response) -> Headers;
    #[wasm_bindgen(method)]
    fn json(this: &Response) -> Promise;

    type Headers;
    #[wasm_bindgen(method)]
    fn get(this: &Headers, name: &str) -> Option<String>;

    type AbortSignal;
    #[wasm_bindgen(static_method_of = AbortSignal, catch)]
    fn timeout(milliseconds: f64) -> Result<AbortSignal, JsValue>;

    #[wasm_bindgen(thread_local_v2, js_name = document)]
    static DOCUMENT: JsValue;
    #[wasm_bindgen(thread_local_v2, js_name = location)]
    static LOCATION: JsValue;
}

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
    // What the page knows counts until the customer says otherwise.
    js::put_text(&body, "reference", &host.reference().unwrap_or_default());
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
    js::put_text(&body, "locale", &host.lang());
    js::put(&body, "page", &page());
    if Object::keys(host.context().unchecked_ref::<Object>()).length() > 0 {
        js::put(&body, "context", &host.context());
    }
    js::put_text(&body, "composed_at", &browser::now());
    Attempt { key: browser::uuid(), body: JSON::stringify(&body).map(String::from).unwrap_or_default() }
}

/// Where the customer is at this moment, so that pages that replace themselves need no help.
fn page() -> Object {
    let page = Object::new();
    let put = |name, text: Option<String>, max| {
        let text: String = text.unwrap_or_default().chars().take(max).collect();
        js::put_text(&page, name, &text);
    };
    put("url", LOCATION.with(|location| js::text(location, "href")), limits::URL_MAX);
    put("title", DOCUMENT.with(|document| js::text(document, "title")), limits::PAGE_TITLE_MAX);
    put("referrer", DOCUMENT.with(|document| js::text(document, "referrer")), limits::URL_MAX);
    page
}

/// Sends an attempt and waits until the collector has said what became of it.
pub async fn send(host: &Host, attempt: &Attempt) -> (u16, Answer) {
    let headers = Object::new();
    js::put_text(&headers, "Content-Type", "application/json");
    js::put_text(&headers, "Idempotency-Key", &attempt.key);
    let options = Object::new();
    js::put_text(&options, "method", "POST");
    js::put_text(&options, "credentials", "omit");
    js::put(&options, "headers", &headers);
    js::put(&options, "body", &JsValue::from_str(&with_identity(host, &attempt.body)));
    if let Ok(signal) = AbortSignal::timeout(TIMEOUT_MS) {
        js::put(&options, "signal", &signal);
    }
    let url = [&*host.base(), "/api/v1/sites/", &host.site(), "/feedback"].concat();
    let Ok(response) = JsFuture::from(fetch(&url, &options)).await else {
        return (0, failed(Reason::Network, 0, Repeat::SameAttempt));
    };
    let response: Response = response.unchecked_into();
    let status = response.status();
    let json = JsFuture::from(response.json()).await.unwrap_or(JsValue::UNDEFINED);
    (status, read_answer(status, &json, response.headers().get("Retry-After")))
}

/// The token is no part of what makes two submissions equal, and it expires: the newest one goes along.
fn with_identity(host: &Host, body: &str) -> String {
    let signed = || {
        let token = host.identity().as_string()?;
        let object = JSON::parse(body).ok()?;
        js::put_text(object.unchecked_ref(), "identity", &token);
        JSON::stringify(&object).ok().map(String::from)
    };
    signed().unwrap_or_else(|| body.to_owned())
}

fn failed(reason: Reason, wait: u32, repeat: Repeat) -> Answer {
    Answer::Failed(Failure { reason, wait, repeat })
}

/// Only a 201 with a code is a success. Whatever leaves open whether it was stored asks for the same attempt again.
fn read_answer(status: u16, json: &JsValue, retry_after: Option<String>) -> Answer {
    match status {
        201 => read_receipt(json).map_or(failed(Reason::Server, 0, Repeat::SameAttempt), Answer::Accepted),
        403 => failed(Reason::Origin, 0, Repeat::NewAttempt),
        404 => failed(Reason::Site, 0, Repeat::NewAttempt),
        429 | 503 => {
            let wait = retry_after.and_then(|seconds| seconds.parse().ok()).unwrap_or(5);
            failed(Reason::Busy, wait, Repeat::SameAttempt)
        }
        409 => failed(Reason::Busy, 5, Repeat::SameAttempt),
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
    let errors = js::items(json, "errors");
    if errors.iter().any(|error| js::text(error, "code").as_deref() == Some("identity_expired")) {
        return failed(Reason::Identity, 0, Repeat::NewAttempt);
    }
    let read = |error: &JsValue| {
        let field = Field::from_pointer(&js::text(error, "pointer")?)?;
        let fault = match js::text(error, "code")?.as_str() {
            "required" | "too_short" => Fault::Required,
            "too_long" => Fault::TooLong,
            _ => Fault::Invalid,
        };
        Some((field, fault))
    };
    let known: Vec<_> = errors.iter().filter_map(read).collect();
    // What the form can't show in place is said as a whole.
    if known.is_empty() || known.len() < errors.len() {
        return failed(Reason::Refused, 0, Repeat::NewAttempt);
    }
    Answer::Invalid(known)
}

/// Links are followed by people, so a link is only ever to the web.
fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// The site's settings, once they have come; `None` if they never do.
pub async fn settings(host: &Host) -> Option<Settings> {
    let json = JsFuture::from(host.settings()).await.ok()?;
    let kinds: Vec<Kind> =
        js::items(&json, "kinds").iter().filter_map(|kind| Kind::parse(&kind.as_string()?)).collect();
    if let Some(accent) = js::text(&js::get(&json, "theme"), "accent") {
        host.tint(&accent);
    }
    let field = |name: &JsValue| {
        let name = name.as_string()?;
        Field::ALL.into_iter().find(|field| field.name() == name)
    };
    let category = |json: &JsValue| {
        Some(Category {
            key: js::text(json, "key")?,
            kind: js::text(json, "kind").and_then(|kind| Kind::parse(&kind)),
            label: texts(&js::get(json, "label")),
        })
    };
    Some(Settings {
        kinds: if kinds.is_empty() { Kind::ALL.to_vec() } else { kinds },
        categories: js::items(&json, "categories").iter().filter_map(category).collect(),
        required: js::items(&json, "required").iter().filter_map(field).collect(),
        promise_text: texts(&js::get(&json, "promise_text")),
        consent_text: texts(&js::get(&json, "consent_text")),
        privacy_url: js::text(&json, "privacy_url").filter(|url| is_web(url)),
    })
}

fn texts(json: &JsValue) -> Texts {
    if !json.is_object() {
        return Texts::default();
    }
    let langs = Object::keys(json.unchecked_ref::<Object>());
    let pair = |lang: JsValue| {
        let lang = lang.as_string()?;
        let text = js::text(json, &lang).filter(|text| !text.is_empty())?;
        Some((lang, text))
    };
    Texts(langs.iter().filter_map(pair).collect())
}
