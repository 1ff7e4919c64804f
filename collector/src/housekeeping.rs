//! Housekeeping: what has had its time is forgotten or closed.

use std::time::Duration;

use crate::app::App;
use crate::attachments;
use crate::cases::staff;
use crate::clock::{DAY, Millis};
use crate::with_db;

const EVERY: Duration = Duration::from_secs(60 * 60);
/// Cases closed for each look into the database.
const BATCH: i64 = 100;

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Idempotency keys, sessions and links deleted.
    pub forgotten: u64,
    /// Cases closed.
    pub closed: u64,
    /// Files deleted that nobody claimed.
    pub swept: u64,
}

/// Cleans up now and each hour, until `app.shutdown` is cancelled.
pub async fn run(app: App) {
    while !app.shutdown.is_cancelled() {
        match clean_up(&app).await {
            Ok(round) => {
                tracing::debug!(forgotten = round.forgotten, closed = round.closed, swept = round.swept, "cleaned up")
            }
            Err(error) => tracing::error!(error = %error, "cleaning up failed; the next round is in an hour"),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = app.shutdown.cancelled() => {}
        }
    }
}

/// One round.
pub async fn clean_up(app: &App) -> anyhow::Result<Round> {
    let now = app.clock.now();
    let retention = &app.config.retention;
    app.limits.forget_quiet();
    let old_keys = now - i64::from(retention.idempotency_days) * DAY;
    let mut forgotten = delete(app, "delete from idempotency_keys where created_at < $1", old_keys).await?;
    forgotten += delete(app, "delete from sessions where expires_at <= $1", now).await?;
    forgotten += delete(app, "delete from links where expires_at <= $1", now).await?;
    let closed = close_resolved(app, now - i64::from(retention.close_resolved_days) * DAY).await?;
    let swept = attachments::sweep(app).await?;
    Ok(Round { forgotten, closed, swept })
}

async fn delete(app: &App, delete: &'static str, before: Millis) -> sqlx::Result<u64> {
    with_db!(&app.db, pool => sqlx::query(delete).bind(before).execute(pool).await.map(|done| done.rows_affected()))
}

async fn close_resolved(app: &App, resolved_before: Millis) -> anyhow::Result<u64> {
    let select =
        "select id from cases where status = 'resolved' and resolved_at <= $1 and id > $2 order by id limit $3";
    let mut closed = 0;
    let mut after = String::new();
    loop {
        let ids: Vec<String> = with_db!(&app.db, pool => sqlx::query_scalar(select).bind(resolved_before).bind(&after).bind(BATCH).fetch_all(pool).await)?;
        let Some(last) = ids.last() else { return Ok(closed) };
        after.clone_from(last);
        for id in &ids {
            if app.shutdown.is_cancelled() {
                return Ok(closed);
            }
            staff::close_quietly(app, id, resolved_before).await?;
            closed += 1;
        }
    }
}
