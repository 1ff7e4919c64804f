//! What the staff do with a case: reply, note, take up, ask, resolve, assign.

use sayso_shared::Kind;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::masking::Masking;
use serde_json::{Value, json};

use super::case::{self, CaseState};
pub use super::command::{Body, Command, Content, FollowUp, Remedy, Resolution};
use super::error::{CaseError, Result};
use super::event::append;
use super::idempotency::{self, KeyStatus};
use super::money::Money;
use super::{Actor, EventType, Outcome, Status, first_action, mentions, merge, messages, properties};
use crate::app::App;
use crate::clock::Millis;
use crate::clocks::{self, Step, Terms};
use crate::db::Tx;
use crate::with_tx;

/// Takes a step once, however often it is asked for with the same key. `request_hash` says what was asked for.
pub async fn apply_idempotent(
    app: &App,
    case_id: &str,
    actor: &Actor,
    command: Command,
    key: &IdempotencyKey,
    request_hash: &str,
) -> Result<()> {
    apply_at_version(app, case_id, actor, command, None, (key, request_hash)).await
}

/// The same, with a version only if the case is still at it.
pub async fn apply_at_version(
    app: &App,
    case_id: &str,
    actor: &Actor,
    command: Command,
    version: Option<i64>,
    (key, request_hash): (&IdempotencyKey, &str),
) -> Result<()> {
    let now = app.clock.now();
    let command = mentions::noted(app, case_id, command).await?;
    let terms = Terms::current(app).await?;
    let mut tx = app.db.begin().await?;
    if idempotency::record_key(&mut tx, case_id, key, request_hash, now).await? == KeyStatus::Repeated {
        return Ok(tx.rollback().await?);
    }
    let children = apply_in(&mut tx, &terms, (case_id, version), actor, &command, now).await?;
    tx.commit().await?;
    publish_all(app, case_id, &children, &command);
    Ok(())
}

/// Says something to the customer. On a case that is resolved or closed it changes no status.
pub async fn reply(app: &App, case_id: &str, member_id: &str, body: &Body, follow_up: FollowUp) -> Result<()> {
    apply(app, case_id, &Actor::Member(member_id.to_owned()), Command::Reply(body.clone().into(), follow_up)).await
}

/// Notes something that the customer never sees.
pub async fn add_note(app: &App, case_id: &str, member_id: &str, body: &Body) -> Result<()> {
    apply(app, case_id, &Actor::Member(member_id.to_owned()), Command::Note(body.clone().into())).await
}

/// Takes one of the steps of the status table; resolving has a function of its own.
pub async fn set_status(app: &App, case_id: &str, actor: &Actor, to: Status) -> Result<()> {
    apply(app, case_id, actor, Command::Status(to)).await
}

/// Resolves a case. A complaint needs an outcome.
pub async fn resolve(app: &App, case_id: &str, actor: &Actor, resolution: Resolution) -> Result<()> {
    apply(app, case_id, actor, Command::Resolve(resolution)).await
}

/// Gives the case to a member, or to nobody.
pub async fn assign(app: &App, case_id: &str, actor: &Actor, owner_id: Option<&str>) -> Result<()> {
    apply(app, case_id, actor, Command::Assign(owner_id.map(str::to_owned))).await
}

/// Notes that the customer got the automatic receipt: a new case is acknowledged by it. Says whether it was new.
pub async fn acknowledge(tx: &mut Tx, case_id: &str, now: Millis) -> sqlx::Result<bool> {
    let update = "update cases set status = $1, updated_at = $2, version = version + 1 where id = $3 and status = $4";
    let rows = with_tx!(tx, conn => sqlx::query(update).bind(Status::Acknowledged.as_str()).bind(now).bind(case_id)
        .bind(Status::New.as_str()).execute(conn).await.map(|done| done.rows_affected()))?;
    if rows == 1 {
        let data = json!({"from": Status::New.as_str(), "to": Status::Acknowledged.as_str()});
        append(tx, case_id, EventType::Acknowledged, &Actor::System, data, now).await?;
    }
    Ok(rows == 1)
}

/// Closes a case that was resolved long ago and that nobody objected to.
pub async fn close_expired(app: &App, case_id: &str, resolved_before: Millis) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let state = case::lock(&mut tx, case_id, now).await?;
    let select = "select count(*) from cases where id = $1 and status = 'resolved' and resolved_at <= $2";
    let due: i64 = with_tx!(&mut tx, conn => sqlx::query_scalar(select).bind(case_id).bind(resolved_before).fetch_one(conn).await)?;
    if due == 0 {
        return Ok(tx.rollback().await?);
    }
    super::customer::close(&mut tx, case_id, &state, &Actor::System, now).await?;
    merge::align(&mut tx, case_id).await?;
    tx.commit().await?;
    app.publish(case_id, EventType::Closed.as_str());
    Ok(())
}

/// As [`case::lock`], of a case that can be worked on.
async fn lock(tx: &mut Tx, case_id: &str, now: Millis) -> Result<CaseState> {
    let state = case::lock(tx, case_id, now).await?;
    state.check_workable()?;
    Ok(state)
}

async fn apply(app: &App, case_id: &str, actor: &Actor, command: Command) -> Result<()> {
    let command = mentions::noted(app, case_id, command).await?;
    let terms = Terms::current(app).await?;
    let mut tx = app.db.begin().await?;
    let children = apply_in(&mut tx, &terms, (case_id, None), actor, &command, app.clock.now()).await?;
    tx.commit().await?;
    publish_all(app, case_id, &children, &command);
    Ok(())
}

fn publish_all(app: &App, case_id: &str, children: &[String], command: &Command) {
    for id in children.iter().map(String::as_str).chain([case_id]) {
        app.publish(id, command.event().as_str());
    }
}

/// Does it in the case and in those that were merged into it, and gives these.
async fn apply_in(
    tx: &mut Tx,
    terms: &Terms,
    (case_id, version): (&str, Option<i64>),
    actor: &Actor,
    command: &Command,
    now: Millis,
) -> Result<Vec<String>> {
    let state = lock(tx, case_id, now).await?;
    properties::check_version(tx, case_id, &state, version).await?;
    let children = merge::children(tx, case_id).await?;
    if !children.is_empty() {
        merge::align(tx, case_id).await?;
    }
    let files = messages::claim_files(tx, case_id, command.files()).await?;
    carry_out(tx, case_id, &state, actor, (command, &files), now).await?;
    follow(tx, terms, &children, actor, (command, &files), now).await?;
    let steps = command.clock_steps(state.status());
    if !steps.is_empty() {
        clocks::apply(tx, terms, case_id, &steps, now).await?;
    }
    Ok(children)
}

/// Does in the cases that were merged into one what the staff have done in it, as far as their customers hear of it. They stand where it stood before.
async fn follow(
    tx: &mut Tx,
    terms: &Terms,
    children: &[String],
    actor: &Actor,
    (command, files): (&Command, &[String]),
    now: Millis,
) -> Result<()> {
    if matches!(command, Command::Note(_) | Command::Assign(_)) {
        return Ok(());
    }
    for child in children {
        let state = case::lock(tx, child, now).await?;
        carry_out(tx, child, &state, actor, (command, files), now).await?;
        if matches!(command, Command::Reply(..)) {
            // They stand still, but for the promise that this keeps.
            clocks::apply(tx, terms, child, &[Step::Answered], now).await?;
        }
    }
    Ok(())
}

/// Does it in one case, whose clocks the caller moves; `files` are those that come with it.
async fn carry_out(
    tx: &mut Tx,
    case_id: &str,
    state: &CaseState,
    actor: &Actor,
    (command, files): (&Command, &[String]),
    now: Millis,
) -> Result<()> {
    match command {
        Command::Reply(content, follow_up) => {
            reply_in(tx, case_id, state, actor, (&content.body, files), follow_up, now).await
        }
        Command::Note(content) => {
            let message_id = messages::add(tx, case_id, "note", actor, &content.body, now).await?;
            messages::link_files(tx, &message_id, files).await?;
            let mut data = json!({"message_id": message_id});
            if !content.mentions.is_empty() {
                data["mentions"] = json!(content.mentions);
            }
            append(tx, case_id, EventType::Note, actor, data, now).await?;
            first_action::acknowledge(tx, case_id, state, actor, now).await?;
            Ok(())
        }
        Command::Status(Status::Resolved) => Err(CaseError::ResolutionMissing),
        Command::Status(to) => change(tx, case_id, state, *to, actor, None, now).await,
        Command::Resolve(resolution) => resolve_in(tx, case_id, state, actor, resolution, None, now).await,
        Command::Reopen(reason) => {
            let message_id = messages::add(tx, case_id, "note", actor, reason, now).await?;
            append(tx, case_id, EventType::Note, actor, json!({"message_id": message_id}), now).await?;
            reopen_in(tx, case_id, state, actor, &message_id, now).await
        }
        Command::Assign(owner_id) if state.owner_id == *owner_id => Ok(()),
        Command::Assign(owner_id) => assign_in(tx, case_id, state, actor, owner_id.as_deref(), now).await,
    }
}

async fn reply_in(
    tx: &mut Tx,
    case_id: &str,
    state: &CaseState,
    actor: &Actor,
    (body, files): (&Body, &[String]),
    follow_up: &FollowUp,
    now: Millis,
) -> Result<()> {
    let message_id = messages::add(tx, case_id, "staff", actor, body, now).await?;
    messages::link_files(tx, &message_id, files).await?;
    let answered = "update cases set first_responded_at = $1 where id = $2 and first_responded_at is null";
    with_tx!(tx, conn => sqlx::query(answered).bind(now).bind(case_id).execute(conn).await.map(|_| ()))?;
    // A reply that resolves is told to the customer once, by the event that resolves.
    let (resolves, asks) = (matches!(follow_up, FollowUp::Resolve(_)), matches!(follow_up, FollowUp::Wait));
    let data = json!({"message_id": message_id, "by": "staff", "resolves": resolves, "asks": asks});
    append(tx, case_id, EventType::Message, actor, data, now).await?;
    // Whoever answers first goes on with it.
    if state.owner_id.is_none()
        && state.merged_into.is_none()
        && let Some(member_id) = actor.member_id()
    {
        assign_in(tx, case_id, state, actor, Some(member_id), now).await?;
    }
    match follow_up {
        FollowUp::Reopen => reopen_in(tx, case_id, state, actor, &message_id, now).await,
        FollowUp::Resolve(resolution) => {
            resolve_in(tx, case_id, state, actor, resolution, Some(&message_id), now).await
        }
        // Whoever waits already can be asked something more.
        FollowUp::Wait if state.status() == Status::Waiting => Ok(()),
        FollowUp::Wait => change(tx, case_id, state, Status::Waiting, actor, Some(&message_id), now).await,
        FollowUp::InProgress if state.status().staff_may(Status::InProgress) => {
            change(tx, case_id, state, Status::InProgress, actor, Some(&message_id), now).await
        }
        FollowUp::InProgress => Ok(()),
    }
}

async fn assign_in(
    tx: &mut Tx,
    case_id: &str,
    state: &CaseState,
    actor: &Actor,
    owner_id: Option<&str>,
    now: Millis,
) -> Result<()> {
    let update = "update cases set owner_id = $1 where id = $2";
    with_tx!(tx, conn => sqlx::query(update).bind(owner_id).bind(case_id).execute(conn).await.map(|_| ()))?;
    append(tx, case_id, EventType::Assigned, actor, json!({"from": state.owner_id, "to": owner_id}), now).await?;
    Ok(())
}

/// Brings a case that was resolved or closed back to work; `message_id` is the message that says why.
async fn reopen_in(
    tx: &mut Tx,
    case_id: &str,
    state: &CaseState,
    actor: &Actor,
    message_id: &str,
    now: Millis,
) -> Result<()> {
    let (from, to) = (state.status(), Status::InProgress);
    if from.is_open() {
        return Err(CaseError::InvalidTransition { from, to });
    }
    let update = "update cases set status = $1, reopened_count = reopened_count + 1, resolved_at = null, closed_at = null where id = $2";
    with_tx!(tx, conn => sqlx::query(update).bind(to.as_str()).bind(case_id).execute(conn).await.map(|_| ()))?;
    let data = json!({"from": from, "to": to, "message_id": message_id});
    append(tx, case_id, EventType::Reopened, actor, data, now).await?;
    Ok(())
}

/// Changes the status; `message_id` is the message that came with the change.
async fn change(
    tx: &mut Tx,
    case_id: &str,
    state: &CaseState,
    to: Status,
    actor: &Actor,
    message_id: Option<&str>,
    now: Millis,
) -> Result<()> {
    let from = state.status();
    if !from.staff_may(to) {
        return Err(CaseError::InvalidTransition { from, to });
    }
    let update = "update cases set status = $1 where id = $2";
    with_tx!(tx, conn => sqlx::query(update).bind(to.as_str()).bind(case_id).execute(conn).await.map(|_| ()))?;
    let event = if to == Status::Acknowledged { EventType::Acknowledged } else { EventType::Status };
    let mut data = json!({"from": from, "to": to});
    if let Some(id) = message_id {
        data["message_id"] = id.into();
    }
    append(tx, case_id, event, actor, data, now).await?;
    Ok(())
}

async fn resolve_in(
    tx: &mut Tx,
    case_id: &str,
    state: &CaseState,
    actor: &Actor,
    resolution: &Resolution,
    message_id: Option<&str>,
    now: Millis,
) -> Result<()> {
    let from = state.status();
    if !from.staff_may(Status::Resolved) {
        return Err(CaseError::InvalidTransition { from, to: Status::Resolved });
    }
    let is_complaint = state.kind == Kind::Complaint.as_str();
    // Of one that was merged the outcome is that of the other, as far as it has one.
    match (is_complaint, resolution.outcome) {
        (true, None) if state.merged_into.is_none() => return Err(CaseError::OutcomeRequired),
        (false, Some(_)) if state.merged_into.is_none() => return Err(CaseError::OutcomeOfNoComplaint),
        _ => {}
    }
    let outcome = resolution.outcome.filter(|_| is_complaint).map(Outcome::as_str);
    let remedy = resolution.remedy.clone().map(|remedy| remedy.masked(Masking::Cards).into_string());
    // One remedy costs once, however many cases were merged into the one that it is for.
    let cost = resolution.cost.as_ref().filter(|_| state.merged_into.is_none());
    let update = "update cases set status = 'resolved', resolved_at = $1, outcome = $2, remedy = $3, \
        remedy_cost = coalesce($5, remedy_cost), remedy_currency = coalesce($6, remedy_currency) where id = $4";
    with_tx!(tx, conn => sqlx::query(update).bind(now).bind(outcome).bind(&remedy).bind(case_id)
        .bind(cost.map(Money::thousandths)).bind(cost.map(Money::currency)).execute(conn).await.map(|_| ()))?;
    let data: Value = json!({"from": from, "to": Status::Resolved, "outcome": outcome, "message_id": message_id});
    append(tx, case_id, EventType::Resolved, actor, data, now).await?;
    Ok(())
}
