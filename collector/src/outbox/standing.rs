//! Whether a target gets anything: people pause and resume it, and Sayso switches it off when it is gone, or has failed for days.
//!
//! What a target that is off should hear waits for it, in the state `suspended`.

use serde_json::json;

use super::deliveries::Attempted;
use super::delivery::{CUSTOMER, Failure, NewMail, member, member_of, plan_mail};
use super::trial;
use crate::app::App;
use crate::audit::{self, Change, Stamp};
use crate::auth::{Member, Role};
use crate::clock::{DAY, Millis};
use crate::db::Db;
use crate::{with_db, with_tx, with_write};

/// The subject of the mails that say that a target was switched off.
pub const SUBJECT: &str = "target_off";
/// Failures in a row before a target is switched off.
const FAILURES: i64 = 10;
/// How long it must have failed, where each failure might have passed.
const FAILING: Millis = 3 * DAY;

/// A target that was switched off by itself.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Stopped {
    /// What people call it.
    pub key: String,
    /// Why, in English.
    pub reason: String,
}

/// The targets that were switched off and that nobody paused, the latest first.
pub async fn switched_off(db: &Db) -> sqlx::Result<Vec<Stopped>> {
    let select = "select coalesce(key, id) as key, disabled_because as reason from targets \
        where disabled_at is not null and disabled_because is not null order by disabled_at desc, id";
    with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)
}

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
    // Its leases stay: what was under way when it was switched off may be still.
    let update = "update deliveries set state = 'pending', attempts = 0, due_at = $1 \
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
            Err(Failure::Retryable { error, .. }) => {
                let failed = failed(app, id).await?;
                let is_over =
                    |(failures, since): (i64, Millis)| failures >= FAILURES && since <= app.clock.now() - FAILING;
                if failed.is_some_and(is_over) {
                    suspend(app, id, &format!("nothing has arrived there for days; the last error: {error}")).await?;
                }
            }
            // What becomes of an address that refuses mail is decided where bounces are.
            Err(Failure::Dropped(_) | Failure::Suspended | Failure::Held { .. } | Failure::Bounced { .. }) => {}
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
        tell_managers(app, id).await?;
    }
    Ok(())
}

/// Plans a mail to those who look after targets: the target itself can't be told.
async fn tell_managers(app: &App, id: &str) -> sqlx::Result<()> {
    let now = app.clock.now();
    let members = Member::all(&app.db).await?;
    let managers = members
        .iter()
        .filter(|member| member.disabled_at.is_none() && matches!(member.role(), Role::Admin | Role::Manager));
    let order_key = format!("{SUBJECT}/{id}");
    let mut tx = app.db.begin().await?;
    for manager in managers {
        let destination = member(&manager.id);
        let mail = NewMail {
            subject: SUBJECT,
            subject_id: id,
            order_key: &order_key,
            order_no: now,
            destination: &destination,
            due_at: now,
        };
        plan_mail(&mut tx, mail, now).await?;
    }
    tx.commit().await?;
    app.deliveries_wake.notify_one();
    Ok(())
}
