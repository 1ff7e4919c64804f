//! What the staff do with a case: reply, note, take up, ask, resolve, assign.

use sayso_shared::Kind;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::limits::{DESIRED_OUTCOME_MAX, MESSAGE_MAX};
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::text::Text;
use serde_json::{Value, json};

use super::case::{self, Standing};
use super::event::append;
use super::repeat::{self, Seen};
use super::{Actor, EventType, Outcome, Status};
use crate::app::App;
use crate::clock::Millis;
use crate::db::Tx;
use crate::http::{Error, Result};
use crate::keys::new_id;
use crate::with_tx;

/// What the staff write.
pub type Body = Text<MESSAGE_MAX>;
/// What a customer was given.
pub type Remedy = Text<DESIRED_OUTCOME_MAX>;

/// What a reply to the customer means for the case.
#[derive(Clone, Debug)]
pub enum Then {
    /// Work goes on.
    GoOn,
    /// The customer was asked something.
    Wait,
    /// This is the answer.
    Resolve(Resolution),
}

/// How a case was resolved.
#[derive(Clone, Debug, Default)]
pub struct Resolution {
    /// What came of it; a complaint needs it.
    pub outcome: Option<Outcome>,
    /// What the customer was given.
    pub remedy: Option<Remedy>,
}

impl Resolution {
    /// Whether it says how.
    pub fn says_something(&self) -> bool {
        self.outcome.is_some() || self.remedy.is_some()
    }
}

/// Something that the staff do with a case, for programs that may repeat it.
#[derive(Clone, Debug)]
pub enum Step {
    /// Say something to the customer. On a case that is resolved or closed it changes no status.
    Reply(Body, Then),
    /// Note something that the customer never sees.
    Note(Body),
    /// One of the steps of the status table; resolving has one of its own.
    Status(Status),
    /// Resolve. A complaint needs an outcome.
    Resolve(Resolution),
    /// Give the case to a member, or to nobody.
    Assign(Option<String>),
}

/// Takes a step once, however often it is asked for with the same key. `request_hash` says what was asked for.
pub async fn take_once(
    app: &App,
    case_id: &str,
    actor: &Actor,
    step: Step,
    key: &IdempotencyKey,
    request_hash: &str,
) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if repeat::note(&mut tx, case_id, key, request_hash, now).await? == Seen::Again {
        return Ok(tx.rollback().await?);
    }
    take_in(&mut tx, case_id, actor, &step, now).await?;
    tx.commit().await?;
    app.announce(case_id, step.event().as_str());
    Ok(())
}

/// Says something to the customer. On a case that is resolved or closed it changes no status.
pub async fn reply(app: &App, case_id: &str, member_id: &str, body: &Body, then: Then) -> Result<()> {
    take(app, case_id, &Actor::Member(member_id.to_owned()), Step::Reply(body.clone(), then)).await
}

/// Notes something that the customer never sees.
pub async fn note(app: &App, case_id: &str, member_id: &str, body: &Body) -> Result<()> {
    take(app, case_id, &Actor::Member(member_id.to_owned()), Step::Note(body.clone())).await
}

/// Takes one of the steps of the status table; resolving has a function of its own.
pub async fn set_status(app: &App, case_id: &str, actor: &Actor, to: Status) -> Result<()> {
    take(app, case_id, actor, Step::Status(to)).await
}

/// Resolves a case. A complaint needs an outcome.
pub async fn resolve(app: &App, case_id: &str, actor: &Actor, resolution: Resolution) -> Result<()> {
    take(app, case_id, actor, Step::Resolve(resolution)).await
}

/// Gives the case to a member, or to nobody.
pub async fn assign(app: &App, case_id: &str, actor: &Actor, owner_id: Option<&str>) -> Result<()> {
    take(app, case_id, actor, Step::Assign(owner_id.map(str::to_owned))).await
}

/// Notes that the case was opened. A new case that its owner opens is acknowledged by that.
pub async fn opened(app: &App, case_id: &str, member_id: &str) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let standing = lock(&mut tx, case_id, now).await?;
    if standing.status() != Status::New || standing.owner_id.as_deref() != Some(member_id) {
        return Ok(tx.rollback().await?);
    }
    change(&mut tx, case_id, &standing, Status::Acknowledged, &Actor::Member(member_id.to_owned()), now).await?;
    tx.commit().await?;
    app.announce(case_id, EventType::Acknowledged.as_str());
    Ok(())
}

/// Notes that the customer got the automatic receipt: a new case is acknowledged by it. Says whether it was new.
pub async fn acknowledge(tx: &mut Tx, case_id: &str, now: Millis) -> sqlx::Result<bool> {
    let update = "update cases set status = $1, updated_at = $2 where id = $3 and status = $4";
    let rows = with_tx!(tx, conn => sqlx::query(update).bind(Status::Acknowledged.as_str()).bind(now).bind(case_id)
        .bind(Status::New.as_str()).execute(conn).await.map(|done| done.rows_affected()))?;
    if rows == 1 {
        let data = json!({"from": Status::New.as_str(), "to": Status::Acknowledged.as_str()});
        append(tx, case_id, EventType::Acknowledged, &Actor::System, data, now).await?;
    }
    Ok(rows == 1)
}

/// Closes a case that was resolved long ago and that nobody objected to.
pub async fn close_quietly(app: &App, case_id: &str, resolved_before: Millis) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let standing = case::lock(&mut tx, case_id, now).await?;
    let select = "select count(*) from cases where id = $1 and status = 'resolved' and resolved_at <= $2";
    let due: i64 = with_tx!(&mut tx, conn => sqlx::query_scalar(select).bind(case_id).bind(resolved_before).fetch_one(conn).await)?;
    if due == 0 {
        return Ok(tx.rollback().await?);
    }
    super::customer::close(&mut tx, case_id, &standing, &Actor::System, now).await?;
    tx.commit().await?;
    app.announce(case_id, EventType::Closed.as_str());
    Ok(())
}

/// As [`case::lock`]. A case in quarantine is released before anybody works on it: until then nobody would hear of what is done.
async fn lock(tx: &mut Tx, case_id: &str, now: Millis) -> Result<Standing> {
    let standing = case::lock(tx, case_id, now).await?;
    match standing.quarantine() {
        Some(_) => Err(Error::Conflict("the case is in quarantine; release it first".into())),
        None => Ok(standing),
    }
}

async fn take(app: &App, case_id: &str, actor: &Actor, step: Step) -> Result<()> {
    let mut tx = app.db.begin().await?;
    take_in(&mut tx, case_id, actor, &step, app.clock.now()).await?;
    tx.commit().await?;
    app.announce(case_id, step.event().as_str());
    Ok(())
}

async fn take_in(tx: &mut Tx, case_id: &str, actor: &Actor, step: &Step, now: Millis) -> Result<()> {
    let standing = lock(tx, case_id, now).await?;
    match step {
        Step::Reply(body, then) => reply_in(tx, case_id, &standing, actor, body, then, now).await,
        Step::Note(body) => {
            let message_id = add_message(tx, case_id, "note", actor, body, now).await?;
            append(tx, case_id, EventType::Note, actor, json!({"message_id": message_id}), now).await?;
            Ok(())
        }
        Step::Status(Status::Resolved) => Err(Error::Conflict("resolve the case with its outcome".into())),
        Step::Status(to) => change(tx, case_id, &standing, *to, actor, now).await,
        Step::Resolve(resolution) => resolve_in(tx, case_id, &standing, actor, resolution, None, now).await,
        Step::Assign(owner_id) if standing.owner_id == *owner_id => Ok(()),
        Step::Assign(owner_id) => {
            let update = "update cases set owner_id = $1 where id = $2";
            with_tx!(tx, conn => sqlx::query(update).bind(owner_id).bind(case_id).execute(conn).await.map(|_| ()))?;
            let data = json!({"from": standing.owner_id, "to": owner_id});
            append(tx, case_id, EventType::Assigned, actor, data, now).await?;
            Ok(())
        }
    }
}

impl Step {
    /// The event that it leads to.
    fn event(&self) -> EventType {
        match self {
            Step::Reply(..) => EventType::Message,
            Step::Note(_) => EventType::Note,
            Step::Status(_) => EventType::Status,
            Step::Resolve(_) => EventType::Resolved,
            Step::Assign(_) => EventType::Assigned,
        }
    }
}

async fn reply_in(
    tx: &mut Tx,
    case_id: &str,
    standing: &Standing,
    actor: &Actor,
    body: &Body,
    then: &Then,
    now: Millis,
) -> Result<()> {
    let message_id = add_message(tx, case_id, "staff", actor, body, now).await?;
    let answered = "update cases set first_responded_at = $1 where id = $2 and first_responded_at is null";
    with_tx!(tx, conn => sqlx::query(answered).bind(now).bind(case_id).execute(conn).await.map(|_| ()))?;
    // A reply that resolves is told to the customer once, by the event that resolves.
    let resolves = matches!(then, Then::Resolve(_));
    let data = json!({"message_id": message_id, "by": "staff", "resolves": resolves});
    append(tx, case_id, EventType::Message, actor, data, now).await?;
    match then {
        Then::Resolve(resolution) => resolve_in(tx, case_id, standing, actor, resolution, Some(&message_id), now).await,
        // Whoever waits already can be asked something more.
        Then::Wait if standing.status() == Status::Waiting => Ok(()),
        Then::Wait => change(tx, case_id, standing, Status::Waiting, actor, now).await,
        Then::GoOn if standing.status().staff_may(Status::InProgress) => {
            change(tx, case_id, standing, Status::InProgress, actor, now).await
        }
        Then::GoOn => Ok(()),
    }
}

async fn add_message(
    tx: &mut Tx,
    case_id: &str,
    author: &str,
    actor: &Actor,
    body: &Body,
    now: Millis,
) -> Result<String> {
    let id = new_id();
    let insert = "insert into messages (id, case_id, author, member_id, token_id, body, created_at) values ($1, $2, $3, $4, $5, $6, $7)";
    with_tx!(tx, conn => sqlx::query(insert).bind(&id).bind(case_id).bind(author).bind(actor.member_id())
        .bind(actor.token_id()).bind(body.as_str()).bind(now).execute(conn).await.map(|_| ()))?;
    Ok(id)
}

async fn change(tx: &mut Tx, case_id: &str, standing: &Standing, to: Status, actor: &Actor, now: Millis) -> Result<()> {
    let from = standing.status();
    if !from.staff_may(to) {
        return Err(Error::Conflict(format!("a case that is {} can't become {}", from.as_str(), to.as_str())));
    }
    let update = "update cases set status = $1 where id = $2";
    with_tx!(tx, conn => sqlx::query(update).bind(to.as_str()).bind(case_id).execute(conn).await.map(|_| ()))?;
    let event = if to == Status::Acknowledged { EventType::Acknowledged } else { EventType::Status };
    append(tx, case_id, event, actor, json!({"from": from, "to": to}), now).await?;
    Ok(())
}

async fn resolve_in(
    tx: &mut Tx,
    case_id: &str,
    standing: &Standing,
    actor: &Actor,
    resolution: &Resolution,
    message_id: Option<&str>,
    now: Millis,
) -> Result<()> {
    let from = standing.status();
    if !from.staff_may(Status::Resolved) {
        return Err(Error::Conflict(format!("a case that is {} can't be resolved", from.as_str())));
    }
    if standing.kind == Kind::Complaint.as_str() && resolution.outcome.is_none() {
        return Err(Error::field(FieldError::new("/outcome", ErrorCode::Required, "a complaint needs an outcome")));
    }
    let outcome = resolution.outcome.map(Outcome::as_str);
    let remedy = resolution.remedy.as_ref().map(Text::as_str);
    let update = "update cases set status = 'resolved', resolved_at = $1, outcome = $2, remedy = $3 where id = $4";
    with_tx!(tx, conn => sqlx::query(update).bind(now).bind(outcome).bind(remedy).bind(case_id).execute(conn).await.map(|_| ()))?;
    let data: Value = json!({"from": from, "to": Status::Resolved, "outcome": outcome, "message_id": message_id});
    append(tx, case_id, EventType::Resolved, actor, data, now).await?;
    Ok(())
}
