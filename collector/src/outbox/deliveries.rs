//! The rows of deliveries: claimed by lease, settled when the attempt is over.

use std::time::Duration;

use sqlx::AssertSqlSafe;

use super::channels::Noted;
use super::delivery::{BURST, CUSTOMER, DIGEST, Delivery, Failure, QUIET_HOURS, State};
use super::lanes::Closed;
use crate::app::App;
use crate::cases::{EventType, staff};
use crate::clock::{DAY, Millis, SECOND};
use crate::config::Config;
use crate::db::rows::{Part, Rows, chunks, placeholders};
use crate::db::{Db, Tx, is_deadlock};
use crate::keys::new_id;
use crate::{with_tx, with_write};

/// By what deliveries name the digest that they are folded into.
pub(super) fn folded_into(order_key: &str, order_no: i64) -> String {
    format!("{order_key}/{order_no}")
}

/// How long a claim lasts: longer than any attempt and noting its result, so that only a crash lets one expire; and not much
/// longer, since what a process was sending when it was killed waits for that.
pub fn lease(config: &Config) -> Millis {
    let timeout = i64::try_from(config.outbox.timeout).unwrap_or(120) * SECOND;
    timeout + 10 * SECOND
}

/// Ends the leases of a process that was killed, where nobody else can hold any.
pub(super) async fn end_leases_of_the_dead(db: &Db) -> sqlx::Result<()> {
    if db.takes_one_server() {
        let update = "update deliveries set lease_until = 0 where state = 'pending' and lease_until > 0";
        with_write!(db, pool => sqlx::query(update).execute(pool).await.map(|_| ()))?;
    }
    Ok(())
}

/// Claims up to `limit` due deliveries, oldest first. Of those with one order key and destination only the first pending one is due.
pub async fn claim(db: &Db, now: Millis, lease: Millis, limit: usize) -> sqlx::Result<Vec<Delivery>> {
    claim_but(db, now, lease, limit, &Closed::default()).await
}

/// The same, but for what takes nothing at present.
pub(super) async fn claim_but(
    db: &Db,
    now: Millis,
    lease: Millis,
    limit: usize,
    closed: &Closed,
) -> sqlx::Result<Vec<Delivery>> {
    let mut others = match closed.destinations.len() {
        0 => String::new(),
        count => format!(" and due.destination not in ({})", placeholders(3, count)),
    };
    if closed.mail {
        others.push_str(" and due.channel <> 'email'");
    }
    let update = format!(
        "update deliveries set lease_until = $1, attempts = attempts + 1 where id in ( \
            select due.id from deliveries due where due.state = 'pending' and due.due_at <= $2 and due.lease_until <= $2{others} \
            and not exists (select 1 from deliveries earlier where earlier.order_key = due.order_key \
                and earlier.destination = due.destination and earlier.order_no < due.order_no and earlier.state = 'pending') \
            order by due.due_at, due.id limit $3) \
        and lease_until <= $2 and state = 'pending' \
        returning id, subject, subject_id, order_key, order_no, destination, channel, attempts, lease_until"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    loop {
        let claimed = with_write!(db, pool => {
            let mut query = sqlx::query_as(AssertSqlSafe(update.clone())).bind(now + lease).bind(now).bind(limit);
            for destination in &closed.destinations {
                query = query.bind(destination);
            }
            query.fetch_all(pool).await
        });
        match claimed {
            // Two workers that lock the same rows in another order; PostgreSQL let the other one through.
            Err(error) if is_deadlock(&error) => {}
            claimed => return claimed,
        }
    }
}

/// Gives a lease back unused, so that another process need not wait for its end.
pub async fn release_lease(db: &Db, delivery: &Delivery) -> sqlx::Result<()> {
    let update = "update deliveries set lease_until = 0, attempts = attempts - 1 where id = $1 and lease_until = $2 and state = 'pending'";
    with_write!(db, pool => sqlx::query(update).bind(&delivery.id).bind(delivery.lease_until).execute(pool).await.map(|_| ()))
}

/// An attempt that is over.
#[derive(Debug)]
pub(super) struct Attempted {
    /// What was to be sent.
    pub delivery: Delivery,
    /// What its event says, where that could be read.
    pub event: Option<EventType>,
    /// What came of it.
    pub result: Result<(), Failure>,
    /// How long it took.
    pub took: Duration,
    /// What was said and heard by HTTP.
    pub noted: Option<Noted>,
    /// The hash of the address that a mail went to.
    pub recipient: Option<String>,
}

/// What is to be noted of an attempt.
struct AttemptRecord {
    delivery: Delivery,
    state: State,
    error: Option<String>,
    due_at: Millis,
    /// How many attempts there were, with this one if it was one.
    attempts: i64,
    is_receipt: bool,
    took: Millis,
    noted: Option<Noted>,
    recipient: Option<String>,
}

/// Notes what came of attempts, in one transaction. Together with a receipt it is noted that the case is acknowledged.
pub(super) async fn record_results(app: &App, attempts: Vec<Attempted>) -> sqlx::Result<()> {
    let now = app.clock.now();
    let mut records: Vec<AttemptRecord> = attempts.into_iter().map(|attempt| classify(app, attempt, now)).collect();
    // In one order everywhere, so that transactions rarely wait for each other in a circle.
    records.sort_by(|a, b| a.delivery.id.cmp(&b.delivery.id));
    let acknowledged = loop {
        match write_records(app, &records, now).await {
            Err(error) if is_deadlock(&error) => {}
            noted => break noted?,
        }
    };
    for case_id in acknowledged {
        app.publish(&case_id, EventType::Acknowledged.as_str());
    }
    Ok(())
}

fn classify(app: &App, attempt: Attempted, now: Millis) -> AttemptRecord {
    let Attempted { delivery, event, result, took, noted, recipient } = attempt;
    let is_receipt = delivery.destination == CUSTOMER && event == Some(EventType::Created) && result.is_ok();
    let mut attempts = delivery.attempts;
    let (state, error, due_at) = match result {
        Ok(()) => (State::Sent, None, now),
        Err(Failure::Dropped(why)) => (State::Dropped, Some(why.to_owned()), now),
        Err(Failure::Permanent(error) | Failure::Bounced { error, .. }) => (State::Failed, Some(error), now),
        // It waits with whatever else the target should hear, for somebody to set another address.
        Err(Failure::Gone(error)) => (State::Suspended, Some(error), now),
        Err(Failure::Suspended) => (State::Suspended, None, now),
        Err(Failure::Moved(_)) => {
            let error = Some("the chat has moved".to_owned());
            // At once to where it is now; one that moves on and on is given up like any other that fails.
            let pause = match delivery.attempts {
                ..=1 => Some(0),
                attempts => pause(&app.config.outbox.schedule, attempts - 1, random_share()),
            };
            pause.map_or((State::Failed, error.clone(), now), |pause| (State::Pending, error, now + pause))
        }
        Err(Failure::Held { until }) => {
            attempts -= 1;
            (State::Pending, Some(QUIET_HOURS.to_owned()), until)
        }
        Err(Failure::Retryable { error, wait }) => {
            match pause(&app.config.outbox.schedule, delivery.attempts, random_share()) {
                Some(pause) => (State::Pending, Some(error), now + pause.max(wait.unwrap_or(0).min(DAY))),
                None => (State::Failed, Some(error), now),
            }
        }
    };
    let took = Millis::try_from(took.as_millis()).unwrap_or(Millis::MAX);
    AttemptRecord { delivery, state, error, due_at, attempts, is_receipt, took, noted, recipient }
}

/// Gives the cases that became acknowledged.
async fn write_records(app: &App, records: &[AttemptRecord], now: Millis) -> sqlx::Result<Vec<String>> {
    let mut tx = app.db.begin().await?;
    for record in records {
        match record.state {
            State::Sent => record_sent(&mut tx, record, now).await?,
            State::Pending => postpone(&mut tx, record).await?,
            State::Failed | State::Dropped | State::Folded | State::Suspended => give_up(&mut tx, record).await?,
        }
    }
    note_attempts(&mut tx, records, now).await?;
    let receipts = records.iter().filter(|record| record.is_receipt);
    let mut told: Vec<String> = receipts.map(|receipt| receipt.delivery.order_key.clone()).collect();
    for record in records.iter().filter(|record| stands_for_others(&record.delivery)) {
        match record.state {
            State::Sent => told.extend(record_digest_sent(&mut tx, &record.delivery, now).await?),
            State::Pending => {}
            state => record_digest_failed(&mut tx, &record.delivery, state, record.error.as_deref()).await?,
        }
    }
    let mut acknowledged = Vec::new();
    for case_id in told {
        if staff::acknowledge(&mut tx, &case_id, now).await? {
            acknowledged.push(case_id);
        }
    }
    tx.commit().await?;
    Ok(acknowledged)
}

/// What was said to targets and heard from them, for whoever looks for the reason of a failure.
async fn note_attempts(tx: &mut Tx, records: &[AttemptRecord], now: Millis) -> sqlx::Result<()> {
    static INSERT: Rows = Rows::new(&[Part {
        head: "insert into delivery_attempts (id, delivery_id, made_at, took, request, answer, error) values ",
        row: "(?, ?, ?, ?, ?, ?, ?)",
        tail: "",
    }]);
    let noted: Vec<(&AttemptRecord, &Noted)> =
        records.iter().filter_map(|record| Some((record, record.noted.as_ref()?))).collect();
    for chunk in chunks(&noted) {
        let insert = INSERT.sql(tx, chunk.len());
        with_tx!(&mut *tx, conn => {
            let mut query = sqlx::query(insert);
            for (record, noted) in chunk {
                query = query.bind(new_id()).bind(&record.delivery.id).bind(now - record.took).bind(record.took).bind(&noted.request)
                    .bind(&noted.answer).bind(&record.error);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

/// Whether others were folded into a delivery.
fn stands_for_others(delivery: &Delivery) -> bool {
    matches!(delivery.subject.as_str(), DIGEST | BURST)
}

/// Notes that what a digest stands for was told; gives the cases whose receipts were in it.
async fn record_digest_sent(tx: &mut Tx, delivery: &Delivery, now: Millis) -> sqlx::Result<Vec<String>> {
    let update = "update deliveries set sent_at = $1 where folded_into = $2 and destination = $3 and state = $4 returning order_key, order_no";
    let told: Vec<(String, i64)> = with_tx!(tx, conn => sqlx::query_as(update).bind(now).bind(folded_into(&delivery.order_key, delivery.order_no))
        .bind(&delivery.destination).bind(State::Folded.as_str()).fetch_all(conn).await)?;
    let is_receipt = |order_no: i64| order_no == 1 && delivery.destination == CUSTOMER;
    Ok(told.into_iter().filter(|(_, order_no)| is_receipt(*order_no)).map(|(case_id, _)| case_id).collect())
}

/// Notes that a digest was given up, and so everything that it stands for; each may be tried again by itself.
async fn record_digest_failed(tx: &mut Tx, delivery: &Delivery, state: State, error: Option<&str>) -> sqlx::Result<()> {
    let update =
        "update deliveries set state = $1, last_error = $2 where folded_into = $3 and destination = $4 and state = $5";
    with_tx!(tx, conn => sqlx::query(update).bind(state.as_str()).bind(error).bind(folded_into(&delivery.order_key, delivery.order_no))
        .bind(&delivery.destination).bind(State::Folded.as_str()).execute(conn).await.map(|_| ()))
}

/// What was sent is sent, even if the lease ran out meanwhile, or the target was switched off: so this does not ask for the lease.
async fn record_sent(tx: &mut Tx, record: &AttemptRecord, now: Millis) -> sqlx::Result<()> {
    let update = "update deliveries set state = 'sent', last_error = null, sent_at = $1, lease_until = 0, took = $2, recipient = $4 \
        where id = $3 and state in ('pending', 'suspended')";
    with_tx!(tx, conn => sqlx::query(update).bind(now).bind(record.took).bind(&record.delivery.id)
        .bind(&record.recipient).execute(conn).await.map(|_| ()))
}

async fn give_up(tx: &mut Tx, record: &AttemptRecord) -> sqlx::Result<()> {
    let update = "update deliveries set state = $1, last_error = coalesce($2, last_error), lease_until = 0, took = $3 \
        where id = $4 and state in ('pending', 'suspended')";
    with_tx!(tx, conn => sqlx::query(update).bind(record.state.as_str()).bind(&record.error).bind(record.took)
        .bind(&record.delivery.id).execute(conn).await.map(|_| ()))
}

async fn postpone(tx: &mut Tx, record: &AttemptRecord) -> sqlx::Result<()> {
    let update = "update deliveries set due_at = $1, last_error = $2, lease_until = 0, took = $3, attempts = $6 \
        where id = $4 and lease_until = $5 and state = 'pending'";
    let delivery = &record.delivery;
    with_tx!(tx, conn => sqlx::query(update).bind(record.due_at).bind(&record.error).bind(record.took).bind(&delivery.id)
        .bind(delivery.lease_until).bind(record.attempts).execute(conn).await.map(|_| ()))
}

/// The wait after this attempt, with up to a tenth more, so that what failed together does not come back together; none after the last.
fn pause(schedule: &[u64], attempts: i64, share: f64) -> Option<Millis> {
    let index = usize::try_from(attempts - 1).ok()?;
    let wait = i64::try_from(*schedule.get(index)?).ok()?.saturating_mul(SECOND);
    Some(wait.saturating_add((wait as f64 * 0.1 * share) as Millis))
}

/// A random number from 0 to 1.
fn random_share() -> f64 {
    f64::from(u32::from_le_bytes(crate::keys::random_bytes())) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_schedule_ends() {
        let schedule = [5, 60];
        assert_eq!(pause(&schedule, 1, 0.0), Some(5_000));
        assert_eq!(pause(&schedule, 2, 1.0), Some(66_000));
        assert_eq!(pause(&schedule, 3, 0.0), None);
        assert_eq!(pause(&[], 1, 0.0), None);
    }

    proptest! {
        #[test]
        fn a_wait_is_at_most_a_tenth_longer_than_set(seconds in 0u64..1_000_000, share in 0.0f64..=1.0) {
            let wait = pause(&[seconds], 1, share).expect("the first wait");
            let set = i64::try_from(seconds).expect("small") * SECOND;
            prop_assert!((set..=set + set / 10).contains(&wait));
        }
    }
}
