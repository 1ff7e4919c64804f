//! Which web pages are our own.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::config::Config;

/// Whether a page of the collector itself asks: by its public address, or by the address at which it was reached.
pub fn is_own(config: &Config, origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let reached = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    origin == config.public_url || (reached.is_some() && reached == host)
}
