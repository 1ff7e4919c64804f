//! Which web pages may use the public API: those of the site's origins and our own.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{Error, Result};
use crate::app::App;
use crate::sites::Site;

/// Refuses foreign origins, answers preflights, and adds the CORS headers to every answer to an allowed origin, errors included.
pub async fn guard(State(app): State<App>, request: Request, next: Next) -> Result<Response> {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else {
        let mut response = next.run(request).await;
        response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
        return Ok(response);
    };
    let own = is_own(&app, &origin, request.headers());
    let site_key = request.uri().path().strip_prefix("/api/v1/sites/").and_then(|rest| rest.split('/').next());
    let allowed = own
        || match site_key {
            Some(key) => app.sites.by_key(key).await?.ok_or(Error::NotFound("there is no such site"))?.allows(&origin),
            None => app.sites.all().await?.iter().any(|site| site.allows(&origin)),
        };
    if !allowed {
        let origin = origin.to_str().unwrap_or("?").to_owned();
        return Err(Error::Forbidden(format!(
            "the origin {origin} is not one of this site's; add it with `sayso site set KEY origins+={origin}`"
        )));
    }
    let mut response = match *request.method() {
        Method::OPTIONS => preflight(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    Ok(response)
}

/// Whether a page of the collector itself asks: by its public address, or by the address at which it was reached.
pub fn is_own(app: &App, origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let reached = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    origin == app.config.public_url || (reached.is_some() && reached == host)
}

impl Site {
    /// Whether pages of this origin may send feedback to the site. `null` never may.
    pub fn allows(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| self.origins().iter().any(|allowed| allowed.matches(origin)))
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
