//! Customers: looking them up, and the page of one.

mod access;
mod edit;
mod look_up;
mod page;

use axum::Router;
use axum::routing::get;

use crate::app::App;

pub(super) use page::note_opening;

/// `/staff/customers` and `/staff/customers/{id}`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/staff/customers", get(look_up::show))
        .route("/staff/customers/{id}", get(page::show).post(edit::save))
}
