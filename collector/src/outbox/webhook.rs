//! Webhooks by Standard Webhooks 1.0.

use std::error::Error as _;

use jiff::fmt::rfc2822;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use url::Url;

use super::deliveries::Failure;
use super::event_context::EventContext;
use super::ssrf_guard::{BlockedAddress, GuardedResolver, PrivateAddresses, check_host};
use crate::cases::EventType;
use crate::clock::{Millis, SECOND, rfc3339};
use crate::config::Config;
use crate::http::cors::is_loopback;

/// More of an answer than this is not read.
const ANSWER_MAX: usize = 4 * 1024;

/// The client for all webhooks.
#[derive(Debug)]
pub struct Webhooks {
    http: Client,
    private: PrivateAddresses,
}

impl Webhooks {
    /// A client that follows no redirects, uses no proxy, and resolves names to public addresses only.
    pub fn open(config: &Config, private: PrivateAddresses) -> anyhow::Result<Self> {
        crate::install_crypto();
        let http = Client::builder()
            .user_agent(concat!("Sayso/", env!("CARGO_PKG_VERSION")))
            .timeout(config.delivery_timeout())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(GuardedResolver::new(private))
            .build()?;
        Ok(Self { http, private })
    }

    /// Posts an event, signed at the time `now`.
    pub async fn post(
        &self,
        config: &Config,
        context: &EventContext,
        address: &str,
        secret: &str,
        id: &str,
        now: Millis,
    ) -> Result<(), Failure> {
        let url = Url::parse(address).map_err(|_| Failure::Permanent("the address is not a URL".into()))?;
        check_scheme(config, &url).map_err(Failure::retryable)?;
        check_host(&url, self.private).map_err(|refused| Failure::retryable(refused.to_string()))?;
        let body = body(context, &context.console_url(config)).to_string();
        let timestamp = now / SECOND;
        let signature = Webhook::new(secret).and_then(|webhook| webhook.sign(id, timestamp, body.as_bytes()));
        let signature = signature.map_err(|_| Failure::Permanent("its secret is not a webhook secret".into()))?;
        let request = self
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(body);
        let response = request.send().await.map_err(|error| Failure::retryable(explain(&error)))?;
        classify(response, now).await
    }
}

/// Refuses to send what customers write where everybody on the way could read it.
pub fn check_scheme(config: &Config, url: &Url) -> Result<(), &'static str> {
    let is_allowed = config.dangerous_allow_http_webhooks || config.dangerous_allow_private_targets;
    match url.scheme() == "https" || is_allowed || is_loopback(url) {
        true => Ok(()),
        false => Err("the address is not https://, and dangerous_allow_http_webhooks is off"),
    }
}

/// The body of the contract: `{"type","timestamp","data":{"case","event"}}`.
fn body(context: &EventContext, console_url: &str) -> Value {
    let (case, event) = (&context.case, &context.event);
    let [url, title, referrer] = &case.page;
    let page = case.page.iter().any(Option::is_some).then(|| json!({"url": url, "title": title, "referrer": referrer}));
    let mut data = event.data.clone();
    if let (Some(words), Some(data)) = (&event.words, data.as_object_mut()) {
        match event.kind {
            EventType::Message | EventType::Note => data.insert("body".into(), words.body.clone().into()),
            EventType::Rated => data.insert("comment".into(), words.body.clone().into()),
            _ => None,
        };
    }
    if !event.files.is_empty()
        && let Some(data) = data.as_object_mut()
    {
        data.insert("attachments".into(), json!(event.files));
    }
    json!({
        "type": event.kind.as_str(),
        "timestamp": rfc3339(event.at),
        "data": {
            "case": {
                "id": case.id, "code": case.code, "site": context.site.key(), "kind": case.kind, "category": case.category,
                "status": case.status, "priority": case.priority, "message": case.message, "rating": case.rating,
                "reference": case.reference, "locale": case.locale, "page": page,
                "received_at": rfc3339(case.received_at), "url": console_url,
            },
            "event": {
                "id": event.id, "seq": event.seq, "type": event.kind.as_str(), "actor": event.actor,
                "at": rfc3339(event.at), "data": data,
            },
        },
    })
}

async fn classify(mut response: Response, now: Millis) -> Result<(), Failure> {
    let status = response.status();
    let wait = retry_after(response.headers(), now);
    // A short answer is read to its end, so that the connection can be used again.
    let mut read = 0;
    while read < ANSWER_MAX {
        match response.chunk().await {
            Ok(Some(chunk)) => read += chunk.len(),
            Ok(None) | Err(_) => break,
        }
    }
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::GONE => Err(Failure::Gone("the receiver answered 410 (gone); the target was switched off".into())),
        status if status.is_redirection() => Err(Failure::Retryable {
            error: format!("the receiver answered {}; redirects are not followed", status.as_u16()),
            wait,
        }),
        status => Err(Failure::Retryable { error: format!("the receiver answered {}", status.as_u16()), wait }),
    }
}

/// `Retry-After` in either of its forms (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap, now: Millis) -> Option<Millis> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return (seconds >= 0).then(|| seconds.saturating_mul(SECOND));
    }
    let date = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some((date.as_millisecond() - now).max(0))
}

/// What went wrong, without the address, which may hold a secret of the receiver.
fn explain(error: &reqwest::Error) -> String {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<BlockedAddress>() {
            return refused.to_string();
        }
        source = cause.source();
    }
    if error.is_timeout() {
        "no answer in time".into()
    } else if error.is_connect() {
        "the receiver can't be reached".into()
    } else {
        "the connection broke off".into()
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn waits(text: &'static str) -> Option<Millis> {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
        retry_after(&headers, 784_111_777_000)
    }

    #[test]
    fn reads_both_forms_of_retry_after() {
        assert_eq!(waits("120"), Some(120_000));
        assert_eq!(waits("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60_000));
        assert_eq!(waits("Sun, 06 Nov 1994 08:40:37 GMT"), Some(0));
        assert_eq!(waits("soon"), None);
        assert_eq!(waits("-1"), None);
        assert_eq!(waits("9223372036854775807"), Some(i64::MAX));
    }

    #[test]
    fn plain_http_needs_a_dangerous_setting_but_to_this_machine() {
        let mut config = Config::for_data(std::path::Path::new("/tmp/x")).expect("the defaults hold");
        let mut check = |text: &str, allowed| {
            config.dangerous_allow_http_webhooks = allowed;
            check_scheme(&config, &Url::parse(text).expect("a URL")).is_ok()
        };
        assert!(check("https://hooks.example/", false) && check("http://127.0.0.1:9/", false));
        assert!(!check("http://hooks.example/", false) && !check("http://10.0.0.1/", false));
        assert!(check("http://hooks.example/", true));
    }

    #[test]
    fn signs_as_the_standard_says() {
        let webhook = Webhook::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").expect("a secret");
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let signature = webhook.sign("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body).expect("a signature");
        assert_eq!(signature, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }
}
