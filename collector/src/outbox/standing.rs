//! Whether a target gets anything: people pause and resume it, and Sayso switches it off when it is gone, or has failed for days.
//!
//! What a target that is off should hear waits for it, in the state `suspended`.

use serde_json::json;

use super::deliveries::Attempted;
use super::delivery::{CUSTOMER, Failure, member_of};
use super::trial;
use crate::app::App;
use crate::audit::{self, Change, Stamp};
use crate::clock::{DAY, Millis};
use crate::db::Db;
use crate::{with_tx, with_write};

/// Failures in a row before a target is switched off.
const FAILURES: i64 = 10;
/// How long it must have failed, where each failure might have passed.
const FAILING: Millis = 3 * DAY;

/// Stops forwarding to a target: for a reason, or since a person wants it. Gives whether it was on.
pub async fn switch_off(db: &Db, id: &str, because: Option<&str>, stamp: &Stamp) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    let update = "update targets set disabled_at = $1, disabled_because = $2 where id = $3 and disabled_at is null";
    let rows = with_tx!(&mut tx, conn => sqlx::query(update).bind(stamp.at).bind(because).bind(id).execute(conn).await.map(|done| done.rows_affected()))?;
    if rows == 1 {
        let update = "update deliveries set state = 'suspended' where destination = $1 and state = 'pending'";
        with_tx!(&mut tx, conn => sqlx::query(update).bind(id).execute(conn).await.map(|_| ()))?;
        let (before, after) = (json!({"enabled": true}), json!({"enabled": false, "because": because}));
        let change = Change { action: "target.disable", object: format!("target/{id}"), before, after };
        audit::append(&mut tx, stamp, &change).await?;
    }
    tx.commit().await?;
    Ok(rows == 1)
}

/// Goes on forwarding to a target; gives how many deliveries had waited for it.
pub async fn switch_on(db: &Db, id: &str, stamp: &Stamp) -> sqlx::Result<u64> {
    let mut tx = db.begin().await?;
    let update = "update targets set disabled_at = null, disabled_because = null, failures = 0, failing_since = null \
        where id = $1 and disabled_at is not null";
    let rows =
        with_tx!(&mut tx, conn => sqlx::query(update).bind(id).execute(conn).await.map(|done| done.rows_affected()))?;
    if rows == 1 {
        let change = Change {
            action: "target.enable",
            object: format!("target/{id}"),
            before: json!({"enabled": false}),
            after: json!({"enabled": true}),
        };
        audit::append(&mut tx, stamp, &change).await?;
    }
    let update = "update deliveries set state = 'pending', attempts = 0, due_at = $1, lease_until = 0 \
        where destination = $2 and state = 'suspended'";
    let waiting = with_tx!(&mut tx, conn => sqlx::query(update).bind(stamp.at).bind(id).execute(conn).await.map(|done| done.rows_affected()))?;
    tx.commit().await?;
    Ok(waiting)
}

/// Notes how targets do, and switches those off that are gone or have failed for too long.
pub(super) async fn record_health(app: &App, attempts: &[Attempted]) -> sqlx::Result<()> {
    let is_target = |attempt: &&Attempted| {
        let destination = &attempt.delivery.destination;
        // A trial that fails says nothing about what is forwarded.
        destination != CUSTOMER && member_of(destination).is_none() && attempt.delivery.subject != trial::SUBJECT
    };
    for Attempted { delivery, result, .. } in attempts.iter().filter(is_target) {
        let id = delivery.destination.as_str();
        match result {
            Ok(()) => {
                let update = "update targets set failures = 0, failing_since = null where id = $1 and failures > 0";
                with_write!(&app.db, pool => sqlx::query(update).bind(id).execute(pool).await.map(|_| ()))?;
            }
            Err(Failure::Gone(reason)) => suspend(app, id, reason).await?,
            Err(Failure::Moved(chat)) => {
                let update = "update targets set moved_to = $1 where id = $2";
                with_write!(&app.db, pool => sqlx::query(update).bind(chat).bind(id).execute(pool).await.map(|_| ()))?;
            }
            Err(Failure::Permanent(error)) => {
                if failed(app, id).await?.is_some_and(|(failures, _)| failures >= FAILURES) {
                    suspend(app, id, &format!("it refused {FAILURES} messages in a row; the last: {error}")).await?;
                }
            }
            Err(Failure::Retryable { error, wait: None }) => {
                let failed = failed(app, id).await?;
                let is_over =
                    |(failures, since): (i64, Millis)| failures >= FAILURES && since <= app.clock.now() - FAILING;
                if failed.is_some_and(is_over) {
                    suspend(app, id, &format!("nothing has arrived there for days; the last error: {error}")).await?;
                }
            }
            // A receiver that is busy is not broken; what becomes of an address that refuses mail is decided where bounces are.
            Err(
                Failure::Retryable { .. }
                | Failure::Dropped(_)
                | Failure::Suspended
                | Failure::Held { .. }
                | Failure::Bounced { .. },
            ) => {}
        }
    }
    Ok(())
}

/// Counts a failure; gives how many there were in a row, and since when. What mail meets is mostly our own server's fault, and switches nothing off.
async fn failed(app: &App, id: &str) -> sqlx::Result<Option<(i64, Millis)>> {
    let update = "update targets set failures = failures + 1, failing_since = coalesce(failing_since, $1) \
        where id = $2 and channel <> 'email' returning failures, failing_since";
    let now = app.clock.now();
    with_write!(&app.db, pool => sqlx::query_as(update).bind(now).bind(id).fetch_optional(pool).await)
}

pub(super) async fn suspend(app: &App, id: &str, reason: &str) -> sqlx::Result<()> {
    if switch_off(&app.db, id, Some(reason), &Stamp::system(app.clock.now())).await? {
        tracing::error!(target_id = id, reason, "a target was switched off; `sayso target resume` goes on");
    }
    Ok(())
}
