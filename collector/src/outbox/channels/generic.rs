//! Whatever takes JSON, a form or text by HTTP: headers and body are templates.

use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Value, json};
use url::Url;

use super::webhook;
use crate::clock::rfc3339;
use crate::outbox::card::Card;
use crate::outbox::delivery::Failure;
use crate::outbox::event_context::EventContext;
use crate::outbox::http::{Answer, Request};
use crate::outbox::template::Template;
use crate::sites::targets::{Method, Part, SuccessRule, Target};

/// The request. Without a template its body is that of a webhook.
pub fn request(
    url: Url,
    secret: Option<&str>,
    context: &EventContext,
    target: &Target,
    card: &Card,
    console_url: &str,
) -> Result<Request, Failure> {
    let settings = &target.settings;
    let values = values(context, target, card, console_url, secret);
    let body = match &settings.body {
        Some(text) => Template::body(text, &settings.headers).render(&values).map_err(Failure::Permanent)?,
        None => webhook::body(context, target, console_url).to_string(),
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
/// what its codes mean.
pub fn judge(answer: &Answer, rule: Option<&SuccessRule>) -> Result<(), Failure> {
    answer.judge_patiently()?;
    match rule {
        Some(rule) if !rule.holds(&answer.head) => {
            let said = answer.head.lines().next().unwrap_or_default();
            Err(answer.busy(&format!("not {rule}, but {}", said.trim()), None))
        }
        _ => Ok(()),
    }
}

/// What templates may name; [`crate::outbox::template::sample`] has the same names.
fn values(context: &EventContext, target: &Target, card: &Card, console_url: &str, secret: Option<&str>) -> Value {
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
        of_event["words"] = card.words.clone().into();
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
    let facts: Vec<Value> = card.facts.iter().map(|fact| json!({"label": fact.label, "value": fact.value})).collect();
    json!({
        "type": event.kind, "timestamp": rfc3339(event.at), "secret": secret.unwrap_or_default(), "case": of_case, "event": of_event,
        "site": {"key": context.site.key(), "name": context.site.name()},
        "card": {"title": card.title, "text": card.text(), "color": card.tone.colour(), "facts": facts},
    })
}
