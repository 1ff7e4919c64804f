//! The rows of clocks.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;

use super::clock::{Calendars, Clock, PromiseKind};
use crate::calendars::Span;
use crate::clock::Millis;
use crate::db::jobs::{self, Kind, NewJob};
use crate::db::rows::{chunks, placeholders};
use crate::db::{Db, Tx};
use crate::{with_db, with_tx};

const COLUMNS: &str = "case_id, promise, started_at, span, calendar, warn_before, due_at, paused_at, pauses, ended_at, warned_at, breached_at";

/// What a case's clocks depend on.
#[derive(sqlx::FromRow)]
pub(super) struct Facts {
    pub site_id: String,
    pub kind: String,
    pub status: String,
    pub priority: String,
    pub tier: Option<String>,
    pub received_at: Millis,
    pub updated_at: Millis,
    pub first_responded_at: Option<Millis>,
    pub resolved_at: Option<Millis>,
    pub quarantine: String,
    pub channel: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    case_id: String,
    promise: String,
    started_at: Millis,
    span: String,
    calendar: Option<String>,
    warn_before: Option<String>,
    due_at: Millis,
    paused_at: Option<Millis>,
    pauses: String,
    ended_at: Option<Millis>,
    warned_at: Option<Millis>,
    breached_at: Option<Millis>,
}

impl Row {
    /// One that this version can't read is left out.
    fn read(self) -> Option<(String, Clock)> {
        let warn_before = self.warn_before.and_then(|span| span.parse::<Span>().ok());
        let clock = Clock {
            promise: PromiseKind::parse(&self.promise)?,
            started_at: self.started_at,
            span: self.span.parse().ok()?,
            calendar: self.calendar,
            warn_before,
            due_at: self.due_at,
            paused_at: self.paused_at,
            pauses: serde_json::from_str(&self.pauses).ok()?,
            ended_at: self.ended_at,
            warned_at: self.warned_at,
            breached_at: self.breached_at,
        };
        Some((self.case_id, clock))
    }
}

/// The clocks of a case, in the order in which they started.
pub async fn of_case(db: &Db, case_id: &str) -> sqlx::Result<Vec<Clock>> {
    Ok(of_cases(db, &[case_id.to_owned()]).await?.remove(case_id).unwrap_or_default())
}

/// The clocks of cases, in the order in which they started.
pub async fn of_cases(db: &Db, case_ids: &[String]) -> sqlx::Result<BTreeMap<String, Vec<Clock>>> {
    let mut clocks: BTreeMap<String, Vec<Clock>> = BTreeMap::new();
    for chunk in chunks(case_ids) {
        let select = AssertSqlSafe(format!(
            "select {COLUMNS} from clocks where case_id in ({}) order by case_id, started_at, promise",
            placeholders(0, chunk.len())
        ));
        let rows: Vec<Row> = with_db!(db, pool => {
            chunk.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(pool).await
        })?;
        for (case_id, clock) in rows.into_iter().filter_map(Row::read) {
            clocks.entry(case_id).or_default().push(clock);
        }
    }
    Ok(clocks)
}

/// Reads what a case's clocks depend on, and locks the case for the rest of the transaction: an update is what locks a row on both databases.
pub(super) async fn facts(tx: &mut Tx, case_id: &str) -> sqlx::Result<Option<Facts>> {
    let update = "update cases set due_at = due_at where id = $1 \
        returning site_id, kind, status, priority, tier, received_at, updated_at, first_responded_at, resolved_at, quarantine, channel";
    with_tx!(tx, conn => sqlx::query_as(update).bind(case_id).fetch_optional(conn).await)
}

/// The clocks of a case as a transaction sees them, in the order in which they started.
pub async fn load(tx: &mut Tx, case_id: &str) -> sqlx::Result<Vec<Clock>> {
    let select = AssertSqlSafe(format!("select {COLUMNS} from clocks where case_id = $1 order by started_at, promise"));
    let rows: Vec<Row> = with_tx!(tx, conn => sqlx::query_as(select).bind(case_id).fetch_all(conn).await)?;
    Ok(rows.into_iter().filter_map(Row::read).map(|(_, clock)| clock).collect())
}

/// Writes what is different, and keeps the case's own columns in step, by which lists are sorted.
pub(super) async fn save(tx: &mut Tx, case_id: &str, before: &[Clock], clocks: &[Clock]) -> sqlx::Result<()> {
    let is_kept =
        |old: &&Clock| clocks.iter().any(|clock| (clock.promise, clock.started_at) == (old.promise, old.started_at));
    for gone in before.iter().filter(|old| !is_kept(old)) {
        let delete = "delete from clocks where case_id = $1 and promise = $2 and started_at = $3";
        with_tx!(&mut *tx, conn => sqlx::query(delete).bind(case_id).bind(gone.promise.as_str()).bind(gone.started_at)
            .execute(conn).await.map(|_| ()))?;
    }
    for clock in clocks.iter().filter(|clock| !before.contains(clock)) {
        write(tx, case_id, clock).await?;
    }
    let first = clocks.iter().find(|clock| clock.promise == PromiseKind::FirstResponse);
    let open = clocks.iter().filter(|clock| clock.is_open());
    let next_due = open.filter_map(Clock::due).min();
    let update = "update cases set due_at = $1, first_response_due = $2 where id = $3";
    with_tx!(tx, conn => sqlx::query(update).bind(next_due).bind(first.map(|clock| clock.due_at)).bind(case_id)
        .execute(conn).await.map(|_| ()))
}

async fn write(tx: &mut Tx, case_id: &str, clock: &Clock) -> sqlx::Result<()> {
    let upsert = AssertSqlSafe(format!(
        "insert into clocks ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         on conflict (case_id, promise, started_at) do update set span = excluded.span, calendar = excluded.calendar, \
         warn_before = excluded.warn_before, due_at = excluded.due_at, paused_at = excluded.paused_at, pauses = excluded.pauses, \
         ended_at = excluded.ended_at, warned_at = excluded.warned_at, breached_at = excluded.breached_at"
    ));
    let pauses = serde_json::to_string(&clock.pauses).expect("pauses are plain data");
    with_tx!(tx, conn => sqlx::query(upsert).bind(case_id).bind(clock.promise.as_str()).bind(clock.started_at)
        .bind(clock.span.to_string()).bind(clock.calendar.as_deref()).bind(clock.warn_before.map(|span| span.to_string()))
        .bind(clock.due_at).bind(clock.paused_at).bind(pauses).bind(clock.ended_at).bind(clock.warned_at)
        .bind(clock.breached_at).execute(conn).await.map(|_| ()))
}

/// Has somebody look at the clocks when the first of them wants it.
pub(super) async fn schedule(
    tx: &mut Tx,
    case_id: &str,
    clocks: &[Clock],
    calendars: Calendars<'_>,
    now: Millis,
) -> sqlx::Result<()> {
    let wakes = clocks.iter().filter_map(|clock| clock.wakes_at(&calendars.calendar(clock.calendar.as_deref()))).min();
    match wakes {
        Some(due_at) => {
            let job = NewJob { key: case_id.to_owned(), payload: String::new(), due_at };
            jobs::replace(tx, Kind::Clock, &job, now).await
        }
        None => jobs::cancel(tx, Kind::Clock, case_id).await,
    }
}
