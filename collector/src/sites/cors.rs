//! Which web pages may use the public API: those of the site's origins and our own.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Site;
use super::origin::as_listed;
use super::sightings::Sight;
use crate::app::App;
use crate::http::cors::is_own;
use crate::http::refusals::RefusalKind;
use crate::http::{Error, Result};

/// What a page of some origin may do.
enum Access {
    /// It may ask.
    Welcome(Option<Arc<Site>>),
    /// It asks for a site that there is not.
    NoSite,
    /// It may not ask this site, or none.
    Foreign(Option<Arc<Site>>),
}

/// Refuses foreign origins, answers preflights, and adds the CORS headers to every answer, so that a page that is refused can read why and say
/// so to its visitor: without them a browser shows a refusal as a broken connection. What is refused says nothing that is not public.
pub async fn enforce(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = match request.headers().get(header::ORIGIN).cloned() {
        None => next.run(request).await,
        Some(origin) => {
            let answer = answer_page(&app, &origin, request, next).await;
            let mut response = answer.unwrap_or_else(Error::into_response);
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
            response
        }
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    response
}

async fn answer_page(app: &App, origin: &HeaderValue, request: Request, next: Next) -> Result<Response> {
    let sites = app.sites.all().await?;
    let access = access(app, &sites, origin, &request);
    note(app, &access, origin, &request);
    match access {
        // For all, since the request itself is what is refused, and only its refusal can be read.
        _ if request.method() == Method::OPTIONS => Ok(preflight()),
        Access::Welcome(_) => Ok(next.run(request).await),
        Access::NoSite => Err(Error::NoSite),
        Access::Foreign(site) => {
            app.refusals.note(RefusalKind::Origin);
            let (origin, key) = (origin.to_str().unwrap_or("?"), site.as_deref().map_or("KEY", Site::key));
            Err(Error::Forbidden(format!(
                "the origin {origin} is not one of this site's; add it with `sayso site set {key} origins+={}`",
                as_listed(origin)
            )))
        }
    }
}

fn access(app: &App, sites: &[Arc<Site>], origin: &HeaderValue, request: &Request) -> Access {
    let is_own = is_own(&app.config, origin, request.headers());
    let key = request.uri().path().strip_prefix("/api/v1/sites/").and_then(|rest| rest.split('/').next());
    let is_ours = || is_own || sites.iter().any(|site| site.allows(origin));
    match key.map(|key| sites.iter().find(|site| site.key() == key)) {
        Some(Some(site)) if is_own || site.allows(origin) => Access::Welcome(Some(Arc::clone(site))),
        Some(Some(site)) => Access::Foreign(Some(Arc::clone(site))),
        // Not passed on: what is not written as its key must not be read as one by somebody who decodes it.
        Some(None) => Access::NoSite,
        None if is_ours() => Access::Welcome(None),
        None => Access::Foreign(None),
    }
}

/// Notes which pages ask for a site's settings, which is what they do when the form is about to be opened.
fn note(app: &App, access: &Access, origin: &HeaderValue, request: &Request) {
    let is_settings = |site: &Site| request.uri().path().strip_prefix("/api/v1/sites/") == Some(site.key());
    let (site, sight) = match access {
        Access::Welcome(Some(site)) if !is_own(&app.config, origin, request.headers()) => (site, Sight::Opened),
        Access::Foreign(Some(site)) => (site, Sight::Refused),
        Access::Welcome(_) | Access::NoSite | Access::Foreign(None) => return,
    };
    if is_settings(site)
        && let Ok(origin) = origin.to_str()
    {
        app.sightings.note(Some(site.id()), origin, sight);
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
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Content-Type, Idempotency-Key, Sayso-Proof"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    response
}
