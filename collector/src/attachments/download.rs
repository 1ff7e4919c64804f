//! Giving a file back: to be saved, never to be shown, whatever it is.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};

use super::error::store_failed;
use super::name::content_disposition;
use super::rows::{self, Reader};
use crate::app::App;
use crate::http::{Error, Result};

/// Should a browser show a file all the same, it is a page that may do nothing.
const POLICY: &str = "sandbox; default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The file of a case with this identifier, piece by piece. Who may see the case is the caller's to know.
pub async fn respond(app: &App, case_id: &str, id: &str, reader: Reader) -> Result<Response> {
    const UNKNOWN: Error = Error::NotFound("there is no such file");
    let attachment = rows::find(&app.db, case_id, id, reader).await?.ok_or(UNKNOWN)?;
    let Some((size, content)) = app.attachments.store.get(&attachment.id).await.map_err(store_failed)? else {
        tracing::error!(id = attachment.id, "a file is missing in the store of attachments");
        return Err(UNKNOWN);
    };
    let text = |text: String| HeaderValue::try_from(text).map_err(|error| Error::Internal(error.into()));
    let media_type = match attachment.media_type.as_str() {
        "text/plain" => "text/plain; charset=utf-8".to_owned(),
        other => other.to_owned(),
    };
    let headers: [(HeaderName, HeaderValue); 7] = [
        (CONTENT_TYPE, text(media_type)?),
        (CONTENT_LENGTH, HeaderValue::from(size)),
        (CONTENT_DISPOSITION, text(content_disposition(&attachment.name))?),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    Ok((headers, Body::from_stream(content)).into_response())
}
