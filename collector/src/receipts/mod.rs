//! Receipts: signed statements of what was received and when, which anybody can check without us, long after.
//!
//! A receipt is a JWS in its compact form (RFC 7515), signed with Ed25519 (RFC 8037), over a [`Statement`]. It holds the SHA-256 of the text as it was
//! stored, so whoever has the text can prove it, and the statement says nothing of it to anybody else.

mod api;
pub mod commands;
mod give;
pub mod keys;
mod page;
mod statement;

use axum::Router;
use axum::routing::get;

pub use api::router;
pub use give::{Receipt, give, hash_context};
pub use keys::{known, rotate};
pub use statement::{ReceiptError, Statement, text_hash};

use crate::app::App;

/// `/receipt`, where a receipt is checked, and `/.well-known/sayso-keys.json`, by which anybody can.
pub fn pages() -> Router<App> {
    Router::new().route("/receipt", get(page::show).post(page::check))
}

/// `/.well-known/sayso-keys.json`.
pub fn files() -> Router<App> {
    Router::new().route("/.well-known/sayso-keys.json", get(api::public_keys))
}
