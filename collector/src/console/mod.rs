//! The staff's pages.

use axum::Router;

use crate::app::App;

/// `/staff/…` and `/setup/…`.
pub fn router(_app: &App) -> Router<App> {
    Router::new()
}
