//! Customers: looking them up, and the page of one.

mod access;
pub mod consent;
mod edit;
mod export;
mod filter;
mod handover;
mod look_up;
mod merge;
mod page;
mod part;
mod privacy;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

pub(super) use page::note_opening;

/// `/staff/customers` and `/staff/customers/{id}`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/staff/customers", get(look_up::show))
        .route(handover::PATH, post(handover::hand_over))
        .route("/staff/exports/customers", get(export::export))
        .route("/staff/customers/{id}", get(page::show).post(edit::save))
        .route("/staff/customers/{id}/merge", post(merge::merge))
        .route("/staff/customers/{id}/unmerge", post(merge::unmerge))
        .route("/staff/customers/{id}/remove-handle", post(part::remove_handle))
        .route("/staff/customers/{id}/move-case", post(part::move_case))
        .route("/staff/customers/{id}/export", post(privacy::export))
        .route("/staff/customers/{id}/erase", post(privacy::erase))
}
