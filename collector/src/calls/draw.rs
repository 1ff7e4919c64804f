//! Drawing a random sample of customers whose cases were resolved, so that nobody chooses whom to ask.

use sayso_shared::text::Text;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::rounds::Round;
use crate::app::App;
use crate::audit::{self, Change, Stamp};
use crate::clock::{DAY, Millis};
use crate::db::{Db, Tx};
use crate::keys::new_id;
use crate::sites::Site;
use crate::{with_db, with_tx};

/// Customers that one sample has at most.
pub const SIZE_MAX: u32 = 500;
/// Characters of a seed.
pub const SEED_MAX: usize = 100;
/// A customer is called at most once in this time: no quarter of a year is longer.
const QUIET: Millis = 92 * DAY;

/// What a sample is drawn by. Whoever draws again by the same from the same customers draws the same ones.
#[derive(Clone, Debug)]
pub struct Sample {
    size: u32,
    percent: Option<u32>,
    days: u32,
    seed: Text<SEED_MAX>,
}

/// What of a sample is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleError {
    /// It has no customer, or more than [`SIZE_MAX`].
    Size,
    /// It is no share from 1 to 100 per cent.
    Percent,
    /// It goes back for less than a day or more than a year.
    Days,
    /// There is no seed, or it is too long.
    Seed,
}

impl SampleError {
    /// The field that is wrong.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Percent => "percent",
            Self::Days => "days",
            Self::Seed => "seed",
        }
    }
}

impl Sample {
    /// `size` customers at most, and no more than `percent` per cent of those whose cases were resolved in the last `days` days. Everything that is wrong
    /// is said at once.
    pub fn new(size: i64, percent: Option<i64>, days: i64, seed: &str) -> Result<Self, Vec<SampleError>> {
        let within = |number: i64, most: u32| u32::try_from(number).ok().filter(|number| (1..=most).contains(number));
        let (size, days) = (within(size, SIZE_MAX), within(days, 366));
        let share = percent.map(|percent| within(percent, 100));
        let seed = Text::parse(seed.trim());
        let checks = [
            (size.is_some(), SampleError::Size),
            (share != Some(None), SampleError::Percent),
            (days.is_some(), SampleError::Days),
            (seed.is_ok(), SampleError::Seed),
        ];
        match (size, days, seed) {
            (Some(size), Some(days), Ok(seed)) if share != Some(None) => {
                Ok(Self { size, percent: share.flatten(), days, seed })
            }
            _ => Err(checks.into_iter().filter(|(holds, _)| !holds).map(|(_, error)| error).collect()),
        }
    }

    /// Of so many customers so many are drawn. A share that is not whole is rounded up, so that one is drawn of few.
    fn count(&self, of: usize) -> usize {
        let of_share = self.percent.map_or(of, |percent| (of * percent as usize).div_ceil(100));
        of_share.min(self.size as usize)
    }

    /// Those who are drawn: those with the smallest SHA-256 of the seed and their identifier.
    fn choose(&self, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
        let count = self.count(candidates.len());
        candidates.sort_by_cached_key(|candidate| {
            Sha256::new()
                .chain_update(self.seed.as_str())
                .chain_update([0])
                .chain_update(&candidate.customer_id)
                .finalize()
        });
        candidates.truncate(count);
        candidates
    }
}

/// A customer who can be called.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
struct Candidate {
    customer_id: String,
    case_id: String,
    caller_id: Option<String>,
}

/// Draws a sample of a site, once for an identifier, which the round has afterwards.
pub async fn draw(app: &App, id: &str, site: &Site, sample: &Sample, stamp: &Stamp) -> sqlx::Result<Round> {
    if let Some(round) = Round::by_id(&app.db, id).await? {
        return Ok(round);
    }
    let (to, from) = (stamp.at, stamp.at - Millis::from(sample.days) * DAY);
    let candidates = candidates(&app.db, site.id(), from, to).await?;
    let of = candidates.len();
    let chosen = sample.choose(candidates);
    let mut tx = app.db.begin().await?;
    // Two who draw at a time do not draw the same customer.
    audit::lock(&mut tx).await?;
    let insert = "insert into check_rounds (id, site_id, seed, resolved_from, resolved_to, candidates, drawn, created_at) \
        values ($1, $2, $3, $4, $5, $6, 0, $7) on conflict (id) do nothing";
    let count = i64::try_from(of).unwrap_or(i64::MAX);
    let is_new = with_tx!(&mut tx, conn => sqlx::query(insert).bind(id).bind(site.id()).bind(sample.seed.as_str()).bind(from).bind(to)
        .bind(count).bind(to).execute(conn).await.map(|done| done.rows_affected() == 1))?;
    if is_new {
        let mut drawn = 0;
        for candidate in &chosen {
            drawn += i64::from(insert_call(&mut tx, id, candidate, to).await?);
        }
        let update = "update check_rounds set drawn = $1 where id = $2";
        with_tx!(&mut tx, conn => sqlx::query(update).bind(drawn).bind(id).execute(conn).await.map(|_| ()))?;
        let change = Change {
            action: "calls.draw",
            object: format!("site/{}", site.key()),
            before: Value::Null,
            after: json!({"round": id, "seed": sample.seed.as_str(), "candidates": of, "drawn": drawn}),
        };
        audit::append(&mut tx, stamp, &change).await?;
    }
    tx.commit().await?;
    Round::by_id(&app.db, id).await?.ok_or(sqlx::Error::RowNotFound)
}

/// The customers whose cases were resolved in a time, who can be reached, were not called for long, and for whom nothing is being done at the moment.
/// Their representative calls, or else who owns the case.
async fn candidates(db: &Db, site_id: &str, from: Millis, to: Millis) -> sqlx::Result<Vec<Candidate>> {
    let select = "select found.customer_id, found.case_id, coalesce( \
            (select members.id from members where members.id = customers.representative_id and members.disabled_at is null), \
            (select members.id from members join cases owned on owned.owner_id = members.id where owned.id = found.case_id and members.disabled_at is null) \
        ) as caller_id \
        from (select cases.customer_id, max(cases.id) as case_id from cases where cases.site_id = $1 and cases.resolved_at >= $2 \
            and cases.resolved_at < $3 and cases.quarantine = '' and cases.status in ('resolved', 'closed') \
            and cases.customer_id is not null group by cases.customer_id) found \
        join customers on customers.id = found.customer_id \
        where customers.merged_into is null and customers.erased_at is null and coalesce(customers.preferred_channel, 'phone') = 'phone' \
        and exists (select 1 from customer_handles where customer_handles.customer_id = customers.id and customer_handles.kind in ('phone', 'email')) \
        and not exists (select 1 from cases others where others.customer_id = customers.id and others.quarantine = '' \
            and others.status not in ('resolved', 'closed')) \
        and not exists (select 1 from check_calls where check_calls.customer_id = customers.id and check_calls.created_at > $4) \
        and not exists (select 1 from customers before join check_calls on check_calls.customer_id = before.id \
            where before.merged_into = customers.id and check_calls.created_at > $4)";
    with_db!(db, pool => sqlx::query_as(select).bind(site_id).bind(from).bind(to).bind(to - QUIET).fetch_all(pool).await)
}

/// Adds a call, unless the customer is called already; says whether it did.
async fn insert_call(tx: &mut Tx, round_id: &str, candidate: &Candidate, now: Millis) -> sqlx::Result<bool> {
    let insert = "insert into check_calls (id, round_id, customer_id, case_id, caller_id, created_at) \
        select $1, $2, $3, $4, $5, $6 where not exists (select 1 from check_calls where customer_id = $3 and created_at > $7)";
    with_tx!(tx, conn => sqlx::query(insert).bind(new_id()).bind(round_id).bind(&candidate.customer_id).bind(&candidate.case_id)
        .bind(&candidate.caller_id).bind(now).bind(now - QUIET).execute(conn).await.map(|done| done.rows_affected() == 1))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn customers(count: usize) -> Vec<Candidate> {
        let one = |number: usize| Candidate {
            customer_id: format!("customer-{number}"),
            case_id: format!("case-{number}"),
            caller_id: None,
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        use SampleError::*;
        assert_eq!(Sample::new(0, Some(101), 0, "  ").unwrap_err(), [Size, Percent, Days, Seed]);
        assert_eq!(Sample::new(501, None, 367, &"x".repeat(101)).unwrap_err(), [Size, Days, Seed]);
        assert!(Sample::new(500, Some(1), 366, "week 48").is_ok());
    }

    #[test]
    fn a_share_of_few_is_one() {
        let of = |size, percent, of| Sample::new(size, percent, 30, "s").unwrap().count(of);
        assert_eq!((of(10, Some(5), 3), of(10, Some(50), 100), of(10, None, 4), of(10, None, 0)), (1, 10, 4, 0));
    }

    proptest! {
        /// The order in which the database gives them does not matter, and a larger sample has the smaller one in it.
        #[test]
        fn the_same_seed_draws_the_same(count in 0_usize..60, size in 1_i64..40, seed in "[a-z]{1,8}", turn in 0_usize..60) {
            let sample = Sample::new(size, None, 30, &seed).unwrap();
            let larger = Sample::new(size + 5, None, 30, &seed).unwrap();
            let mut turned = customers(count);
            turned.rotate_left(turn % count.max(1));
            let drawn = sample.choose(customers(count));
            prop_assert_eq!(&sample.choose(turned), &drawn);
            prop_assert_eq!(drawn.len(), count.min(usize::try_from(size).unwrap()));
            prop_assert!(larger.choose(customers(count)).starts_with(&drawn));
        }
    }

    #[test]
    fn another_seed_draws_others() {
        let drawn = |seed| Sample::new(10, None, 30, seed).unwrap().choose(customers(1_000));
        assert_ne!(drawn("week 48"), drawn("week 49"));
    }
}
