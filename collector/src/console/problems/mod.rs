//! The register of problems: what lies behind several cases, what helps, and one answer to all whom it concerns.

mod access;
mod edit;
mod export;
mod form;
mod list;
mod page;
mod resolving;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// `/staff/problems` and `/staff/problems/{key}`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/staff/problems", get(list::show))
        .route("/staff/exports/problems", get(export::export))
        .route("/staff/problems/new", get(page::show_new).post(edit::add))
        .route("/staff/problems/{key}", get(page::show).post(edit::save))
        .route("/staff/problems/{key}/resolve", post(resolving::resolve))
}
