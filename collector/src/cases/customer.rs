//! What customers do with a case: answer, rate, and say that it is not solved.

use sayso_shared::id::IdempotencyKey;
use sayso_shared::limits::SATISFIED_FROM;
use sayso_shared::reply::{Reply, Satisfaction};
use serde_json::json;

use super::case::{CaseState, lock};
use super::error::{CaseError, Result};
use super::event::append;
use super::idempotency::{KeyStatus, record_key, request_hash};
use super::{Actor, Case, EventType, Status, quarantine};
use crate::app::App;
use crate::clock::{DAY, Millis};
use crate::db::Tx;
use crate::keys::new_id;
use crate::with_tx;

/// Adds a message of the customer. A case that waited goes on; one that was resolved or closed is reopened.
pub async fn reply(app: &App, case: &Case, reply: &Reply, key: &IdempotencyKey) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let state = lock(&mut tx, &case.id, now).await?;
    if record_key(&mut tx, &case.id, key, &request_hash(&("reply", reply)), now).await? == KeyStatus::Repeated {
        return Ok(tx.rollback().await?);
    }
    refuse_if_too_late(app, &state, now)?;
    let message_id = new_id();
    let insert = "insert into messages (id, case_id, author, member_id, body, created_at) values ($1, $2, 'customer', null, $3, $4)";
    with_tx!(&mut tx, conn => sqlx::query(insert).bind(&message_id).bind(&case.id).bind(reply.body()).bind(now).execute(conn).await.map(|_| ()))?;
    append(
        &mut tx,
        &case.id,
        EventType::Message,
        &Actor::Customer,
        json!({"message_id": message_id, "by": "customer"}),
        now,
    )
    .await?;
    resume(&mut tx, &case.id, &state, now).await?;
    tx.commit().await?;
    app.publish(&case.id, EventType::Message.as_str());
    Ok(())
}

/// Notes how satisfied the customer is. A good score, or "solved", closes a resolved case; "not solved" reopens it.
pub async fn rate(app: &App, case: &Case, satisfaction: &Satisfaction, key: &IdempotencyKey) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let state = lock(&mut tx, &case.id, now).await?;
    if record_key(&mut tx, &case.id, key, &request_hash(&("rate", satisfaction)), now).await? == KeyStatus::Repeated {
        return Ok(tx.rollback().await?);
    }
    refuse_if_too_late(app, &state, now)?;
    if state.status().is_open() {
        return Err(CaseError::NotAnswered);
    }
    let upsert = "insert into satisfactions (case_id, score, solved, comment, created_at) values ($1, $2, $3, $4, $5) \
        on conflict (case_id) do update set score = excluded.score, solved = excluded.solved, comment = excluded.comment, created_at = excluded.created_at";
    with_tx!(&mut tx, conn => sqlx::query(upsert).bind(&case.id).bind(satisfaction.score()).bind(satisfaction.solved())
        .bind(satisfaction.comment()).bind(now).execute(conn).await.map(|_| ()))?;
    let data = json!({"score": satisfaction.score(), "solved": satisfaction.solved()});
    append(&mut tx, &case.id, EventType::Rated, &Actor::Customer, data, now).await?;
    match satisfaction.solved() {
        Some(false) => resume(&mut tx, &case.id, &state, now).await?,
        solved if solved == Some(true) || satisfaction.score() >= SATISFIED_FROM => {
            close(&mut tx, &case.id, &state, &Actor::Customer, now).await?
        }
        _ => {}
    }
    tx.commit().await?;
    app.publish(&case.id, EventType::Rated.as_str());
    Ok(())
}

/// Closes a resolved case.
pub(super) async fn close(tx: &mut Tx, case_id: &str, state: &CaseState, actor: &Actor, now: Millis) -> Result<()> {
    if state.status() != Status::Resolved {
        return Ok(());
    }
    let update = "update cases set status = 'closed', closed_at = $1 where id = $2";
    with_tx!(tx, conn => sqlx::query(update).bind(now).bind(case_id).execute(conn).await.map(|_| ()))?;
    append(tx, case_id, EventType::Closed, actor, json!({"from": state.status}), now).await?;
    Ok(())
}

/// Brings the case to where a word of the customer brings it.
async fn resume(tx: &mut Tx, case_id: &str, state: &CaseState, now: Millis) -> Result<()> {
    let from = state.status();
    let to = from.after_customer_reply();
    if to == from {
        return Ok(());
    }
    let reopened = !from.is_open();
    let update = "update cases set status = $1, reopened_count = reopened_count + $2, \
        resolved_at = case when $2 = 1 then null else resolved_at end, closed_at = null where id = $3";
    with_tx!(tx, conn => sqlx::query(update).bind(to.as_str()).bind(i64::from(reopened)).bind(case_id).execute(conn).await.map(|_| ()))?;
    quarantine::hold_again(tx, case_id).await?;
    let event = if reopened { EventType::Reopened } else { EventType::Status };
    append(tx, case_id, event, &Actor::Customer, json!({"from": from, "to": to}), now).await?;
    Ok(())
}

fn refuse_if_too_late(app: &App, state: &CaseState, now: Millis) -> Result<()> {
    let days = app.config.retention.reopen_days;
    let open_until = state.closed_at.map(|at| at + i64::from(days) * DAY);
    if state.status() == Status::Closed && open_until.is_none_or(|until| now >= until) {
        return Err(CaseError::ReopenPeriodOver { days });
    }
    Ok(())
}
