//! Which web pages may use the public API: those of the site's origins and our own.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Site;
use crate::app::App;
use crate::http::cors::is_own;
use crate::http::{Error, Result};

/// What a page of some origin may do.
enum Access {
    /// It may ask.
    Welcome,
    /// It is a page of one of our sites that asks for a site that there is not, and may read that.
    Astray,
    /// It asks for a site that there is not, and is of none of ours.
    Lost,
    /// It may not ask.
    Foreign,
}

/// Refuses foreign origins, answers preflights, and adds the CORS headers to every answer to an allowed origin, errors included.
pub async fn enforce(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = match request.headers().get(header::ORIGIN).cloned() {
        None => next.run(request).await,
        Some(origin) => answer_page(&app, origin, request, next).await.unwrap_or_else(Error::into_response),
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    response
}

async fn answer_page(app: &App, origin: HeaderValue, request: Request, next: Next) -> Result<Response> {
    const NO_SITE: Error = Error::NotFound("there is no such site");
    let sites = app.sites.all().await?;
    let mut response = match access(app, &sites, &origin, &request) {
        // Also for who is astray, who could not read the answer else.
        Access::Welcome | Access::Astray if request.method() == Method::OPTIONS => preflight(),
        Access::Welcome => next.run(request).await,
        Access::Astray => NO_SITE.into_response(),
        Access::Lost => return Err(NO_SITE),
        Access::Foreign => {
            let origin = origin.to_str().unwrap_or("?");
            return Err(Error::Forbidden(format!(
                "the origin {origin} is not one of this site's; add it with `sayso site set KEY origins+={origin}`"
            )));
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
    Ok(response)
}

fn access(app: &App, sites: &[Arc<Site>], origin: &HeaderValue, request: &Request) -> Access {
    let is_own = is_own(&app.config, origin, request.headers());
    let key = request.uri().path().strip_prefix("/api/v1/sites/").and_then(|rest| rest.split('/').next());
    let is_ours = || is_own || sites.iter().any(|site| site.allows(origin));
    match key.map(|key| sites.iter().find(|site| site.key() == key)) {
        Some(Some(site)) if is_own || site.allows(origin) => Access::Welcome,
        // Not passed on: what is not written as its key must not be read as one by somebody who decodes it.
        Some(None) if is_ours() => Access::Astray,
        Some(None) => Access::Lost,
        None if is_ours() => Access::Welcome,
        Some(Some(_)) | None => Access::Foreign,
    }
}

impl Site {
    /// Whether pages of this origin may send feedback to the site. `null` never may.
    pub fn allows(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| self.allows_text(origin))
    }

    /// The same for an origin that is a text already.
    pub fn allows_text(&self, origin: &str) -> bool {
        self.origins().iter().any(|allowed| allowed.matches(origin))
    }
}

fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Content-Type, Idempotency-Key"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    response
}
