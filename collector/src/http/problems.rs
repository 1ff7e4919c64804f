//! Problems as people read them: the pages that problem types point to, and error pages in the reader's language.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Request};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use sayso_shared::limits::BODY_MAX_BYTES;
use sayso_shared::{Lang, Problem};

use super::connections::{AbortReason, Activity};
use super::error::{KINDS, PageTexts};
use super::language::CustomerLanguage;
use super::{Error, Result};
use crate::assets::{self, MARK};
use crate::text::Texts;

/// `/problems/{name}`.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/problems/{name}", get(explain))
}

/// What no route answers.
pub async fn not_found() -> Error {
    Error::NotFound("there is nothing at this address")
}

/// What no route answers, for people: an address that was copied with a slash at its end leads to the one without.
pub async fn not_found_or_redirect(method: Method, uri: Uri) -> Response {
    match without_slash(&uri).filter(|_| matches!(method, Method::GET | Method::HEAD)) {
        Some(address) => Redirect::temporary(&address).into_response(),
        None => not_found().await.into_response(),
    }
}

/// Gives a refusal that the framework made by itself, such as that of a method or of an address that can't be decoded, the form
/// of all others.
pub async fn for_refusals(request: Request, next: Next) -> Response {
    let activity = request.extensions().get::<Arc<Activity>>().cloned();
    let response = next.run(request).await;
    match activity.and_then(|activity| activity.abort_reason()) {
        Some(AbortReason::TooSlow) => return Error::TooSlow.into_response(),
        Some(AbortReason::Crowded) => return Error::Unavailable { retry_after: 5 }.into_response(),
        None => {}
    }
    let media_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if response.extensions().get::<Problem>().is_some() || !media_type.unwrap_or("text/plain").starts_with("text/plain")
    {
        return response;
    }
    let error = match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => Error::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge(BODY_MAX_BYTES),
        status if status.is_client_error() => Error::Malformed("the request can't be read".to_owned()),
        status if status.is_server_error() => Error::Internal(anyhow::anyhow!("a layer answered {status}")),
        _ => return response,
    };
    let mut refused = error.into_response();
    if let Some(methods) = response.headers().get(header::ALLOW) {
        refused.headers_mut().insert(header::ALLOW, methods.clone());
    }
    refused
}

/// Whose pages an address is among, and so where its error page leads on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// The console's.
    Staff,
    /// The customers'.
    Customers,
}

impl Area {
    /// By the path of the request.
    pub fn of(path: &str) -> Self {
        if path.starts_with("/staff") { Area::Staff } else { Area::Customers }
    }
}

/// The error page for `problem`, with the status and headers of `response`.
pub fn page(problem: &Problem, lang: Lang, area: Area, response: Response) -> Response {
    let name = problem.kind.rsplit('/').next().unwrap_or_default();
    let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()?.parse().ok());
    let name = response.extensions().get::<PageTexts>().map_or(name, |texts| texts.0);
    let page = ProblemPage { t: Texts(lang), name, status: Some(problem.status), retry_after, area };
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    parts.headers.remove(header::CONTENT_LENGTH);
    match page.render() {
        Ok(html) => (parts, html).into_response(),
        Err(_) => (parts, problem.title.clone()).into_response(),
    }
}

fn without_slash(uri: &Uri) -> Option<String> {
    let path = uri.path().strip_suffix('/')?.trim_end_matches('/');
    // `//host/` would lead to another website, and so would `/\\host/` in some browsers.
    let is_ours = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    is_ours.then(|| format!("{path}{query}"))
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    t: Texts,
    name: &'a str,
    status: Option<u16>,
    retry_after: Option<u64>,
    area: Area,
}

impl ProblemPage<'_> {
    fn text(&self, part: &str) -> &'static str {
        self.t.get(&format!("common.problem.{}.{part}", self.name))
    }
}

async fn explain(Path(name): Path<String>, CustomerLanguage(t): CustomerLanguage) -> Result<Html<String>> {
    let known = KINDS.iter().find(|(known, _)| *known == name).ok_or(Error::NotFound("there is no such problem"))?;
    let page = ProblemPage { t, name: known.0, status: None, retry_after: None, area: Area::Customers };
    Ok(Html(page.render().map_err(anyhow::Error::from)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_is_taken_away_and_leads_nowhere_else() {
        for (address, expected) in [
            ("/t/7QK4-M2XH-9TRD-7/", Some("/t/7QK4-M2XH-9TRD-7")),
            ("/s/acme//?lang=en", Some("/s/acme?lang=en")),
            ("/s/acme", None),
            ("/", None),
            ("//evil.example/", None),
            ("//", None),
        ] {
            let uri: Uri = address.parse().expect("an address");
            assert_eq!(without_slash(&uri).as_deref(), expected, "{address}");
        }
    }
}
