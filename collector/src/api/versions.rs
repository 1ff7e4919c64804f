//! Versions of what two people may change at once: said by `ETag`, asked for by `If-Match`.

use axum::http::{HeaderMap, HeaderName, header};

use crate::http::{Error, Result};

/// The header `ETag`.
pub(super) type Tag = [(HeaderName, String); 1];

/// What an answer says of the version of what it shows, for `If-Match`.
pub(super) fn etag(version: i64) -> Tag {
    [(header::ETAG, format!("\"{version}\""))]
}

/// The version that the client has read, from `If-Match: "7"`; none for `*`, and where there is none.
pub(super) fn version(headers: &HeaderMap) -> Result<Option<i64>> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let wrong = || Error::Malformed("If-Match must be the version that was read, in quotes, such as \"7\"".to_owned());
    let text = value.to_str().map_err(|_| wrong())?.trim();
    if text == "*" {
        return Ok(None);
    }
    // Many a client forgets the quotes, and a proxy that compresses marks a tag as weak; what they mean is clear.
    let text = text.strip_prefix("W/").unwrap_or(text);
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let is_number = (1..=15).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_digit());
    bare.parse().ok().filter(|_| is_number).map(Some).ok_or_else(wrong)
}
