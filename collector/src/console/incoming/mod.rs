//! Mails that came in and are on no case: those that are held, until somebody takes or drops them, and those that were dropped, with the reason of each.

mod actions;
mod list;
mod page;
mod shown;

use axum::Router;
use axum::routing::{get, post};

use self::shown::PATH;
use crate::app::App;

/// `/staff/incoming…`.
pub fn router() -> Router<App> {
    Router::new()
        .route(PATH, get(list::show))
        .route("/staff/incoming/{id}", get(page::show))
        .route("/staff/incoming/{id}/mail", get(page::download))
        .route("/staff/incoming/{id}/take", post(actions::take))
        .route("/staff/incoming/{id}/drop", post(actions::discard))
}
