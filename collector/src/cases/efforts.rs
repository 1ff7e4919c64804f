//! Efforts: what the staff did for a case beside writing, such as calls and visits. They are counted, so that nobody has to guess what a case cost.

use sayso_shared::id::IdempotencyKey;
use sayso_shared::masking::Masking;
use sayso_shared::text::Text;
use serde_json::json;

use super::error::Result;
use super::event::append;
use super::idempotency::{KeyStatus, record_key};
use super::status::words;
use super::{Actor, EventType, case, first_action};
use crate::app::App;
use crate::clock::Millis;
use crate::db::Db;
use crate::keys::new_id;
use crate::{with_db, with_tx};

/// What was said or found: one line.
pub type EffortNote = Text<200>;
/// Longest time that one effort takes, in minutes: a day.
pub const MINUTES_MAX: i64 = 24 * 60;

words! {
    /// What was done.
    EffortKind {
        /// A call on the phone.
        Call = "call",
        /// A visit.
        Visit = "visit",
        /// A letter or a mail outside of the case.
        Mail = "mail",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// What came of it.
    EffortResult {
        /// The customer was reached.
        Reached = "reached",
        /// The customer was not reached.
        NotReached = "not_reached",
        /// It was put off.
        Later = "later",
    }
}

/// An effort to be noted.
#[derive(Clone, Debug)]
pub struct NewEffort {
    /// What was done.
    pub kind: EffortKind,
    /// What came of it.
    pub result: Option<EffortResult>,
    /// How long it took.
    pub minutes: Option<i64>,
    /// What was said or found.
    pub note: Option<EffortNote>,
}

/// An effort.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Effort {
    /// Its identifier.
    pub id: String,
    /// The word for what was done.
    pub kind: String,
    /// The word for what came of it.
    pub result: Option<String>,
    /// How long it took.
    pub minutes: Option<i64>,
    /// What was said or found; empty if nothing was noted.
    pub note: String,
    /// The member who did it.
    pub member_id: Option<String>,
    /// When.
    pub created_at: Millis,
}

impl Effort {
    /// The efforts for a case, in the order in which they were noted.
    pub async fn of_case(db: &Db, case_id: &str) -> sqlx::Result<Vec<Self>> {
        let select =
            "select id, kind, result, minutes, note, member_id, created_at from efforts where case_id = $1 order by id";
        with_db!(db, pool => sqlx::query_as(select).bind(case_id).fetch_all(pool).await)
    }
}

/// Notes an effort for a case, once for a key.
pub async fn add(
    app: &App,
    case_id: &str,
    actor: &Actor,
    effort: &NewEffort,
    key: (&IdempotencyKey, &str),
) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let state = case::lock(&mut tx, case_id, now).await?;
    if record_key(&mut tx, case_id, key.0, key.1, now).await? == KeyStatus::Repeated {
        return Ok(tx.rollback().await?);
    }
    state.check_workable()?;
    let id = new_id();
    let insert = "insert into efforts (id, case_id, kind, result, minutes, note, member_id, token_id, created_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let result = effort.result.map(EffortResult::as_str);
    let note = effort.note.clone().map_or_else(String::new, |note| note.masked(Masking::Cards).into_string());
    with_tx!(&mut tx, conn => sqlx::query(insert).bind(&id).bind(case_id).bind(effort.kind.as_str()).bind(result)
        .bind(effort.minutes).bind(note).bind(actor.member_id()).bind(actor.token_id()).bind(now).execute(conn).await.map(|_| ()))?;
    let data = json!({"effort_id": id, "kind": effort.kind, "result": effort.result, "minutes": effort.minutes});
    append(&mut tx, case_id, EventType::Effort, actor, data, now).await?;
    first_action::acknowledge(&mut tx, case_id, &state, actor, now).await?;
    tx.commit().await?;
    app.publish(case_id, EventType::Effort.as_str());
    Ok(())
}
