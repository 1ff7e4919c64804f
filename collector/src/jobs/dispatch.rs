//! Dispatching: each new event gets its place in the order in which events became visible, a new case its number, and the jobs that follow
//! are written, all in one transaction.
//!
//! Identifiers are not that order: a commit may come later than one with a higher identifier. Positions are given under a lock, one after the
//! other, so whoever has read up to a position never misses one below it.

use std::collections::BTreeMap;
use std::time::Instant;

use sqlx::AssertSqlSafe;

use crate::app::App;
use crate::cases::{Actor, EventType};
use crate::clock::Millis;
use crate::db::jobs::{Kind, NewJob, enqueue};
use crate::db::rows::{Part, Rows, chunks};
use crate::db::{Db, Tx, counters, is_deadlock};
use crate::{with_db, with_tx};

/// Events of one transaction. It is what a customer may have to wait for, so it is short.
const BATCH: i64 = 64;

#[derive(Clone, Debug, sqlx::FromRow)]
struct NewEvent {
    case_id: String,
    seq: i64,
    #[sqlx(rename = "type")]
    kind: String,
    actor: String,
    silent: bool,
}

impl NewEvent {
    /// Whether its customer is looked for by a job of its own. Of a new case the rules ask first, and see to it themselves.
    fn is_for_customers(&self) -> bool {
        match EventType::parse(&self.kind) {
            Some(EventType::Created) => self.silent,
            Some(EventType::Contact) => true,
            _ => false,
        }
    }

    /// Whether its case may become one that nobody may overlook. Customers can't say how urgent theirs is.
    fn is_for_alarms(&self) -> bool {
        match EventType::parse(&self.kind) {
            Some(EventType::Breached | EventType::Priority) => true,
            Some(EventType::Created) => self.actor != Actor::Customer.as_str(),
            _ => false,
        }
    }

    /// Whether the rules look at its case. What rules do themselves is not among it, so none can start another for ever.
    fn is_for_rules(&self) -> bool {
        match EventType::parse(&self.kind) {
            Some(EventType::Created | EventType::Breached) => true,
            Some(EventType::Message) => self.actor == Actor::Customer.as_str(),
            _ => false,
        }
    }
}

/// Dispatches every event that waits for it; gives how many it dispatched.
pub async fn dispatch(app: &App) -> sqlx::Result<usize> {
    let mut dispatched = 0;
    loop {
        let started = Instant::now();
        // Mostly there is nothing to do, and asking first leaves the writers alone.
        if !is_anything_new(&app.db).await? {
            return Ok(dispatched);
        }
        match dispatch_batch(&app.db, app.clock.now()).await {
            Ok(0) => return Ok(dispatched),
            Ok(count) => {
                dispatched += count;
                app.dispatched.notify_waiters();
            }
            Err(error) if is_deadlock(&error) => {}
            Err(error) => return Err(error),
        }
        app.intake.throttle(started.elapsed()).await;
    }
}

async fn is_anything_new(db: &Db) -> sqlx::Result<bool> {
    let select = "select count(*) from (select 1 from events where position is null limit 1) as found";
    let found: i64 = with_db!(db, pool => sqlx::query_scalar(select).fetch_one(pool).await)?;
    Ok(found > 0)
}

async fn dispatch_batch(db: &Db, now: Millis) -> sqlx::Result<usize> {
    let mut tx = db.begin().await?;
    // Of several dispatchers one works at a time, and the next one sees what it did.
    counters::lock(&mut tx, "event_position").await?;
    let select = "select case_id, seq, type, actor, silent from events where position is null order by id limit $1";
    let events: Vec<NewEvent> = with_tx!(&mut tx, conn => sqlx::query_as(select).bind(BATCH).fetch_all(conn).await)?;
    if events.is_empty() {
        tx.rollback().await?;
        return Ok(0);
    }
    let events = in_order_of_cases(events);
    place(&mut tx, &events).await?;
    number(&mut tx, &events).await?;
    for kind in Kind::ALL {
        enqueue(&mut tx, kind, &jobs(kind, &events, now), now).await?;
    }
    tx.commit().await?;
    Ok(events.len())
}

/// Events of one case in their order, at the places that they have together.
fn in_order_of_cases(events: Vec<NewEvent>) -> Vec<NewEvent> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, event) in events.iter().enumerate() {
        places.entry(&event.case_id).or_default().push(place);
    }
    let mut ordered = events.clone();
    for places in places.into_values() {
        let mut of_case: Vec<&NewEvent> = places.iter().map(|place| &events[*place]).collect();
        of_case.sort_by_key(|event| event.seq);
        for (place, event) in places.into_iter().zip(of_case) {
            ordered[place] = event.clone();
        }
    }
    ordered
}

/// Gives the events their positions.
async fn place(tx: &mut Tx, events: &[NewEvent]) -> sqlx::Result<()> {
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let mut position = counters::next(tx, "event_position", count).await?;
    for chunk in chunks(events) {
        let rows: Vec<String> = (0..chunk.len())
            .map(|row| {
                let first = row * 3 + 1;
                format!("(cast(${first} as text), cast(${} as bigint), cast(${} as bigint))", first + 1, first + 2)
            })
            .collect();
        let update = format!(
            "with placed (case_id, seq, position) as (values {}) update events set position = placed.position \
             from placed where events.case_id = placed.case_id and events.seq = placed.seq",
            rows.join(", ")
        );
        with_tx!(&mut *tx, conn => {
            let mut query = sqlx::query(AssertSqlSafe(update));
            for event in chunk {
                query = query.bind(&event.case_id).bind(event.seq).bind(position);
                position += 1;
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

/// Gives new cases their numbers.
async fn number(tx: &mut Tx, events: &[NewEvent]) -> sqlx::Result<()> {
    static INSERT: Rows = Rows::new(&[Part {
        head: "insert into case_numbers (number, case_id) values ",
        row: "(?, ?)",
        tail: " on conflict (case_id) do nothing",
    }]);
    let new: Vec<&str> = events
        .iter()
        .filter(|event| event.kind == EventType::Created.as_str())
        .map(|event| event.case_id.as_str())
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    let mut number = counters::next(tx, "case_number", i64::try_from(new.len()).unwrap_or(i64::MAX)).await?;
    for chunk in chunks(&new) {
        let insert = INSERT.sql(tx, chunk.len());
        with_tx!(&mut *tx, conn => {
            let mut query = sqlx::query(insert);
            for case_id in chunk {
                query = query.bind(number).bind(*case_id);
                number += 1;
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

/// The jobs of a kind that follow from events: one for each case, which begins at the first of its events.
fn jobs(kind: Kind, events: &[NewEvent], now: Millis) -> Vec<NewJob> {
    let wanted = events.iter().filter(|event| match kind {
        // What was imported is forwarded to nobody, and was indexed when it was written.
        Kind::Forward | Kind::Search => !event.silent,
        Kind::Customers => event.is_for_customers(),
        Kind::Route => !event.silent && event.is_for_rules(),
        Kind::Alarm => !event.silent && event.is_for_alarms(),
        // Asked for by whoever moves a clock, puts a case aside or erases.
        Kind::Clock | Kind::FollowUp | Kind::Erase => false,
    });
    let mut first: BTreeMap<&str, i64> = BTreeMap::new();
    for event in wanted {
        let seq = first.entry(&event.case_id).or_insert(event.seq);
        *seq = event.seq.min(*seq);
    }
    let job = |(case_id, seq): (&str, i64)| NewJob { key: case_id.to_owned(), payload: seq.to_string(), due_at: now };
    first.into_iter().map(job).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(case: u8, seq: i64) -> NewEvent {
        NewEvent {
            case_id: format!("case-{case}"),
            seq,
            kind: EventType::Message.as_str().to_owned(),
            actor: Actor::Customer.as_str().to_owned(),
            silent: seq % 3 == 0,
        }
    }

    proptest! {
        #[test]
        fn events_of_a_case_are_placed_in_their_order(found in proptest::collection::vec((0u8..4, 1i64..9), 0..20)) {
            let events: Vec<NewEvent> = found.iter().map(|(case, seq)| event(*case, *seq)).collect();
            let ordered = in_order_of_cases(events.clone());
            let cases = |events: &[NewEvent]| events.iter().map(|event| event.case_id.clone()).collect::<Vec<_>>();
            prop_assert_eq!(cases(&events), cases(&ordered));
            for case in 0..4 {
                let of_case = |events: &[NewEvent]| {
                    events.iter().filter(|event| event.case_id == format!("case-{case}")).map(|event| event.seq).collect::<Vec<_>>()
                };
                let mut sorted = of_case(&events);
                sorted.sort_unstable();
                prop_assert_eq!(of_case(&ordered), sorted);
            }
        }

        #[test]
        fn a_case_has_one_job_of_a_kind_which_begins_at_its_first_event(found in proptest::collection::vec((0u8..4, 1i64..9), 0..20)) {
            let events: Vec<NewEvent> = found.iter().map(|(case, seq)| event(*case, *seq)).collect();
            for kind in Kind::ALL {
                for job in jobs(kind, &events, 7) {
                    let wanted = events.iter().filter(|event| event.case_id == job.key && !event.silent);
                    prop_assert_eq!(job.payload, wanted.map(|event| event.seq).min().expect("a job has an event").to_string());
                    prop_assert_eq!(job.due_at, 7);
                }
            }
        }
    }
}
