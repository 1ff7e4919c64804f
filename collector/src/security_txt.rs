//! `/.well-known/security.txt`: whom to tell of a weakness (RFC 9116).

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::app::App;
use crate::clock::{DAY, rfc3339};
use crate::http::{Error, Result};

/// It is made when it is asked for, so it need not hold for long.
const HOLDS_FOR: i64 = 90 * DAY;

/// The route.
pub fn router() -> Router<App> {
    Router::new().route("/.well-known/security.txt", get(show))
}

async fn show(State(app): State<App>) -> Result<Response> {
    let contact = &app.config.security_contact;
    if contact.is_empty() {
        return Err(Error::NotFound("there is nothing at this address"));
    }
    let text = format!(
        "Contact: {contact}\nExpires: {}\nPreferred-Languages: en, zh\nCanonical: {}\n",
        rfc3339((app.clock.now() + HOLDS_FOR) / DAY * DAY),
        app.config.url("/.well-known/security.txt")
    );
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
