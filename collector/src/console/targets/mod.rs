//! The places that events are forwarded to: how they do, what they would be told and were told, and what can be done about it.

mod actions;
mod list;
mod log;
mod page;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::http::{Error, Result};
use crate::sites::targets::Target;

/// `/staff/targets…`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/staff/targets", get(list::show))
        .route("/staff/targets/{key}", get(page::show))
        .route("/staff/targets/{key}/test", post(actions::test))
        .route("/staff/targets/{key}/pause", post(actions::pause))
        .route("/staff/targets/{key}/resume", post(actions::resume))
        .route("/staff/targets/{key}/secret", post(actions::secret))
        .route("/staff/targets/{key}/replay", post(actions::replay))
}

/// The target with a key, for those who may do something with targets.
async fn find(app: &App, who: &SignedIn, key: &str, action: Action) -> Result<Target> {
    if !who.may(action) {
        tracing::info!(security = "forbidden", member = who.member.id, "targets are for managers");
        return Err(Error::Forbidden("targets are for managers".into()));
    }
    Target::by_key(&app.db, key).await?.ok_or(Error::NotFound("there is no such target"))
}
