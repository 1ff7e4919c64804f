//! The HTTP client of everything that is forwarded, and what answers mean.

use std::error::Error as _;
use std::path::Path;

use anyhow::Context as _;
use jiff::fmt::rfc2822;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, Method, Proxy, StatusCode};
use serde_json::Value;
use url::Url;

use super::channels::{Attempt, Noted};
use super::delivery::Failure;
use super::egress::Egress;
use super::ssrf_guard::{BlockedAddress, GuardedResolver, Reach, UnresolvedName};
use crate::clock::{Millis, SECOND};
use crate::config::Config;

/// More of an answer than this is not read.
const ANSWER_MAX: usize = 64 * 1024;
/// How long to leave a receiver alone that says to come back later, and not when.
const BUSY_WAIT: Millis = 60 * SECOND;
/// The longest text of a receiver that is kept, in characters.
const SAID_MAX: usize = 160;
/// How the reason ends why a target was switched off by its receiver.
pub const SWITCHED_OFF: &str = "; the target was switched off";

/// The client for all receivers.
#[derive(Debug)]
pub struct Http {
    client: Client,
    egress: Egress,
}

/// What is sent.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Its headers, with the type of the body.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: String,
}

/// What a receiver answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The beginning of the body.
    pub head: String,
    /// Whether that is all of it.
    pub is_whole: bool,
    /// How long the receiver wants to be left alone, by its headers.
    pub wait: Option<Millis>,
}

// Addresses and headers of chat rooms are secrets, and the body is what a customer wrote.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Request(…)")
    }
}

impl Request {
    /// One that posts a body of JSON.
    pub fn json(url: Url, body: &Value) -> Self {
        let header =
            (HeaderName::from_static("content-type"), HeaderValue::from_static("application/json; charset=utf-8"));
        Self { method: Method::POST, url, headers: vec![header], body: body.to_string() }
    }
}

impl Http {
    /// A client that follows no redirects, uses no proxy but the one of the settings, and resolves names only to addresses that may be reached.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        crate::install_crypto();
        let mut reach = Reach::of(config);
        let mut client = Client::builder()
            .user_agent(concat!("Sayso/", env!("CARGO_PKG_VERSION")))
            .timeout(config.delivery_timeout())
            .redirect(reqwest::redirect::Policy::none())
            .tls_certs_merge(certificates(&config.outbox.ca_file)?)
            .no_proxy();
        if let Some(proxy) = config.outbox.proxy()? {
            // Proxies are inside, and the only name that is resolved here.
            reach = reach.with_host(proxy.host_str().unwrap_or_default());
            client = client.proxy(Proxy::all(proxy)?);
        }
        let client = client.dns_resolver(GuardedResolver::new(reach)).build()?;
        Ok(Self { client, egress: Egress::of(config) })
    }

    /// Sends a request, and reads the beginning of the answer.
    pub async fn send(&self, request: Request, attempt: Attempt<'_>) -> Result<Answer, Failure> {
        let Request { method, url, headers, body } = request;
        self.egress.check(&url).map_err(Failure::retryable)?;
        let server = url.origin().ascii_serialization();
        attempt.note(|noted| {
            *noted = Noted { request: format!("{method} {server}/… ({} bytes)", body.len()), answer: String::new() }
        });
        let request = self.client.request(method, url).headers(HeaderMap::from_iter(headers)).body(body);
        let mut response = request.send().await.map_err(|error| Failure::retryable(explain(&error)))?;
        let (status, wait) = (response.status(), retry_after(response.headers(), attempt.now));
        attempt.note(|noted| noted.answer = head_of(&response));
        // A short answer is read to its end, so that the connection can be used again.
        let (mut head, mut is_whole) = (Vec::new(), false);
        while head.len() < ANSWER_MAX && !is_whole {
            match response.chunk().await {
                Ok(Some(chunk)) => head.extend_from_slice(&chunk[..chunk.len().min(ANSWER_MAX - head.len())]),
                Ok(None) => is_whole = true,
                Err(_) => break,
            }
        }
        Ok(Answer { status, head: String::from_utf8_lossy(&head).into_owned(), is_whole, wait })
    }
}

impl Answer {
    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.head).unwrap_or_default()
    }

    /// Whether a receiver took a message and said no more than that, as proxies and bridges in front of chat services do.
    pub fn is_bare_success(&self) -> bool {
        let says_nothing = match self.json() {
            Value::Object(said) => said.is_empty() || said.len() == 1 && said.get("ok") == Some(&Value::Bool(true)),
            _ => matches!(self.head.trim().to_ascii_lowercase().as_str(), "" | "ok"),
        };
        self.status.is_success() && says_nothing
    }

    /// A refusal that may pass, after the wait that was asked for, or after `wait`.
    pub fn busy(&self, said: &str, wait: Option<Millis>) -> Failure {
        Failure::Retryable { error: self.said(said), wait: self.wait.or(wait) }
    }

    /// A refusal of this one message.
    pub fn refused(&self, said: &str) -> Failure {
        Failure::Permanent(self.said(said))
    }

    /// A refusal of everything until somebody sets another address.
    pub fn gone(&self, said: &str) -> Failure {
        Failure::Gone(self.said(said) + SWITCHED_OFF)
    }

    /// What an answer means by its status alone, where refused messages need not be tried again: any of 200 to 299 is a success.
    pub fn judge(&self) -> Result<(), Failure> {
        let said = self.head.lines().next().unwrap_or_default().trim().to_owned();
        match self.status {
            status if status.is_success() => Ok(()),
            StatusCode::GONE | StatusCode::NOT_FOUND => Err(self.gone(&said)),
            StatusCode::TOO_MANY_REQUESTS => Err(self.busy(&said, Some(BUSY_WAIT))),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => Err(self.busy(&said, None)),
            status if status.is_client_error() => Err(self.refused(&said)),
            _ => self.judge_patiently(),
        }
    }

    /// What an answer means by its status alone, where whatever is no success is tried again, but for 410, and for those that say that the address or
    /// its secret is wrong, which no trying mends.
    pub fn judge_patiently(&self) -> Result<(), Failure> {
        match self.status {
            status if status.is_success() => Ok(()),
            StatusCode::GONE => Err(Failure::Gone(format!("the receiver answered 410 (gone){SWITCHED_OFF}"))),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Err(self.refused("")),
            status if status.is_redirection() => {
                let error = format!("the receiver answered {}; redirects are not followed", status.as_u16());
                Err(Failure::Retryable { error, wait: self.wait })
            }
            _ => Err(self.busy("", None)),
        }
    }

    /// What the receiver said, in a few words.
    fn said(&self, said: &str) -> String {
        let status = self.status.as_u16();
        let said: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SAID_MAX).collect();
        match said.trim() {
            "" => format!("the receiver answered {status}"),
            said => format!("the receiver answered {status}: {said}"),
        }
    }
}

/// The certificates in a file; none where none is set.
fn certificates(file: &Path) -> anyhow::Result<Vec<Certificate>> {
    if file.as_os_str().is_empty() {
        return Ok(Vec::new());
    }
    let pem = std::fs::read(file).with_context(|| format!("[outbox] ca_file {} can't be read", file.display()))?;
    let all = Certificate::from_pem_bundle(&pem).ok().filter(|all| !all.is_empty());
    all.with_context(|| format!("[outbox] ca_file {} is no PEM file with certificates", file.display()))
}

/// The status of an answer, and those of its headers that tell an operator who answered: none of them holds what somebody wrote.
fn head_of(response: &reqwest::Response) -> String {
    const TOLD: [&str; 7] = ["date", "server", "via", "content-type", "content-length", "retry-after", "x-request-id"];
    let mut head = format!("{:?} {}", response.version(), response.status());
    for name in TOLD {
        let value = response.headers().get(name).and_then(|value| value.to_str().ok());
        for value in value.into_iter() {
            let value: String = value.chars().take(SAID_MAX).collect();
            head.push_str(&format!("\n{name}: {value}"));
        }
    }
    head
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
        if let Some(unresolved) = cause.downcast_ref::<UnresolvedName>() {
            return unresolved.to_string();
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
    use super::*;

    fn waits(text: &'static str) -> Option<Millis> {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
        retry_after(&headers, 784_111_777_000)
    }

    #[test]
    fn certificates_that_cannot_be_used_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ca.pem");
        assert!(certificates(Path::new("")).expect("none is set").is_empty());
        let refused = |file: &Path| certificates(file).expect_err("it can't be used").to_string();
        assert!(refused(&file).contains("can't be read"));
        std::fs::write(&file, "-----BEGIN NOTHING-----").expect("it is written");
        assert!(refused(&file).contains("is no PEM file with certificates"));
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
}
