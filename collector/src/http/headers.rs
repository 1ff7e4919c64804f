//! What every answer says of itself: how far it is to be trusted, and whether it ends the connection.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use sayso_shared::Problem;

use super::language::{self, MemberLanguage};
use super::problems::{self, Area};
use crate::config::Config;

/// What our own pages may load: files of our own, and nothing inline. Who may frame a page is `frame-ancestors`.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The same for the console, whose pages may show others of it in a frame.
const CONSOLE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// That of the inbox, which lets the browser make the next case ready (`keys.js`): by rules in the page, which run nothing.
const INBOX_POLICY: &str = "default-src 'none'; script-src 'self' 'inline-speculation-rules'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// That of a case, which is shown beside the inbox as well (`pane.js`).
const CASE_POLICY: &str = "default-src 'none'; script-src 'self' 'inline-speculation-rules'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'";
/// Where the inbox is, and below it its cases.
const INBOX: &str = "/staff/cases";

/// Whether answers tell browsers to come by HTTPS only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hsts {
    /// They do.
    On,
    /// They don't, since people come by plain HTTP.
    Off,
}

impl Hsts {
    /// As the public address asks for.
    pub fn of(config: &Config) -> Self {
        if config.is_https() { Hsts::On } else { Hsts::Off }
    }
}

/// On every answer.
pub async fn for_all(State(hsts): State<Hsts>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let is_unread = matches!(response.status(), StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT);
    let headers = response.headers_mut();
    if is_unread {
        // The connection ends with what was not read of the body. Said, so that nobody sends the next request through it.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; base-uri 'none'; frame-ancestors 'none'"));
    if hsts == Hsts::On {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// On every page for people. An error becomes a page in the reader's language; pages are never cached, since they are about one person.
pub async fn for_pages(mut request: Request, next: Next) -> Response {
    let area = Area::of(request.uri().path());
    let lang = match area {
        Area::Staff => language::of_console(request.uri(), request.headers()),
        Area::Customers => language::of_request(request.uri(), request.headers()),
    };
    let policy = policy(request.uri().path(), area);
    let member = Arc::new(MemberLanguage::default());
    request.extensions_mut().insert(Arc::clone(&member));
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let lang = member.get().unwrap_or(lang);
        response = problems::page(&problem, lang, area, response);
    }
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(HeaderName::from_static("cross-origin-opener-policy"))
        .or_insert(HeaderValue::from_static("same-origin"));
    response
}

/// What a page may load, and who may frame it.
fn policy(path: &str, area: Area) -> &'static str {
    match (area, path.strip_prefix(INBOX)) {
        (Area::Customers, _) => PAGE_POLICY,
        (Area::Staff, Some("" | "/")) => INBOX_POLICY,
        (Area::Staff, Some(rest)) if rest.starts_with('/') => CASE_POLICY,
        (Area::Staff, _) => CONSOLE_POLICY,
    }
}

/// On an address that nobody answers: a browser gets a page, a program the problem.
pub async fn for_browsers(request: Request, next: Next) -> Response {
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accept.contains("text/html") && !request.uri().path().starts_with("/api/") {
        return for_pages(request, next).await;
    }
    next.run(request).await
}

/// The policy of a page that the pages of `origins` may frame.
pub fn framed_by<'a>(origins: impl Iterator<Item = &'a str>) -> HeaderValue {
    let ancestors = origins.fold("'self'".to_owned(), |all, origin| all + " " + origin);
    let policy = PAGE_POLICY.replace("frame-ancestors 'none'", &format!("frame-ancestors {ancestors}"));
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(PAGE_POLICY))
}
