//! Calls: whom representatives should call, check calls to a sample of customers, and what these found.

mod export;
mod forms;
mod page;
mod rows;
mod typed;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// `/staff/calls`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/staff/calls", get(page::show))
        .route("/staff/exports/calls", get(export::export))
        .route("/staff/calls/draw", post(forms::draw))
        .route("/staff/calls/{id}", post(forms::record))
}
