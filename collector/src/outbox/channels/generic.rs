//! Whatever takes JSON, a form or text by HTTP: headers and body are templates.

use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Value, json};
use url::Url;

use super::told::Told;
use crate::cases::EventType;
use crate::clock::rfc3339;
use crate::outbox::card::Card;
use crate::outbox::delivery::Failure;
use crate::outbox::event_context::EventContext;
use crate::outbox::http::{Answer, Request};
use crate::outbox::template::{Template, sample};
use crate::signals::Signal;
use crate::sites::targets::{Method, Part, SuccessRule, Target};

/// The request. Without a template its body is that of a webhook.
pub fn request(
    url: Url,
    secret: Option<&str>,
    told: Told<'_>,
    target: &Target,
    card: &Card,
    console_url: &str,
) -> Result<Request, Failure> {
    let settings = &target.settings;
    let mut values = match told {
        Told::Event(context) => of_event(context, target, console_url),
        Told::Signal(signal) => of_signal(signal),
        Told::Burst(_) => return Err(Failure::Permanent("programs get every event by itself".into())),
    };
    let facts: Vec<Value> = card.facts.iter().map(|fact| json!({"label": fact.label, "value": fact.value})).collect();
    values["card"] = json!({"title": card.title, "text": card.text(), "color": card.tone.colour(), "facts": facts});
    values["secret"] = secret.unwrap_or_default().into();
    let body = match &settings.body {
        Some(text) => Template::body(text, &settings.headers).render(&values).map_err(Failure::Permanent)?,
        None => told.body(target, console_url).to_string(),
    };
    let mut headers = Vec::with_capacity(settings.headers.len() + 1);
    for (name, text) in &settings.headers {
        let rendered = Template::header(text).render(&values).map_err(Failure::Permanent)?;
        let header = HeaderName::try_from(name.as_str()).ok().zip(HeaderValue::try_from(rendered).ok());
        headers.push(header.ok_or_else(|| Failure::Permanent(format!("the header {name} can't be sent")))?);
    }
    if !headers.iter().any(|(name, _)| name == CONTENT_TYPE) {
        headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    }
    let method = match settings.method.unwrap_or(Method::Post) {
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
    };
    Ok(Request { method, url, headers, body })
}

/// What an answer means: the status says it, and where the target has a rule, the body as well. What is refused by it is tried again, since nobody knows
/// what its codes mean. A body that is too long to be read counts as success: it would be the same at each attempt, and what was taken must not be sent
/// again and again. Of the body nothing is kept but the value that the rule asks for, since receivers repeat what they are sent.
pub fn judge(answer: &Answer, rule: Option<&SuccessRule>) -> Result<(), Failure> {
    answer.judge_patiently()?;
    match rule.filter(|_| answer.is_whole).and_then(|rule| rule.refusal(&answer.head)) {
        Some(why) => Err(answer.busy(&why, None)),
        None => Ok(()),
    }
}

/// What templates may name; [`crate::outbox::template::sample`] has the same names.
fn of_event(context: &EventContext, target: &Target, console_url: &str) -> Value {
    let (case, event) = (&context.case, &context.event);
    let mut of_case = json!({
        "id": case.id, "number": case.number, "kind": case.kind, "status": case.status, "priority": case.priority,
        "category": case.category, "rating": case.rating, "reference": case.reference, "locale": case.locale,
        "received_at": rfc3339(case.received_at), "due": case.due_at.map(rfc3339),
    });
    let mut of_event = json!({
        "id": event.id, "seq": event.seq, "type": event.kind, "actor": event.actor, "at": rfc3339(event.at),
    });
    if target.includes(Part::Message) {
        of_case["message"] = case.message.clone().into();
        of_event["words"] = context.said().into();
    }
    if target.includes(Part::Name) {
        let contact = context.contact.as_ref();
        let reach = contact.filter(|_| target.includes(Part::Contact));
        of_case["contact"] = json!({
            "name": contact.and_then(|contact| contact.name()),
            "email": reach.and_then(|contact| contact.email()),
            "phone": reach.and_then(|contact| contact.phone()),
        });
    }
    if target.includes(Part::Link) {
        of_case["url"] = console_url.into();
    }
    if target.includes(Part::Code) {
        of_case["code"] = case.code.clone().into();
    }
    json!({
        "type": event.kind, "timestamp": rfc3339(event.at), "case": of_case, "event": of_event,
        "site": {"key": context.site.key(), "name": context.site.name()},
    })
}

/// The same names, of which those of cases and events are null: no template fails for what a chart does not have.
fn of_signal(signal: &Signal) -> Value {
    let mut values = sample(Part::ALL);
    for of in ["case", "event"] {
        values[of] = without_values(&values[of]);
    }
    values["site"] = json!({"key": signal.site.key(), "name": signal.site.name()});
    values["type"] = EventType::Signal.as_str().into();
    values["timestamp"] = rfc3339(signal.at).into();
    values
}

fn without_values(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), without_values(value))).collect(),
        _ => Value::Null,
    }
}
