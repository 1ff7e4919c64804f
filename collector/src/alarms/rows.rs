//! The rows of alarms.

use serde_json::json;

use crate::app::App;
use crate::cases::error::Result;
use crate::cases::event::append;
use crate::cases::{Actor, EventType, case};
use crate::clock::Millis;
use crate::db::Db;
use crate::{with_db, with_tx};

/// Alarms that are read at most; more than that nobody looks at one by one.
const MOST: i64 = 200;

/// An alarm that nobody has taken on, with what of its case decides whom it concerns.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Alarm {
    /// The case.
    pub case_id: String,
    /// The word for why.
    pub reason: String,
    /// How far up it has gone.
    pub level: i64,
    /// Since when.
    pub raised_at: Millis,
    /// The number of the case.
    pub number: Option<i64>,
    /// The word for the kind of the case.
    pub kind: String,
    /// The key of its team.
    pub team: Option<String>,
    /// Who owns it.
    pub owner_id: Option<String>,
}

/// The alarms that nobody has taken on, of cases that are still open; the longest first.
pub async fn all_open(db: &Db) -> sqlx::Result<Vec<Alarm>> {
    with_db!(db, pool => sqlx::query_as(OPEN).bind(MOST).fetch_all(pool).await)
}

/// The statement of [`all_open`].
pub const OPEN: &str = "select alarms.case_id, alarms.reason, alarms.level, alarms.raised_at, case_numbers.number, cases.kind, cases.team, \
    cases.owner_id from alarms join cases on cases.id = alarms.case_id left join case_numbers on case_numbers.case_id = cases.id \
    where alarms.acknowledged_at is null and cases.quarantine = '' and cases.status not in ('resolved', 'closed') \
    order by alarms.raised_at limit $1";

/// Notes that a member is on it, or a program that has told somebody. Whoever comes second changes nothing.
pub async fn acknowledge(app: &App, case_id: &str, actor: &Actor) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    case::lock(&mut tx, case_id, now).await?;
    let update = "update alarms set acknowledged_by = $1, acknowledged_at = $2, next_at = null where case_id = $3 and acknowledged_at is null";
    let rows = with_tx!(&mut tx, conn => sqlx::query(update).bind(actor.member_id()).bind(now).bind(case_id).execute(conn).await
        .map(|done| done.rows_affected()))?;
    if rows == 0 {
        return Ok(tx.rollback().await?);
    }
    let data = actor.sign(json!({"is": "acknowledged"}));
    append(&mut tx, case_id, EventType::Alarm, actor, data, now).await?;
    tx.commit().await?;
    app.publish(case_id, EventType::Alarm.as_str());
    Ok(())
}
