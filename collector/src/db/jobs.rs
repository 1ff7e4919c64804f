//! The queue of jobs: work that follows from something, or is due at a time. Each is claimed by a lease, retried when it fails, and given up
//! after some tries, so that none stops another.
//!
//! This is only the table; what the kinds do is known to [`crate::jobs`].

use sqlx::AssertSqlSafe;

use super::rows::{Part, Rows, chunks, placeholders};
use super::{Db, Tx, is_deadlock};
use crate::clock::{MINUTE, Millis, SECOND};
use crate::{with_db, with_tx, with_write};

/// How long a claim lasts. A batch takes milliseconds, so only what a crash left behind waits for its end; a job that takes longer may be done
/// twice, which every kind has to bear anyway.
pub const LEASE: Millis = 15 * SECOND;

/// The waits after failed attempts; after the last one a job is given up.
const WAITS: [Millis; 6] = [SECOND, 5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 60 * MINUTE];

/// The kinds of jobs. What each does is known to [`crate::jobs`], which is built on top of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Finds or makes the customer of a case that no rule looks at, or whose contact is another now.
    Customers,
    /// Applies the rules to a case, and starts its clocks.
    Route,
    /// Tells of clocks that are or will soon be overdue.
    Clock,
    /// Brings a case back on the day for which it was put aside.
    FollowUp,
    /// Raises alarms about a case, and carries them up while nobody takes them on.
    Alarm,
    /// Plans the deliveries of a case's events.
    Forward,
    /// Brings the search index up to date with a case.
    Search,
    /// Removes what an erasure leaves beside the database: files, mails, parts of the index.
    Erase,
}

impl Kind {
    /// All kinds, in the order in which they take turns.
    pub const ALL: [Self; 8] = [
        Self::Customers,
        Self::Route,
        Self::Clock,
        Self::FollowUp,
        Self::Alarm,
        Self::Forward,
        Self::Search,
        Self::Erase,
    ];

    /// The word in the database and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Route => "route",
            Self::Clock => "clock",
            Self::FollowUp => "follow_up",
            Self::Alarm => "alarm",
            Self::Forward => "forward",
            Self::Search => "search",
            Self::Erase => "erase",
        }
    }

    /// The kind with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// How many are claimed at once. A batch is written in one transaction, for which customers may have to wait.
    pub const fn batch(self) -> i64 {
        match self {
            Self::Customers | Self::Route | Self::Clock | Self::FollowUp | Self::Alarm | Self::Search => 16,
            Self::Forward => 32,
            Self::Erase => 1,
        }
    }
}

/// A job to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// What it is about, such as the identifier of a case. A kind has one job for each key.
    pub key: String,
    /// Whatever its kind needs beside the key. If the job waits already, the payload with which it waits stays.
    pub payload: String,
    /// When it is to be done, in Unix milliseconds.
    pub due_at: Millis,
}

/// A job that this process holds the lease of.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Job {
    /// What it is about.
    pub key: String,
    /// What its kind needs beside the key.
    pub payload: String,
    /// Attempts so far, with the one that was claimed.
    pub attempts: i64,
    /// Until when nobody else may do it.
    pub lease_until: Millis,
}

/// What became of a job that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// It will be tried again.
    Retried,
    /// It was given up.
    GivenUp,
}

/// How many jobs of a kind there are.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct KindCount {
    /// The kind.
    pub kind: String,
    /// Those that wait or are being done.
    pub waiting: i64,
    /// Those that were given up.
    pub failed: i64,
    /// When the first of those that wait is or was due.
    pub first_due: Option<Millis>,
}

/// Adds jobs. One that waits already is due at the earlier of both times; one that is being done is done once more; one that was given up
/// begins anew, with the payload that it had, so that nothing of it is passed over.
pub async fn enqueue(tx: &mut Tx, kind: Kind, jobs: &[NewJob], now: Millis) -> sqlx::Result<()> {
    static INSERT: Rows = Rows::new(&[Part {
        head: "insert into jobs (kind, key, payload, due_at, created_at) values ",
        row: "(?, ?, ?, ?, ?)",
        tail: " on conflict (kind, key) do update set \
            attempts = case when jobs.failed_at is null then jobs.attempts else 0 end, \
            due_at = case when jobs.failed_at is null and jobs.due_at < excluded.due_at then jobs.due_at else excluded.due_at end, \
            lease_until = 0, failed_at = null",
    }]);
    for chunk in chunks(jobs) {
        let insert = INSERT.sql(tx, chunk.len());
        with_tx!(tx, conn => {
            let mut query = sqlx::query(insert);
            for job in chunk {
                query = query.bind(kind.as_str()).bind(&job.key).bind(&job.payload).bind(job.due_at).bind(now);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

/// Adds a job in place of the one that waits, or is being done, with its key.
pub async fn replace(tx: &mut Tx, kind: Kind, job: &NewJob, now: Millis) -> sqlx::Result<()> {
    let upsert = "insert into jobs (kind, key, payload, due_at, created_at) values ($1, $2, $3, $4, $5) on conflict (kind, key) do update \
        set payload = excluded.payload, due_at = excluded.due_at, attempts = 0, lease_until = 0, failed_at = null";
    with_tx!(tx, conn => sqlx::query(upsert).bind(kind.as_str()).bind(&job.key).bind(&job.payload).bind(job.due_at).bind(now)
        .execute(conn).await.map(|_| ()))
}

/// Removes the job of a kind with a key, whether it waits or is being done.
pub async fn cancel(tx: &mut Tx, kind: Kind, key: &str) -> sqlx::Result<()> {
    let delete = "delete from jobs where kind = $1 and key = $2";
    with_tx!(tx, conn => sqlx::query(delete).bind(kind.as_str()).bind(key).execute(conn).await.map(|_| ()))
}

/// Claims up to `limit` jobs of a kind that are due, the longest due first.
pub async fn claim(db: &Db, kind: Kind, now: Millis, limit: i64) -> sqlx::Result<Vec<Job>> {
    const DUE: &str = "select count(*) from (select 1 from jobs where kind = $1 and failed_at is null and due_at <= $2 and lease_until <= $2 limit 1) as due";
    const CLAIM: &str = "update jobs set lease_until = $1, attempts = attempts + 1 where kind = $2 and key in ( \
            select due.key from jobs due where due.kind = $2 and due.failed_at is null and due.due_at <= $3 and due.lease_until <= $3 \
            order by due.due_at, due.key limit $4) \
        and failed_at is null and lease_until <= $3 returning key, payload, attempts, lease_until";
    loop {
        // Mostly there is nothing to do, and asking first leaves the writers alone.
        let due: i64 =
            with_db!(db, pool => sqlx::query_scalar(DUE).bind(kind.as_str()).bind(now).fetch_one(pool).await)?;
        if due == 0 {
            return Ok(Vec::new());
        }
        let claimed = with_write!(db, pool => sqlx::query_as(CLAIM).bind(now + LEASE).bind(kind.as_str()).bind(now).bind(limit)
            .fetch_all(pool).await);
        match claimed {
            // Two collectors that lock the same rows in another order; PostgreSQL let the other one through.
            Err(error) if is_deadlock(&error) => {}
            claimed => return claimed,
        }
    }
}

/// Removes jobs that are done, in the transaction that did them. One that was asked for again meanwhile stays, and is done once more.
pub async fn complete(tx: &mut Tx, kind: Kind, jobs: &[Job]) -> sqlx::Result<()> {
    for chunk in chunks(jobs) {
        let Some(first) = chunk.first() else { continue };
        let delete = format!(
            "delete from jobs where kind = $1 and lease_until = $2 and key in ({})",
            placeholders(2, chunk.len())
        );
        with_tx!(tx, conn => {
            let mut query = sqlx::query(AssertSqlSafe(delete)).bind(kind.as_str()).bind(first.lease_until);
            for job in chunk {
                query = query.bind(&job.key);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

/// Puts off a job that failed, or gives it up after the last attempt. `error` is shown to operators, so it holds nothing personal.
pub async fn fail(db: &Db, kind: Kind, job: &Job, error: &str, now: Millis) -> sqlx::Result<AfterFailure> {
    let wait = usize::try_from(job.attempts - 1).ok().and_then(|attempt| WAITS.get(attempt));
    let (due_at, failed_at) = match wait {
        Some(wait) => (now + wait, None),
        None => (now, Some(now)),
    };
    let update = "update jobs set due_at = $1, failed_at = $2, last_error = $3, lease_until = 0 where kind = $4 and key = $5 and lease_until = $6";
    with_write!(db, pool => sqlx::query(update).bind(due_at).bind(failed_at).bind(error).bind(kind.as_str()).bind(&job.key)
        .bind(job.lease_until).execute(pool).await.map(|_| ()))?;
    Ok(if failed_at.is_some() { AfterFailure::GivenUp } else { AfterFailure::Retried })
}

/// Ends the leases of a process that was killed, where nobody else can hold any.
pub async fn end_leases_of_the_dead(db: &Db) -> sqlx::Result<()> {
    if db.takes_one_server() {
        let update = "update jobs set lease_until = 0 where lease_until > 0";
        with_write!(db, pool => sqlx::query(update).execute(pool).await.map(|_| ()))?;
    }
    Ok(())
}

/// Lets the jobs of a kind that were given up begin anew; gives how many those are.
pub async fn retry_failed(db: &Db, kind: Kind, now: Millis) -> sqlx::Result<u64> {
    let update = "update jobs set failed_at = null, attempts = 0, due_at = $1, lease_until = 0 where kind = $2 and failed_at is not null";
    with_write!(db, pool => sqlx::query(update).bind(now).bind(kind.as_str()).execute(pool).await.map(|done| done.rows_affected()))
}

/// Counts the jobs of each kind that has any.
pub async fn counts(db: &Db) -> sqlx::Result<Vec<KindCount>> {
    let select = "select kind, count(*) - count(failed_at) as waiting, count(failed_at) as failed, \
        min(case when failed_at is null then due_at end) as first_due from jobs group by kind order by kind";
    with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)
}

/// The key and last error of jobs that were given up, the newest first, of a kind.
pub async fn failed(db: &Db, kind: Kind, limit: i64) -> sqlx::Result<Vec<(String, Option<String>)>> {
    let select = "select key, last_error from jobs where kind = $1 and failed_at is not null order by failed_at desc, key limit $2";
    with_db!(db, pool => sqlx::query_as(select).bind(kind.as_str()).bind(limit).fetch_all(pool).await)
}
