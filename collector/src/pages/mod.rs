//! The customer's pages: entry and status.

pub mod api;

use axum::Router;

use crate::app::App;

/// `/s/…` and `/t/…`.
pub fn router() -> Router<App> {
    Router::new()
}
