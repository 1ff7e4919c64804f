//! What the staff do with a case in quarantine: release or discard it.

use sayso_shared::id::IdempotencyKey;
use serde_json::json;

use super::case::{CaseState, lock};
use super::error::{CaseError, Result};
use super::event::append;
use super::idempotency::{KeyStatus, record_key, request_hash};
use super::{Actor, EventType, Quarantine};
use crate::app::App;
use crate::clock::Millis;
use crate::customers::quarantined;
use crate::db::jobs::{self, Kind, NewJob};
use crate::db::{Tx, is_deadlock};
use crate::{with_db, with_tx};

/// Cases discarded for each look into the database.
const BATCH: i64 = 100;

/// Makes a held or discarded case one like any other: all that happened to it is forwarded now.
pub async fn release(app: &App, case_id: &str, actor: &Actor, key: &IdempotencyKey) -> Result<()> {
    loop {
        match try_release(app, case_id, actor, key).await {
            // Whoever forwards the case holds the job.
            Err(CaseError::Database(error)) if is_deadlock(&error) => {}
            Err(error) => return Err(error),
            Ok(()) => break,
        }
    }
    // The customer's page shows nothing of it, as of anything that the staff do among themselves.
    app.publish(case_id, EventType::Assigned.as_str());
    Ok(())
}

/// Takes a held case for spam: it is closed, and stays out of sight.
pub async fn discard(app: &App, case_id: &str, actor: &Actor, key: &IdempotencyKey) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let state = lock(&mut tx, case_id, now).await?;
    if record_key(&mut tx, case_id, key, &request_hash(&"discard"), now).await? == KeyStatus::Repeated {
        return Ok(tx.rollback().await?);
    }
    if state.quarantine() != Some(Quarantine::Held) {
        return Err(CaseError::NotHeld);
    }
    close(&mut tx, case_id, &state, actor, now).await?;
    tx.commit().await?;
    app.publish(case_id, EventType::Status.as_str());
    Ok(())
}

/// Takes the cases for spam that nobody has decided about and that nothing has happened to since a time; gives how many. So they end, and what their
/// site keeps for how long goes for them as well.
pub async fn discard_undecided(app: &App, before: Millis) -> Result<u64> {
    let select = "select id from cases where quarantine = 'held' and updated_at <= $1 and id > $2 order by id limit $3";
    let (mut discarded, mut after) = (0, String::new());
    loop {
        let ids: Vec<String> = with_db!(&app.db, pool => sqlx::query_scalar(select).bind(before).bind(&after).bind(BATCH).fetch_all(pool).await)?;
        let Some(last) = ids.last() else { return Ok(discarded) };
        after.clone_from(last);
        for id in &ids {
            if app.shutdown.is_cancelled() {
                return Ok(discarded);
            }
            discarded += u64::from(discard_if_undecided(app, id, before).await?);
        }
    }
}

async fn discard_if_undecided(app: &App, case_id: &str, before: Millis) -> Result<bool> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let select = "select count(*) from cases where id = $1 and quarantine = 'held' and updated_at <= $2";
    let due: i64 =
        with_tx!(&mut tx, conn => sqlx::query_scalar(select).bind(case_id).bind(before).fetch_one(conn).await)?;
    let state = lock(&mut tx, case_id, now).await?;
    if due == 0 || state.quarantine() != Some(Quarantine::Held) {
        tx.rollback().await?;
        return Ok(false);
    }
    close(&mut tx, case_id, &state, &Actor::System, now).await?;
    tx.commit().await?;
    app.publish(case_id, EventType::Status.as_str());
    Ok(true)
}

async fn close(tx: &mut Tx, case_id: &str, state: &CaseState, actor: &Actor, now: Millis) -> sqlx::Result<()> {
    let update = "update cases set quarantine = $1, status = 'closed', closed_at = $2 where id = $3";
    with_tx!(&mut *tx, conn => sqlx::query(update).bind(Quarantine::Discarded.as_str()).bind(now).bind(case_id)
        .execute(conn).await.map(|_| ()))?;
    let data = json!({"from": state.status, "to": "closed", "quarantine": "discarded"});
    append(tx, case_id, EventType::Status, actor, data, now).await.map(|_| ())
}

async fn try_release(app: &App, case_id: &str, actor: &Actor, key: &IdempotencyKey) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let state = lock(&mut tx, case_id, now).await?;
    if record_key(&mut tx, case_id, key, &request_hash(&"release"), now).await? == KeyStatus::Repeated {
        return Ok(tx.rollback().await?);
    }
    if state.quarantine().is_none() {
        return Err(CaseError::NotInQuarantine);
    }
    reopen(&mut tx, case_id).await?;
    quarantined::forget(&mut tx, case_id).await?;
    let select = "select status from cases where id = $1";
    let to: String = with_tx!(&mut tx, conn => sqlx::query_scalar(select).bind(case_id).fetch_one(conn).await)?;
    let data = json!({"from": state.status, "to": to, "quarantine": "released"});
    append(&mut tx, case_id, EventType::Status, actor, data, now).await?;
    // While it was held nobody was told of it and no rule looked at it, so now both begin with its first event.
    for kind in [Kind::Route, Kind::Forward] {
        let job = NewJob { key: case_id.to_owned(), payload: "1".into(), due_at: now };
        jobs::replace(&mut tx, kind, &job, now).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// A discarded case was closed for no other reason.
async fn reopen(tx: &mut Tx, case_id: &str) -> sqlx::Result<()> {
    let update = "update cases set status = case when quarantine = 'discarded' then 'new' else status end, \
        closed_at = case when quarantine = 'discarded' then null else closed_at end, quarantine = '' where id = $1";
    with_tx!(tx, conn => sqlx::query(update).bind(case_id).execute(conn).await.map(|_| ()))
}
