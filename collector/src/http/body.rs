//! Reading JSON bodies, with a problem for each way in which they can be wrong.

use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use sayso_shared::id::IdempotencyKey;
use sayso_shared::limits::BODY_MAX_BYTES;
use serde_json::Value;

use super::{Error, nul};
use crate::json::{self, JsonError};

/// A JSON document that has not been looked at yet.
#[derive(Debug)]
pub struct JsonBody(pub Value);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        refuse_too_large(&request)?;
        let media_type =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(Error::UnsupportedMediaType("application/json"));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge(BODY_MAX_BYTES),
            _ => Error::Malformed("the body ended too early".into()),
        })?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Error::Malformed("the body is not UTF-8".into()))?;
        let value = json::parse(text).map_err(|error| match error {
            JsonError::Syntax(at) => {
                Error::Malformed(format!("the body is not JSON: line {}, column {}", at.line(), at.column()))
            }
            JsonError::Repeated(pointers) => json::field_errors(pointers).into(),
        })?;
        // The way that JSON writes one; a search costs less than a walk.
        let errors = if text.contains("\\u0000") { nul::find(&value) } else { Vec::new() };
        if errors.is_empty() { Ok(Self(value)) } else { Err(errors.into()) }
    }
}

/// Refuses a body that is said to be too large before anything of it is read. What comes without a length is counted while it comes.
pub fn refuse_too_large(request: &Request) -> Result<(), Error> {
    if request.body().size_hint().lower() > BODY_MAX_BYTES as u64 {
        Err(Error::TooLarge(BODY_MAX_BYTES))
    } else {
        Ok(())
    }
}

/// The key of a request that may be repeated; it must be there.
pub fn idempotency_key(headers: &HeaderMap) -> Result<IdempotencyKey, Error> {
    let key = headers.get("idempotency-key").ok_or_else(|| {
        Error::Malformed("the header Idempotency-Key is missing; it must be a UUID that the client makes".into())
    })?;
    let parsed = key.to_str().ok().and_then(|key| IdempotencyKey::parse(key.trim().trim_matches('"')).ok());
    parsed.ok_or_else(|| Error::Malformed("the header Idempotency-Key must be a UUID".into()))
}

/// The key of a form that has not been sent yet.
pub fn fresh_key() -> IdempotencyKey {
    IdempotencyKey::parse(&uuid::Uuid::new_v4().to_string()).expect("a UUID is a key")
}
