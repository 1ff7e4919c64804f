//! What the staff sort cases by: kind, category, priority, tags, team, owner, follow-up date, problem, and what the remedy cost. Rules and people set them by
//! the same code.

use sayso_shared::Kind;
use sayso_shared::id::IdempotencyKey;
use serde_json::{Value, json};

use super::case::CaseState;
use super::command::Body;
use super::error::{CaseError, Result};
use super::event::append;
use super::idempotency::{KeyStatus, record_key};
use super::money::Money;
use super::tags::Tags;
use super::{Actor, EventType, Priority, case, first_action, follow_up, messages};
use crate::app::App;
use crate::clock::{Millis, rfc3339};
use crate::clocks::{self, Step, Terms};
use crate::db::Tx;
use crate::with_tx;

/// What the staff sort a case by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    /// Its kind.
    pub kind: Kind,
    /// The key of its category.
    pub category: Option<String>,
    /// How urgent it is.
    pub priority: Priority,
    /// Its tags.
    pub tags: Tags,
    /// The key of its team.
    pub team: Option<String>,
    /// The identifier of its owner.
    pub owner_id: Option<String>,
    /// When it is to be looked at again.
    pub follow_up_at: Option<Millis>,
    /// The key of the problem that it belongs to.
    pub problem: Option<String>,
    /// What the remedy cost.
    pub remedy_cost: Option<Money>,
}

/// What is to be another. What is none stays.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// Its kind.
    pub kind: Option<Kind>,
    /// The key of its category.
    pub category: Option<Option<String>>,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// Its tags, all of them.
    pub tags: Option<Tags>,
    /// The key of its team.
    pub team: Option<Option<String>>,
    /// Why it gets another team; the staff read it as a note.
    pub reason: Option<Body>,
    /// The identifier of its owner.
    pub owner_id: Option<Option<String>>,
    /// When it is to be looked at again.
    pub follow_up_at: Option<Option<Millis>>,
    /// The key of the problem that it belongs to.
    pub problem: Option<Option<String>>,
    /// What the remedy cost.
    pub remedy_cost: Option<Option<Money>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    kind: String,
    category: Option<String>,
    priority: String,
    tags: String,
    team: Option<String>,
    owner_id: Option<String>,
    follow_up_at: Option<Millis>,
    problem: Option<String>,
    remedy_cost: Option<i64>,
    remedy_currency: Option<String>,
}

impl Patch {
    /// Whether nothing is to be another.
    pub fn is_empty(&self) -> bool {
        let Self { kind, category, priority, tags, team, reason: _, owner_id, follow_up_at, problem, remedy_cost } =
            self;
        kind.is_none()
            && category.is_none()
            && priority.is_none()
            && tags.is_none()
            && team.is_none()
            && owner_id.is_none()
            && follow_up_at.is_none()
            && problem.is_none()
            && remedy_cost.is_none()
    }

    fn applied_to(&self, current: &Properties) -> Properties {
        let patch = self.clone();
        Properties {
            kind: patch.kind.unwrap_or(current.kind),
            category: patch.category.unwrap_or_else(|| current.category.clone()),
            priority: patch.priority.unwrap_or(current.priority),
            tags: patch.tags.unwrap_or_else(|| current.tags.clone()),
            team: patch.team.unwrap_or_else(|| current.team.clone()),
            owner_id: patch.owner_id.unwrap_or_else(|| current.owner_id.clone()),
            follow_up_at: patch.follow_up_at.unwrap_or(current.follow_up_at),
            problem: patch.problem.unwrap_or_else(|| current.problem.clone()),
            remedy_cost: patch.remedy_cost.unwrap_or_else(|| current.remedy_cost.clone()),
        }
    }
}

/// Changes what the staff sort a case by, once for a key. With `version`, only if the case is still at it.
pub async fn patch(
    app: &App,
    case_id: &str,
    actor: &Actor,
    patch: &Patch,
    version: Option<i64>,
    key: (&IdempotencyKey, &str),
) -> Result<()> {
    let now = app.clock.now();
    let terms = Terms::current(app).await?;
    let mut tx = app.db.begin().await?;
    let state = case::lock(&mut tx, case_id, now).await?;
    if record_key(&mut tx, case_id, key.0, key.1, now).await? == KeyStatus::Repeated {
        return Ok(tx.rollback().await?);
    }
    state.check_workable()?;
    check_version(&mut tx, case_id, &state, version).await?;
    let current = read(&mut tx, case_id).await?;
    let events = patch_in(&mut tx, &terms, (case_id, &current), patch, (actor, &json!({})), now).await?;
    if events.is_empty() {
        return Ok(tx.rollback().await?);
    }
    first_action::acknowledge(&mut tx, case_id, &state, actor, now).await?;
    tx.commit().await?;
    for event in events {
        app.publish(case_id, event.as_str());
    }
    Ok(())
}

/// Refuses to go on with a case that is locked and was at another version than the one that was read, and says who has changed what since.
pub async fn check_version(tx: &mut Tx, case_id: &str, state: &CaseState, read: Option<i64>) -> Result<()> {
    // The lock has raised it by one.
    let current = state.version - 1;
    match read.filter(|read| *read != current) {
        None => Ok(()),
        Some(read) => {
            let changes = changes_since(tx, case_id, read).await?;
            Err(CaseError::Stale { version: current, changes })
        }
    }
}

/// Who has changed what of a case since a version: members and tokens by their names.
async fn changes_since(tx: &mut Tx, case_id: &str, version: i64) -> sqlx::Result<String> {
    let select = "select coalesce(members.name, events.actor), events.type, events.data from events \
        left join members on members.id = events.member_id where events.case_id = $1 and events.version > $2 order by events.seq";
    let rows: Vec<(String, String, String)> =
        with_tx!(&mut *tx, conn => sqlx::query_as(select).bind(case_id).bind(version).fetch_all(conn).await)?;
    let mut changes = Vec::with_capacity(rows.len());
    for (who, what, data) in rows {
        let data: Value = serde_json::from_str(&data).unwrap_or_default();
        let who = match data["token"].as_str() {
            Some(token) => token_name(tx, token).await?.unwrap_or(who),
            None => who,
        };
        changes.push(format!("{who}: {what}"));
    }
    Ok(changes.join(", "))
}

async fn token_name(tx: &mut Tx, id: &str) -> sqlx::Result<Option<String>> {
    let select = "select name from tokens where id = $1";
    with_tx!(tx, conn => sqlx::query_scalar(select).bind(id).fetch_optional(conn).await)
}

/// What a case that is locked is sorted by.
pub async fn read(tx: &mut Tx, case_id: &str) -> Result<Properties> {
    let select = "select cases.kind, nullif(coalesce(cases.category, feedback.category), '') as category, cases.priority, cases.tags, cases.team, \
        cases.owner_id, cases.follow_up_at, cases.problem, cases.remedy_cost, cases.remedy_currency from cases join feedback on feedback.id = cases.id where cases.id = $1";
    let row: Option<Row> = with_tx!(tx, conn => sqlx::query_as(select).bind(case_id).fetch_optional(conn).await)?;
    let row = row.ok_or(CaseError::NotFound)?;
    Ok(Properties {
        kind: Kind::parse(&row.kind).unwrap_or(Kind::Complaint),
        category: row.category,
        priority: Priority::parse(&row.priority).unwrap_or(Priority::Normal),
        tags: Tags::stored(&row.tags),
        team: row.team,
        owner_id: row.owner_id,
        follow_up_at: row.follow_up_at,
        problem: row.problem,
        remedy_cost: Money::stored(row.remedy_cost, row.remedy_currency),
    })
}

/// The same within a transaction that has locked the case: one update, and an event for each property that is another now. `by` is who does it, and
/// what else the events say, such as the rule.
pub async fn patch_in(
    tx: &mut Tx,
    terms: &Terms,
    (case_id, current): (&str, &Properties),
    patch: &Patch,
    by: (&Actor, &Value),
    now: Millis,
) -> Result<Vec<EventType>> {
    let wanted = patch.applied_to(current);
    let mut changes = changes(current, &wanted);
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let update = "update cases set kind = $1, category = $2, priority = $3, tags = $4, team = $5, owner_id = $6, follow_up_at = $7, problem = $8, \
        remedy_cost = $10, remedy_currency = $11 where id = $9";
    let cost = wanted.remedy_cost.as_ref();
    // An empty one says that the staff took away the one that the customer chose.
    let category =
        if wanted.category == current.category { None } else { Some(wanted.category.clone().unwrap_or_default()) };
    let update = if category.is_some() {
        update.to_owned()
    } else {
        update.replace("category = $2", "category = coalesce($2, category)")
    };
    with_tx!(&mut *tx, conn => sqlx::query(sqlx::AssertSqlSafe(update)).bind(wanted.kind.as_str()).bind(category)
        .bind(wanted.priority.as_str()).bind(wanted.tags.lines()).bind(wanted.team.as_deref()).bind(wanted.owner_id.as_deref())
        .bind(wanted.follow_up_at).bind(wanted.problem.as_deref()).bind(case_id)
        .bind(cost.map(Money::thousandths)).bind(cost.map(Money::currency)).execute(conn).await.map(|_| ()))?;
    if let (Some(reason), true) = (&patch.reason, wanted.team != current.team) {
        let message_id = messages::add(tx, case_id, "note", by.0, reason, now).await?;
        append(tx, case_id, EventType::Note, by.0, json!({"message_id": message_id}), now).await?;
        for (_, data) in changes.iter_mut().filter(|(event, _)| *event == EventType::Team) {
            data["message_id"] = message_id.clone().into();
        }
    }
    if wanted.follow_up_at != current.follow_up_at {
        follow_up::schedule(tx, case_id, wanted.follow_up_at, now).await?;
    }
    if (wanted.kind, wanted.priority) != (current.kind, current.priority) {
        let before = due_at(tx, case_id).await?;
        clocks::apply(tx, terms, case_id, &[Step::Reclassified], now).await?;
        let after = due_at(tx, case_id).await?;
        let is_about = |(event, data): &&mut (EventType, Value)| {
            *event == EventType::Priority || (*event == EventType::Category && data["to"]["kind"].is_string())
        };
        if let Some((_, data)) = changes.iter_mut().find(is_about).filter(|_| after != before) {
            data["due"] = json!(after.map(rfc3339));
        }
    }
    for (event, data) in &mut changes {
        for (name, value) in by.1.as_object().into_iter().flatten() {
            data[name] = value.clone();
        }
        append(tx, case_id, *event, by.0, data.clone(), now).await?;
    }
    Ok(changes.into_iter().map(|(event, _)| event).collect())
}

/// When the first of a case's clocks is due.
async fn due_at(tx: &mut Tx, case_id: &str) -> sqlx::Result<Option<Millis>> {
    let select = "select due_at from cases where id = $1";
    with_tx!(tx, conn => sqlx::query_scalar(select).bind(case_id).fetch_one(conn).await)
}

/// The events of a change, with what they say. Nothing of it is personal.
fn changes(from: &Properties, to: &Properties) -> Vec<(EventType, Value)> {
    let tags = |tags: &Tags| json!(tags.iter().collect::<Vec<_>>());
    let date = |at: Option<Millis>| json!(at.map(rfc3339));
    let cost = |cost: &Option<Money>| {
        json!(cost.as_ref().map(|cost| json!({"amount": cost.amount(), "currency": cost.currency()})))
    };
    let all = [
        (EventType::Category, json!({"kind": from.kind.as_str()}), json!({"kind": to.kind.as_str()})),
        (EventType::Category, json!({"category": from.category}), json!({"category": to.category})),
        (EventType::Priority, json!(from.priority), json!(to.priority)),
        (EventType::Tags, tags(&from.tags), tags(&to.tags)),
        (EventType::Team, json!(from.team), json!(to.team)),
        (EventType::Assigned, json!(from.owner_id), json!(to.owner_id)),
        (EventType::FollowUp, date(from.follow_up_at), date(to.follow_up_at)),
        (EventType::Problem, json!(from.problem), json!(to.problem)),
        (EventType::Remedy, cost(&from.remedy_cost), cost(&to.remedy_cost)),
    ];
    let changed = all.into_iter().filter(|(_, from, to)| from != to);
    changed.map(|(event, from, to)| (event, json!({"from": from, "to": to}))).collect()
}
