//! When the system's clock jumps, as one does that starts without a battery in another year and is set right later: what was planned by the wrong time
//! goes on by the right one, and a time that can't be believed yet closes and erases nothing.

use std::time::Duration;

use crate::app::App;
use crate::clock::{DAY, HOUR, Millis};
use crate::config::Config;
use crate::db::Db;
use crate::{with_db, with_tx, with_write};

/// Where the time of the last look is kept.
const SEEN: &str = "clock_seen";
/// So far ahead of the last look a clock is believed: a collector that was off for a holiday has not been in another year.
const BELIEVED: Millis = 7 * DAY;
/// A time that has stood for so long is the right one.
const STANDS: Duration = Duration::from_secs(24 * 60 * 60);
/// Clocks of replicas differ a little; what was made further ahead was made by a wrong one.
const SKEW: Millis = HOUR;

/// Whether the time is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belief {
    /// It is.
    Believed,
    /// It is so far ahead of when a collector last looked that something may be wrong.
    Doubted {
        /// How far.
        ahead: Millis,
    },
}

/// Watches the clock from one look to the next.
#[derive(Debug, Default)]
pub struct ClockWatch {
    /// When this time was doubted first, by the clock that does not jump.
    doubted_since: Option<Duration>,
}

impl ClockWatch {
    /// Looks at the clock, and remembers the time if it is believed.
    pub async fn look(&mut self, app: &App) -> sqlx::Result<Belief> {
        let (now, running) = (app.clock.now(), app.clock.running());
        let belief = ahead_of_last_look(&app.db, now).await?;
        if let Belief::Doubted { .. } = belief {
            let since = *self.doubted_since.get_or_insert(running);
            if running.saturating_sub(since) < STANDS {
                return Ok(belief);
            }
        }
        self.doubted_since = None;
        let upsert =
            "insert into meta (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value";
        with_write!(&app.db, pool => sqlx::query(upsert).bind(SEEN).bind(now.to_string()).execute(pool).await.map(|_| ()))?;
        Ok(Belief::Believed)
    }
}

/// Whether a time is believed, by when a collector looked last.
pub async fn ahead_of_last_look(db: &Db, now: Millis) -> sqlx::Result<Belief> {
    let select = "select value from meta where name = $1";
    let seen: Option<String> = with_db!(db, pool => sqlx::query_scalar(select).bind(SEEN).fetch_optional(pool).await)?;
    let seen = seen.and_then(|seen| seen.parse::<Millis>().ok());
    Ok(match seen.map(|seen| now - seen) {
        Some(ahead) if ahead > BELIEVED => Belief::Doubted { ahead },
        _ => Belief::Believed,
    })
}

/// Rows that a clock has written that was ahead. In both texts `$1` is now, `$2` a little later, for clocks that differ, and `$3` the latest time
/// that anything is put off to.
struct Leftover {
    table: &'static str,
    /// By what they are known.
    rows: &'static str,
    /// How they are set right.
    set: &'static str,
}

const LEFTOVERS: [Leftover; 5] = [
    // What was made ahead waits as long as it was to wait, from now on.
    Leftover {
        table: "deliveries",
        rows: "state = 'pending' and created_at > $2 and due_at > $1",
        set: "due_at = due_at - (created_at - $1), created_at = $1, lease_until = 0",
    },
    Leftover {
        table: "jobs",
        rows: "failed_at is null and created_at > $2 and due_at > $1",
        set: "due_at = due_at - (created_at - $1), created_at = $1, lease_until = 0",
    },
    // No attempt is so long, and after none is waited for so long.
    Leftover {
        table: "deliveries",
        rows: "state = 'pending' and (lease_until > $2 or attempts > 0 and due_at > $3)",
        set: "due_at = case when due_at > $3 then $1 else due_at end, lease_until = 0",
    },
    Leftover {
        table: "jobs",
        rows: "failed_at is null and (lease_until > $2 or attempts > 0 and due_at > $3)",
        set: "due_at = case when due_at > $3 then $1 else due_at end, lease_until = 0",
    },
    Leftover { table: "mail_windows", rows: "started_at > $2", set: "started_at = $1" },
];

/// Lets go on what a clock has put off that was ahead; gives how many rows that were.
pub async fn mend(app: &App) -> sqlx::Result<u64> {
    let now = app.clock.now();
    let bounds = [now, now + SKEW, now + longest_wait(&app.config)];
    let mut mended = 0;
    for Leftover { table, rows, set } in &LEFTOVERS {
        // Looked for first: nearly always there is nothing to write. PostgreSQL takes no parameter that a statement does not name.
        let all = "$1 <= $2 and $2 <= $3";
        let select = sqlx::AssertSqlSafe(format!("select count(*) from {table} where {all} and {rows}"));
        let found: i64 = with_db!(&app.db, pool => sqlx::query_scalar(select).bind(bounds[0]).bind(bounds[1]).bind(bounds[2])
            .fetch_one(pool).await)?;
        if found == 0 {
            continue;
        }
        let update = sqlx::AssertSqlSafe(format!("update {table} set {set} where {all} and {rows}"));
        let mut tx = app.db.begin().await?;
        mended += with_tx!(&mut tx, conn => sqlx::query(update).bind(bounds[0]).bind(bounds[1]).bind(bounds[2])
            .execute(conn).await.map(|done| done.rows_affected()))?;
        tx.commit().await?;
    }
    if mended > 0 {
        tracing::warn!(rows = mended, "the clock was ahead and was set right; what it had put off goes on");
        app.deliveries_wake.notify_one();
    }
    Ok(mended)
}

/// The longest that is waited between two attempts: what a receiver may ask for, what quiet hours may last, or what the settings say.
fn longest_wait(config: &Config) -> Millis {
    let longest = config.outbox.schedule.iter().max().copied().unwrap_or_default();
    let longest = i64::try_from(longest).unwrap_or_default().saturating_mul(1_000);
    // The schedule has up to a tenth of jitter.
    longest.saturating_add(longest / 10).clamp(DAY, 3_650 * DAY) + SKEW
}
