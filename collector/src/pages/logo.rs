//! The logo of a site, from its settings.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::visit::{Segment, Visit};
use crate::app::App;
use crate::http::{Error, Result};

/// `GET /s/{key}/logo?v={version}`: a browser keeps it for good under the version that it has now, and asks again soon under any other.
pub async fn serve(State(app): State<App>, Segment(key): Segment, visit: Visit) -> Result<Response> {
    let site = app.sites.by_key(&key).await?.ok_or(Error::NoSite)?;
    let logo = site.settings.logo.clone().ok_or(Error::NotFound("this site has no logo"))?;
    let kept = if visit.query("v") == Some(logo.version()) {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=60"
    };
    Ok(([(header::CONTENT_TYPE, logo.media_type()), (header::CACHE_CONTROL, kept)], logo.content()).into_response())
}
