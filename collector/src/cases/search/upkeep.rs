//! Keeping the search index in a form that is fast to search.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::app::App;
use crate::db::search::{Progress, compact};

/// How often it is looked whether there is something to do.
const POLL: Duration = Duration::from_secs(2);

/// Works until `app.shutdown` is cancelled, where this collector leads.
pub async fn run(app: &App) {
    while !app.shutdown.is_cancelled() {
        if app.leader.leads()
            && let Err(error) = keep_compact(app).await
        {
            tracing::error!(%error, "the search index can't be kept compact; trying again");
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = app.shutdown.cancelled() => {}
        }
    }
}

/// Gathers what was indexed lately into segments, and small segments into larger ones, as far as there is something to do.
pub async fn keep_compact(app: &App) -> sqlx::Result<()> {
    let rest = |took: Duration| -> BoxFuture<'_, ()> { app.intake.throttle(took).boxed() };
    while compact(&app.db, app.clock.now(), &rest).await? == Progress::Made {}
    Ok(())
}
