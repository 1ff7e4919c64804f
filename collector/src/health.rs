//! Whether the collector lives, and whether it can work.

use axum::Router;
use axum::extract::State;
use axum::routing::get;

use crate::app::App;
use crate::http::{Error, Result};

/// `/healthz` and `/readyz`.
pub fn router() -> Router<App> {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready))
}

async fn ready(State(app): State<App>) -> Result<&'static str> {
    if app.shutdown.is_cancelled() || !app.intake.is_open() {
        return Err(Error::Unavailable { retry_after: 5 });
    }
    app.db.ping().await?;
    Ok("ready\n")
}
