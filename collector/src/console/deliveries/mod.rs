//! What was sent to customers, members and other products, what did not get there and why, and sending it again.

mod list;
mod replay;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// `/staff/deliveries…`.
pub fn router() -> Router<App> {
    Router::new().route(list::PATH, get(list::show)).route("/staff/deliveries/replay", post(replay::submit))
}
