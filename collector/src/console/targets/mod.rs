//! The places that events are forwarded to: how they do, what they would be told and were told, and what can be done about it.

mod access;
mod actions;
mod export;
mod list;
mod log;
mod page;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// `/staff/targets…`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/staff/targets", get(list::show))
        .route("/staff/targets/{key}", get(page::show))
        .route("/staff/targets/{key}/deliveries", get(export::export))
        .route("/staff/targets/{key}/test", post(actions::test))
        .route("/staff/targets/{key}/pause", post(actions::pause))
        .route("/staff/targets/{key}/resume", post(actions::resume))
        .route("/staff/targets/{key}/secret", post(actions::secret))
        .route("/staff/targets/{key}/replay", post(actions::replay))
}
