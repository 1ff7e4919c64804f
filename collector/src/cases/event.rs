//! The append-only timeline of a case. Events are the audit trail and the outbox: what is forwarded is planned from them.

use serde_json::Value;

use super::status::words;
use crate::clock::Millis;
use crate::db::Tx;
use crate::keys::new_id;
use crate::with_tx;

words! {
    /// What happened to a case.
    EventType {
        /// The customer submitted it.
        Created = "case.created",
        /// The customer knows that it arrived.
        Acknowledged = "case.acknowledged",
        /// It has another owner.
        Assigned = "case.assigned",
        /// Its status changed in a way that has no event of its own.
        Status = "case.status",
        /// Somebody said something to the other side.
        Message = "case.message",
        /// The staff noted something for themselves.
        Note = "case.note",
        /// A promise will soon be broken.
        DueSoon = "case.due_soon",
        /// A promise was broken.
        Breached = "case.breached",
        /// The staff consider it answered.
        Resolved = "case.resolved",
        /// The customer did not.
        Reopened = "case.reopened",
        /// The customer said how satisfied they are.
        Rated = "case.rated",
        /// It is done.
        Closed = "case.closed",
        /// The customer said how to reach them.
        Contact = "case.contact",
        /// It has another team.
        Team = "case.team",
        /// It is more or less urgent.
        Priority = "case.priority",
        /// It is about something else, or of another kind.
        Category = "case.category",
        /// It has other tags.
        Tags = "case.tags",
        /// It is to be looked at again at another time.
        FollowUp = "case.follow_up",
        /// It belongs to another problem.
        Problem = "case.problem",
        /// Something is to be done for it, or was done.
        Task = "case.task",
        /// It was merged into another case, or another one into it.
        Merged = "case.merged",
        /// That was undone.
        Unmerged = "case.unmerged",
        /// A part of it became a case of its own.
        Split = "case.split",
        /// Somebody was told to see to it.
        Escalated = "case.escalated",
        /// Somebody is on a case that is urgent, or whose promise was broken.
        Alarm = "case.alarm",
        /// The staff did something for it beside writing, such as a call.
        Effort = "case.effort",
        /// What the remedy cost is noted, or another amount is.
        Remedy = "case.remedy",
        /// Who the customer is, or also what was said, was erased.
        Erased = "case.erased",
        /// A control chart signals. It belongs to no case: targets hear of it by its type, as of events.
        Signal = "report.signal",
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The customer.
    Customer,
    /// A member of the staff, by identifier.
    Member(String),
    /// A program that acts for the staff, by the identifier of its token.
    Token(String),
    /// Sayso itself.
    System,
}

impl Actor {
    /// The word in the database.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Actor::Customer => "customer",
            Actor::Member(_) => "member",
            Actor::Token(_) | Actor::System => "system",
        }
    }

    /// The member's identifier.
    pub fn member_id(&self) -> Option<&str> {
        match self {
            Actor::Member(id) => Some(id),
            Actor::Customer | Actor::Token(_) | Actor::System => None,
        }
    }

    /// The token's identifier.
    pub fn token_id(&self) -> Option<&str> {
        match self {
            Actor::Token(id) => Some(id),
            Actor::Customer | Actor::Member(_) | Actor::System => None,
        }
    }

    /// The data of an event, with the token that caused it.
    pub fn sign(&self, mut data: Value) -> Value {
        if let Some(id) = self.token_id() {
            data["token"] = id.into();
        }
        data
    }
}

/// Appends an event. The transaction must have updated the row of the case before (see [`super::case::lock`]), which
/// keeps the sequence without gaps on PostgreSQL too.
///
/// `data` must not hold personal data or what somebody wrote; it refers to it by identifier.
pub async fn append(
    tx: &mut Tx,
    case_id: &str,
    event: EventType,
    actor: &Actor,
    data: Value,
    now: Millis,
) -> sqlx::Result<String> {
    let id = new_id();
    let data = actor.sign(data).to_string();
    let insert = "insert into events (id, case_id, seq, type, actor, member_id, data, created_at, version) \
        select $1, $2, coalesce(max(seq), 0) + 1, $3, $4, $5, $6, $7, (select version from cases where id = $2) from events where case_id = $2";
    with_tx!(tx, conn => sqlx::query(insert).bind(&id).bind(case_id).bind(event.as_str()).bind(actor.as_str())
        .bind(actor.member_id()).bind(&data).bind(now).execute(conn).await.map(|_| ()))?;
    Ok(id)
}
