//! Webhooks by Standard Webhooks 1.0.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use url::Url;

use crate::cases::EventType;
use crate::clock::{Millis, SECOND, rfc3339};
use crate::outbox::delivery::Failure;
use crate::outbox::event_context::EventContext;
use crate::outbox::http::Request;
use crate::sites::targets::{Part, Target};

/// A body, signed at the time `now` with each secret, of which the receiver knows one. `id` is the same for every attempt.
pub fn request(url: Url, secrets: &[&str], body: &Value, (id, now): (&str, Millis)) -> Result<Request, Failure> {
    let body = body.to_string();
    let timestamp = now / SECOND;
    let sign = |secret: &&str| Webhook::new(secret).and_then(|webhook| webhook.sign(id, timestamp, body.as_bytes()));
    let signatures = secrets.iter().map(sign).collect::<Result<Vec<String>, _>>();
    let signatures = signatures.map_err(|_| Failure::Permanent("its secret is not a webhook secret".into()))?;
    if signatures.is_empty() {
        return Err(Failure::Permanent("it has no secret to sign with".into()));
    }
    let value =
        |text: &str| HeaderValue::try_from(text).map_err(|_| Failure::Permanent("its signature can't be sent".into()));
    let headers = vec![
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (HeaderName::from_static("webhook-id"), value(id)?),
        (HeaderName::from_static("webhook-timestamp"), timestamp.into()),
        (HeaderName::from_static("webhook-signature"), value(&signatures.join(" "))?),
    ];
    Ok(Request { method: Method::POST, url, headers, body })
}

/// The body of the contract: `{"type","timestamp","data":{"case","event"}}`. What may not leave is null.
pub fn body(context: &EventContext, target: &Target, console_url: &str) -> Value {
    let (case, event) = (&context.case, &context.event);
    let includes = |part| target.includes(part);
    let [url, title, referrer] = &case.page;
    let page = case.page.iter().any(Option::is_some).then(|| json!({"url": url, "title": title, "referrer": referrer}));
    let mut data = event.data.clone();
    if let (Some(words), Some(data)) = (event.words.as_ref().filter(|_| includes(Part::Message)), data.as_object_mut())
    {
        match event.kind {
            EventType::Message | EventType::Note => data.insert("body".into(), words.body.clone().into()),
            EventType::Rated => data.insert("comment".into(), words.body.clone().into()),
            _ => None,
        };
    }
    if let Some(data) = data.as_object_mut().filter(|_| !event.files.is_empty() && includes(Part::Message)) {
        data.insert("attachments".into(), json!(event.files));
    }
    let mut body = json!({
        "type": event.kind.as_str(),
        "timestamp": rfc3339(event.at),
        "data": {
            "case": {
                "id": case.id, "code": includes(Part::Code).then_some(&case.code), "site": context.site.key(),
                "kind": case.kind, "category": case.category, "status": case.status, "priority": case.priority,
                "message": includes(Part::Message).then_some(&case.message), "rating": case.rating,
                "reference": case.reference, "locale": case.locale, "page": page,
                "received_at": rfc3339(case.received_at), "url": includes(Part::Link).then_some(console_url),
            },
            "event": {
                "id": event.id, "seq": event.seq, "type": event.kind.as_str(), "actor": event.actor,
                "at": rfc3339(event.at), "data": data,
            },
        },
    });
    if includes(Part::Name) {
        let contact = context.contact.as_ref();
        let reach = contact.filter(|_| target.includes(Part::Contact));
        body["data"]["case"]["contact"] = json!({
            "name": contact.and_then(|contact| contact.name()),
            "email": reach.and_then(|contact| contact.email()),
            "phone": reach.and_then(|contact| contact.phone()),
        });
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_the_standard_says() {
        let webhook = Webhook::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").expect("a secret");
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let signature = webhook.sign("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body).expect("a signature");
        assert_eq!(signature, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }
}
