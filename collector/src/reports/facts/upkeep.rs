//! Keeping the blocks: new ones of cases that became older, and those in which many cases changed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::blocks::{self, Range, within};
use super::rows;
use crate::app::App;
use crate::clock::{HOUR, Millis};
use crate::db::Db;
use crate::keys::first_id_of;
use crate::with_db;

/// How often it is looked whether there is something to do.
const POLL: Duration = Duration::from_secs(60);
/// How long `rebuild` waits for what was under way when it began.
const WATCH: Duration = Duration::from_millis(200);

/// When blocks are made.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// How many cases a block has.
    pub cases: usize,
    /// How many newer cases are in none, since the newest change most.
    pub kept: usize,
    /// How old a case is before it is in a block. No transaction takes as long, and no two clocks differ by as much.
    pub age: Millis,
    /// How many cases may have changed since their blocks were written.
    pub changed: usize,
}

impl Sizes {
    /// As they are in life.
    pub const USUAL: Self = Self { cases: 1_024, kept: 256, age: HOUR, changed: 1_000 };
}

/// Works until `app.shutdown` is cancelled, where this collector leads.
pub async fn run(app: &App) {
    while !app.shutdown.is_cancelled() {
        let keeping = async {
            if app.leader.leads() {
                keep(&app.db, Sizes::USUAL, app.clock.now(), |took| app.intake.throttle(took)).await?;
            }
            anyhow::Ok(())
        };
        let kept = tokio::select! {
            kept = keeping => kept,
            () = app.shutdown.cancelled() => return,
        };
        if let Err(error) = kept {
            tracing::error!(%error, "the facts for reports can't be gathered; trying again");
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = app.shutdown.cancelled() => {}
        }
    }
}

/// Makes the blocks that are missing, and writes those anew in which most has changed; `rest` is waited for after each. Gives how many were written.
pub async fn keep<R>(db: &Db, sizes: Sizes, now: Millis, mut rest: impl FnMut(Duration) -> R) -> anyhow::Result<usize>
where
    R: Future<Output = ()>,
{
    let until = first_id_of(now - sizes.age);
    while let Some((after, last)) = blocks::next(db, sizes.cases, sizes.kept, &until).await? {
        blocks::open(db, &after, &last).await?;
    }
    let mut written = 0;
    for range in due(db, sizes).await? {
        let started = Instant::now();
        if blocks::is_watched(db, &range).await? {
            write(db, &range, sizes).await?;
            written += 1;
        }
        rest(started.elapsed()).await;
    }
    Ok(written)
}

/// Removes all blocks and makes them anew; `progress` is called with how many cases are in blocks, of how many. Gives how many there are in the end.
pub async fn rebuild(db: &Db, sizes: Sizes, now: Millis, mut progress: impl FnMut(u64, u64)) -> anyhow::Result<u64> {
    let mut tx = db.begin().await?;
    blocks::clear_in(&mut tx).await?;
    tx.commit().await?;
    let count = "select count(*) from cases";
    let all: i64 = with_db!(db, pool => sqlx::query_scalar(count).fetch_one(pool).await)?;
    let (mut done, all) = (0, all.unsigned_abs());
    loop {
        keep(db, sizes, now, |_| {
            done += sizes.cases as u64;
            progress(done.min(all), all);
            std::future::ready(())
        })
        .await?;
        let ranges = blocks::ranges(db).await?;
        let cases = ranges.iter().map(|range| range.cases.unsigned_abs()).sum();
        if ranges.iter().all(|range| range.is_written) {
            return Ok(cases);
        }
        tokio::time::sleep(WATCH).await;
    }
}

/// The blocks that are not written, and of the others those with the most changes, until few enough remain.
async fn due(db: &Db, sizes: Sizes) -> sqlx::Result<Vec<Range>> {
    let marks = blocks::marks(db).await?;
    let (written, mut due): (Vec<Range>, Vec<Range>) =
        blocks::ranges(db).await?.into_iter().partition(|range| range.is_written);
    if marks.len() <= sizes.changed {
        return Ok(due);
    }
    let mut left = marks.len();
    let mut by_marks: BTreeMap<usize, Vec<Range>> = BTreeMap::new();
    for range in written {
        by_marks.entry(within(&marks, &range).len()).or_default().push(range);
    }
    for (count, ranges) in by_marks.into_iter().rev() {
        for range in ranges {
            if count == 0 || left <= sizes.changed / 2 {
                return Ok(due);
            }
            left -= count;
            due.push(range);
        }
    }
    Ok(due)
}

/// Writes the facts of a block, or divides it where far more cases came in between, such as by an import.
async fn write(db: &Db, range: &Range, sizes: Sizes) -> anyhow::Result<()> {
    // The marks first: what is marked later may not be among the facts yet.
    let marks = blocks::marks_of(db, range).await?;
    let (block, last) = rows::between(db, &range.after_id, &range.last_id, 2 * sizes.cases).await?;
    if block.len() >= 2 * sizes.cases
        && let Some(at) = last.filter(|last| *last < range.last_id)
    {
        return Ok(blocks::divide(db, range, &at).await?);
    }
    blocks::write(db, range, &block).await?;
    Ok(blocks::forget(db, &marks).await?)
}
