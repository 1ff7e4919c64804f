//! What customers do with a case: answer, rate, and say that it is not solved.

use sayso_shared::Contact;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::limits::SATISFIED_FROM;
use sayso_shared::problem::FieldError;
use sayso_shared::reply::{Reply, Satisfaction};
use serde_json::json;

use super::case::{CaseState, contact_context, lock};
use super::error::{CaseError, Result};
use super::event::append;
use super::idempotency::{KeyStatus, record_key, request_hash};
use super::merge::{self, lock_merged};
use super::{Actor, Case, Channel, EventType, Status, messages, quarantine};
use crate::app::App;
use crate::attachments::claim_hash;
use crate::clock::{DAY, Millis};
use crate::clocks::{self, Step, Terms};
use crate::db::Tx;
use crate::http::Error;
use crate::keys::new_id;
use crate::with_tx;

/// Adds a message of the customer, and notes how it came. A case that waited goes on; one that was resolved or closed is reopened.
pub async fn reply(app: &App, case: &Case, reply: &Reply, key: &IdempotencyKey, channel: Channel) -> Result<()> {
    let now = app.clock.now();
    let terms = Terms::current(app).await?;
    let mut tx = app.db.begin().await?;
    let (target, state) = lock_merged(&mut tx, &case.id, now).await?;
    if record_key(&mut tx, &case.id, key, &request_hash(&("reply", reply)), now).await? == KeyStatus::Repeated {
        return Ok(tx.rollback().await?);
    }
    refuse_if_too_late(app, &state, now)?;
    let message_id = new_id();
    let insert = "insert into messages (id, case_id, author, member_id, body, created_at, channel) values ($1, $2, 'customer', null, $3, $4, $5)";
    with_tx!(&mut tx, conn => sqlx::query(insert).bind(&message_id).bind(&case.id).bind(reply.body()).bind(now).bind(channel.as_str()).execute(conn).await.map(|_| ()))?;
    let hashes: Vec<String> = reply.attachments().iter().map(|token| claim_hash(&app.keys, token)).collect();
    // A file that can't be claimed ends the transaction, so nothing is said without it.
    let files = messages::claim_files(&mut tx, &case.id, &hashes).await?;
    messages::link_files(&mut tx, &message_id, &files).await?;
    let data = json!({"message_id": message_id, "by": "customer"});
    append(&mut tx, &case.id, EventType::Message, &Actor::Customer, data, now).await?;
    resume(&mut tx, &case.id, &state, Some(&message_id), now).await?;
    // The staff read it in the case that they work on.
    let worked_on = target.as_ref().map_or((case.id.as_str(), &state), |(id, state)| (id.as_str(), state));
    if let Some((into, target)) = &target {
        let data = json!({"message_id": message_id, "by": "customer", "case_id": case.id});
        append(&mut tx, into, EventType::Message, &Actor::Customer, data, now).await?;
        resume(&mut tx, into, target, Some(&message_id), now).await?;
    }
    clocks::apply(&mut tx, &terms, worked_on.0, &clock_steps(worked_on.1.status()), now).await?;
    merge::align(&mut tx, worked_on.0).await?;
    tx.commit().await?;
    publish(app, case, target.as_ref(), EventType::Message);
    Ok(())
}

/// Tells the pages of a case, and of the one that it was merged into.
fn publish(app: &App, case: &Case, target: Option<&(String, CaseState)>, event: EventType) {
    for id in target.map(|(id, _)| id).into_iter().chain([&case.id]) {
        app.publish(id, event.as_str());
    }
}

/// Notes an address that mail reaches the customer at, where there was none.
pub async fn add_address(app: &App, case: &Case, typed: &str, key: &IdempotencyKey) -> Result<(), AddressError> {
    let contact = Contact::with_email(case.contact(&app.keys), typed).map_err(AddressError::Invalid)?;
    let json = serde_json::to_vec(&contact).expect("a contact is plain data");
    let cipher = app.keys.encrypt(&contact_context(&case.id), &json);
    let now = app.clock.now();
    let mut tx = app.db.begin().await.map_err(CaseError::from)?;
    let state = lock(&mut tx, &case.id, now).await?;
    if record_key(&mut tx, &case.id, key, &request_hash(&("address", typed)), now).await? == KeyStatus::Repeated {
        return Ok(tx.rollback().await.map_err(CaseError::from)?);
    }
    refuse_if_too_late(app, &state, now)?;
    // Of two that come at once the first stays: nobody takes over where another's mail goes.
    let update =
        "update feedback set contact_cipher = $1 where id = $2 and (contact_cipher is null or contact_cipher = $3)";
    let before = case.contact_cipher().unwrap_or_default();
    let rows =
        with_tx!(&mut tx, conn => sqlx::query(update).bind(&cipher).bind(&case.id).bind(before).execute(conn).await
        .map(|done| done.rows_affected()))
        .map_err(CaseError::from)?;
    if rows == 0 || case.contact(&app.keys).is_some_and(|contact| contact.email().is_some()) {
        return Err(CaseError::HasAddress.into());
    }
    append(&mut tx, &case.id, EventType::Contact, &Actor::Customer, json!({}), now).await.map_err(CaseError::from)?;
    tx.commit().await.map_err(CaseError::from)?;
    app.publish(&case.id, EventType::Contact.as_str());
    Ok(())
}

/// Why an address was not taken.
#[derive(Debug)]
pub enum AddressError {
    /// It is none.
    Invalid(Vec<FieldError>),
    /// The case does not allow it.
    Case(CaseError),
}

impl From<CaseError> for AddressError {
    fn from(error: CaseError) -> Self {
        Self::Case(error)
    }
}

impl From<AddressError> for Error {
    fn from(error: AddressError) -> Self {
        match error {
            AddressError::Invalid(errors) => Error::Invalid(errors),
            AddressError::Case(error) => error.into(),
        }
    }
}

/// Notes how satisfied the customer is. A good score, or "solved", closes a resolved case; "not solved" reopens it.
pub async fn rate(app: &App, case: &Case, satisfaction: &Satisfaction, key: &IdempotencyKey) -> Result<()> {
    let now = app.clock.now();
    let terms = Terms::current(app).await?;
    let mut tx = app.db.begin().await?;
    let (target, state) = lock_merged(&mut tx, &case.id, now).await?;
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
        Some(false) => {
            resume(&mut tx, &case.id, &state, None, now).await?;
            let worked_on = target.as_ref().map_or((case.id.as_str(), &state), |(id, state)| (id.as_str(), state));
            if let Some((into, target)) = &target {
                resume(&mut tx, into, target, None, now).await?;
            }
            clocks::apply(&mut tx, &terms, worked_on.0, &clock_steps(worked_on.1.status()), now).await?;
            merge::align(&mut tx, worked_on.0).await?;
        }
        solved if solved == Some(true) || satisfaction.score() >= SATISFIED_FROM => {
            close(&mut tx, &case.id, &state, &Actor::Customer, now).await?;
            // One that was merged into this one ends with it. Its own customer's word closes it alone.
            merge::align(&mut tx, &case.id).await?;
        }
        _ => {}
    }
    tx.commit().await?;
    publish(app, case, target.as_ref(), EventType::Rated);
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

/// How a word of the customer moves the clocks of a case that is `from`.
fn clock_steps(from: Status) -> Vec<Step> {
    let first = match from {
        Status::Waiting => Some(Step::Resumed),
        Status::Resolved | Status::Closed => Some(Step::Reopened),
        Status::New | Status::Acknowledged | Status::InProgress => None,
    };
    first.into_iter().chain([Step::Asked]).collect()
}

/// Brings the case to where a word of the customer brings it: a message, or without one a rating.
async fn resume(tx: &mut Tx, case_id: &str, state: &CaseState, message_id: Option<&str>, now: Millis) -> Result<()> {
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
    let mut data = json!({"from": from, "to": to});
    match message_id {
        Some(id) => data["message_id"] = id.into(),
        None => data["rated"] = true.into(),
    }
    append(tx, case_id, event, &Actor::Customer, data, now).await?;
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
