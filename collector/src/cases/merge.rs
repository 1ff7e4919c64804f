//! Merging: what two customers said, or one said twice, is worked on as one case.
//!
//! A case that was merged stands where the other one stands. What the staff answer there is answered in it too, so its customer reads and gets it
//! under their own code; what its customer says moves the other case. Neither customer sees what the other said. Nobody works on it by itself, until
//! it is taken apart again, which undoes all of it but what was said meanwhile.

use sayso_shared::id::IdempotencyKey;
use serde_json::json;

use super::case::{self, CaseState};
use super::error::{CaseError, Result};
use super::event::append;
use super::idempotency::{KeyStatus, record_key, request_hash};
use super::properties::check_version;
use super::quarantine::MERGED;
use super::query::said;
use super::{Actor, EventType, Status};
use crate::app::App;
use crate::clock::Millis;
use crate::clocks::{self, Step, Terms};
use crate::db::{Db, Tx};
use crate::inbound::quotes::Segment;
use crate::{with_db, with_tx};

/// Cases that one can hold: each of its answers is written to all of them.
const MOST: usize = 100;

/// A case that was merged into another one.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Merged {
    /// Its identifier.
    pub id: String,
    /// Its number.
    pub number: Option<i64>,
    /// The customer's words.
    pub message: String,
    /// When it was merged.
    pub merged_at: Millis,
}

/// The cases that were merged into a case, in the order in which they came.
pub async fn merged_into(db: &Db, case_id: &str) -> sqlx::Result<Vec<Merged>> {
    let select = "select cases.id, case_numbers.number, feedback.message, cases.merged_at from cases \
        join feedback on feedback.id = cases.id left join case_numbers on case_numbers.case_id = cases.id \
        where cases.merged_into = $1 order by cases.id";
    with_db!(db, pool => sqlx::query_as(select).bind(case_id).fetch_all(pool).await)
}

/// Something that the customer of a case said that was merged.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SaidThere {
    /// Its identifier.
    pub id: String,
    /// That of the case.
    pub case_id: String,
    /// The words.
    pub body: String,
    /// When.
    pub created_at: Millis,
    channel: Option<String>,
}

impl SaidThere {
    /// The words, in runs that are shown and, of mails, runs that are folded.
    pub fn segments(&self) -> Vec<Segment> {
        said(self.channel.as_deref(), &self.body)
    }
}

/// What customers of cases that were merged into this one have said since, beside what they submitted.
pub async fn said_by_customers(db: &Db, case_id: &str) -> sqlx::Result<Vec<SaidThere>> {
    let select = "select messages.id, messages.case_id, messages.body, messages.created_at, messages.channel from cases \
        join messages on messages.case_id = cases.id \
        where cases.merged_into = $1 and messages.author = 'customer' and messages.created_at >= cases.merged_at order by messages.id";
    with_db!(db, pool => sqlx::query_as(select).bind(case_id).fetch_all(pool).await)
}

/// Merges a case into another one, once for a key. With `version`, only if the case is still at it.
pub async fn merge(
    app: &App,
    case_id: &str,
    into: &str,
    actor: &Actor,
    version: Option<i64>,
    key: &IdempotencyKey,
) -> Result<()> {
    let now = app.clock.now();
    let terms = Terms::current(app).await?;
    let mut tx = app.db.begin().await?;
    // The one that goes on is locked first, here and wherever both are changed.
    let target = case::lock(&mut tx, into, now).await?;
    let state = case::lock(&mut tx, case_id, now).await?;
    if record_key(&mut tx, case_id, key, &request_hash(&("merge", into)), now).await? == KeyStatus::Repeated {
        return Ok(tx.rollback().await?);
    }
    if case_id == into {
        return Err(CaseError::MergedWithItself);
    }
    check_version(&mut tx, case_id, &state, version).await?;
    may_be_merged(&state)?;
    may_be_merged(&target)?;
    if state.site_id != target.site_id {
        return Err(CaseError::OtherSite);
    }
    if !children(&mut tx, case_id).await?.is_empty() {
        return Err(CaseError::HoldsOthers);
    }
    if children(&mut tx, into).await?.len() >= MOST {
        return Err(CaseError::HoldsTooMany);
    }
    clocks::apply(&mut tx, &terms, case_id, &[Step::Paused], now).await?;
    let update = "update cases set merged_into = $1, merged_at = $2, merged_status = status, status = $3, quarantine = $4 where id = $5";
    with_tx!(&mut tx, conn => sqlx::query(update).bind(into).bind(now).bind(&target.status).bind(MERGED).bind(case_id)
        .execute(conn).await.map(|_| ()))?;
    append(&mut tx, case_id, EventType::Merged, actor, json!({"into": into}), now).await?;
    append(&mut tx, into, EventType::Merged, actor, json!({"case_id": case_id}), now).await?;
    tx.commit().await?;
    publish_both(app, case_id, into, EventType::Merged);
    Ok(())
}

/// Takes a case that was merged apart again, once for a key: it stands where it stood, and its clocks go on. If its customer was told meanwhile that
/// it is resolved, work on it begins again. With `version`, only if the case is still at it.
pub async fn unmerge(
    app: &App,
    case_id: &str,
    actor: &Actor,
    version: Option<i64>,
    key: &IdempotencyKey,
) -> Result<()> {
    let now = app.clock.now();
    let terms = Terms::current(app).await?;
    let mut tx = app.db.begin().await?;
    let (target, state) = lock_merged(&mut tx, case_id, now).await?;
    if record_key(&mut tx, case_id, key, &request_hash(&("unmerge", case_id)), now).await? == KeyStatus::Repeated {
        return Ok(tx.rollback().await?);
    }
    let Some((into, _)) = target else { return Err(CaseError::NotMerged) };
    check_version(&mut tx, case_id, &state, version).await?;
    let from = state.status();
    let before = state.merged_status.as_deref().and_then(Status::parse).unwrap_or(Status::InProgress);
    let to = if from.is_open() { before } else { Status::InProgress };
    let update = "update cases set merged_into = null, merged_at = null, merged_status = null, quarantine = '', status = $1, \
        resolved_at = null, closed_at = null where id = $2";
    with_tx!(&mut tx, conn => sqlx::query(update).bind(to.as_str()).bind(case_id).execute(conn).await.map(|_| ()))?;
    if to != Status::Waiting {
        clocks::apply(&mut tx, &terms, case_id, &[Step::Resumed], now).await?;
    }
    append(&mut tx, case_id, EventType::Unmerged, actor, json!({"from_case": into, "from": from, "to": to}), now)
        .await?;
    append(&mut tx, &into, EventType::Unmerged, actor, json!({"case_id": case_id}), now).await?;
    tx.commit().await?;
    publish_both(app, case_id, &into, EventType::Unmerged);
    Ok(())
}

/// Lets the cases that were merged into this one stand where it stands now, before or after it is changed. Their timelines do not speak of it.
pub(super) async fn align(tx: &mut Tx, case_id: &str) -> sqlx::Result<()> {
    let update = "update cases set status = (select one.status from cases one where one.id = $1), \
        resolved_at = (select one.resolved_at from cases one where one.id = $1), \
        closed_at = (select one.closed_at from cases one where one.id = $1) where merged_into = $1";
    with_tx!(tx, conn => sqlx::query(update).bind(case_id).execute(conn).await.map(|_| ()))
}

/// Locks a case, and before it the one that it was merged into, if it was.
pub(super) async fn lock_merged(
    tx: &mut Tx,
    case_id: &str,
    now: Millis,
) -> Result<(Option<(String, CaseState)>, CaseState)> {
    let select = "select merged_into from cases where id = $1";
    let into: Option<Option<String>> =
        with_tx!(&mut *tx, conn => sqlx::query_scalar(select).bind(case_id).fetch_optional(conn).await)?;
    let target = match into.flatten() {
        Some(into) => Some((into.clone(), case::lock(tx, &into, now).await?)),
        None => None,
    };
    let state = case::lock(tx, case_id, now).await?;
    // Merged or taken apart in between: the customer's word is not lost, it comes again.
    match state.merged_into == target.as_ref().map(|(id, _)| id.clone()) {
        true => Ok((target, state)),
        false => Err(CaseError::Database(sqlx::Error::WorkerCrashed)),
    }
}

/// The cases that were merged into this one.
pub(super) async fn children(tx: &mut Tx, case_id: &str) -> sqlx::Result<Vec<String>> {
    let select = "select id from cases where merged_into = $1 order by id";
    with_tx!(tx, conn => sqlx::query_scalar(select).bind(case_id).fetch_all(conn).await)
}

/// What is answered already has nothing to wait for, and what is suspected nobody has looked at.
fn may_be_merged(state: &CaseState) -> Result<()> {
    match state.quarantine() {
        Some(_) => Err(CaseError::InQuarantine),
        None if state.merged_into.is_some() => Err(CaseError::Merged),
        None if !state.status().is_open() => Err(CaseError::NotOpen),
        None => Ok(()),
    }
}

fn publish_both(app: &App, one: &str, other: &str, event: EventType) {
    app.publish(one, event.as_str());
    app.publish(other, event.as_str());
}
