//! The audit log, for those who watch over it.

mod export;
mod page;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// `/staff/audit`.
pub fn router() -> Router<App> {
    Router::new().route("/staff/audit", get(page::show)).route("/staff/audit/export", post(export::export))
}
