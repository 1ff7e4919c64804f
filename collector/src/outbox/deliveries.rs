//! The rows of deliveries: claimed by lease, settled when the attempt is over.

use crate::app::App;
use crate::clock::{DAY, Millis, SECOND};
use crate::config::Config;
use crate::db::{Db, is_deadlock};
use crate::with_db;

/// The destination of what goes to the customer; every other destination is the identifier of a target.
pub const CUSTOMER: &str = "customer";

/// A delivery that this process holds the lease of.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Delivery {
    /// Its identifier, the same for every attempt.
    pub id: String,
    /// The event that it tells.
    pub event_id: String,
    /// The case of the event.
    pub case_id: String,
    /// [`CUSTOMER`] or the identifier of a target.
    pub destination: String,
    /// How it gets there.
    pub channel: String,
    /// Attempts so far, with the one that was claimed.
    pub attempts: i64,
    /// Until when nobody else may send it.
    pub lease_until: Millis,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It will be sent, or sent again.
    Pending,
    /// It has arrived.
    Sent,
    /// It was given up.
    Failed,
    /// There is nobody to send it to any more.
    Dropped,
}

impl State {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Sent => "sent",
            State::Failed => "failed",
            State::Dropped => "dropped",
        }
    }
}

/// Why something was not sent. The texts are shown to the staff: short, and without personal data or secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Trying again may help, but not before `wait` where the receiver asked for that.
    Again {
        /// What happened.
        error: String,
        /// How long the receiver wants to be left alone.
        wait: Option<Millis>,
    },
    /// Trying again can't help.
    Never(String),
    /// The target says that it is gone for good.
    Gone(String),
    /// Nobody is there to send it to.
    Dropped(&'static str),
}

impl Failure {
    /// A failure that may pass.
    pub fn again(error: impl Into<String>) -> Self {
        Failure::Again { error: error.into(), wait: None }
    }
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
        with_db!(db, pool => sqlx::query(update).execute(pool).await.map(|_| ()))?;
    }
    Ok(())
}

/// Claims up to `limit` due deliveries, oldest first. Only the first pending delivery of a case and destination is due, and not while an
/// earlier event of its case still waits to be planned.
pub async fn claim(db: &Db, now: Millis, lease: Millis, limit: usize) -> sqlx::Result<Vec<Delivery>> {
    const CLAIM: &str = "update deliveries set lease_until = $1, attempts = attempts + 1 where id in ( \
            select due.id from deliveries due where due.state = 'pending' and due.due_at <= $2 and due.lease_until <= $2 \
            and not exists (select 1 from deliveries earlier where earlier.case_id = due.case_id \
                and earlier.destination = due.destination and earlier.event_seq < due.event_seq and earlier.state = 'pending') \
            and not exists (select 1 from events where events.case_id = due.case_id \
                and events.seq < due.event_seq and events.planned_at = 0) \
            order by due.due_at, due.id limit $3) \
        and lease_until <= $2 and state = 'pending' \
        returning id, event_id, case_id, destination, channel, attempts, lease_until";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    loop {
        let claimed =
            with_db!(db, pool => sqlx::query_as(CLAIM).bind(now + lease).bind(now).bind(limit).fetch_all(pool).await);
        match claimed {
            // Two workers that lock the same rows in another order; PostgreSQL let the other one through.
            Err(error) if is_deadlock(&error) => {}
            claimed => return claimed,
        }
    }
}

/// What came of an attempt, in a word for the metrics.
pub(super) const fn outcome(result: &Result<(), Failure>) -> &'static str {
    match result {
        Ok(()) => "sent",
        Err(Failure::Again { .. }) => "again",
        Err(Failure::Never(_) | Failure::Gone(_)) => "failed",
        Err(Failure::Dropped(_)) => "dropped",
    }
}

/// Gives a lease back unused, so that another process need not wait for its end.
pub async fn give_back(db: &Db, delivery: &Delivery) -> sqlx::Result<()> {
    let update = "update deliveries set lease_until = 0, attempts = attempts - 1 where id = $1 and lease_until = $2 and state = 'pending'";
    with_db!(db, pool => sqlx::query(update).bind(&delivery.id).bind(delivery.lease_until).execute(pool).await.map(|_| ()))
}

/// Notes what came of an attempt.
pub async fn settle(app: &App, delivery: &Delivery, result: Result<(), Failure>) -> sqlx::Result<State> {
    let now = app.clock.now();
    let (state, error) = match result {
        Ok(()) => (State::Sent, None),
        Err(Failure::Dropped(why)) => (State::Dropped, Some(why.to_owned())),
        Err(Failure::Never(error) | Failure::Gone(error)) => (State::Failed, Some(error)),
        Err(Failure::Again { error, wait }) => {
            match pause(&app.config.outbox.schedule, delivery.attempts, random_share()) {
                Some(pause) => {
                    let due_at = now + pause.max(wait.unwrap_or(0).min(DAY));
                    postpone(&app.db, delivery, due_at, &error).await?;
                    return Ok(State::Pending);
                }
                None => (State::Failed, Some(error)),
            }
        }
    };
    // What was sent is sent, even if the lease ran out meanwhile: so this does not ask for the lease.
    let update = "update deliveries set state = $1, last_error = $2, sent_at = $3, lease_until = 0 where id = $4 and state = 'pending'";
    let sent_at = (state == State::Sent).then_some(now);
    with_db!(&app.db, pool => sqlx::query(update).bind(state.as_str()).bind(&error).bind(sent_at).bind(&delivery.id).execute(pool).await.map(|_| ()))?;
    Ok(state)
}

async fn postpone(db: &Db, delivery: &Delivery, due_at: Millis, error: &str) -> sqlx::Result<()> {
    let update = "update deliveries set due_at = $1, last_error = $2, lease_until = 0 where id = $3 and lease_until = $4 and state = 'pending'";
    with_db!(db, pool => sqlx::query(update).bind(due_at).bind(error).bind(&delivery.id).bind(delivery.lease_until).execute(pool).await.map(|_| ()))
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
