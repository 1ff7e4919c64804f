//! The facts of cases that reports count, read fast: of older cases they lie in *blocks* of some thousands, each one row of the database, and are read as
//! they are; those of the newest cases, and of cases that changed since their block was written, are read from the tables. So a report is as exact as one
//! that reads all tables, and a million cases take a fraction of a second.
//!
//! The order of reading is what makes it exact: first the marks of what changed, then blocks, then the tables. A block that is written anew in between is only
//! fresher than needed.

mod blocks;
mod fact;
mod rows;
mod upkeep;

pub use blocks::clear_in;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
pub use rows::between_sql;
use sayso_analysis::facts::{Block, Fact};
pub use upkeep::{Sizes, keep, rebuild, run};

use self::blocks::{Mark, Range, within};
use self::fact::bytes;
use super::asked::Asked;
use crate::app::App;
use crate::clock::{Millis, Period};
use crate::db::case_blocks::MARK;
use crate::db::{Db, Tx};
use crate::http::Result;
use crate::{with_db, with_tx};

/// How many blocks are read at once.
const AHEAD: usize = 2;
/// How many cases are read from the tables at once.
const PAGE: usize = 4_096;
/// Higher than any identifier.
const LAST: &str = "g";

/// Which cases are read. Others may come as well, so that each has to be looked at.
#[derive(Clone, Debug)]
pub struct Reach {
    low: String,
    high: Option<String>,
    resolved: Option<Period>,
}

impl Reach {
    /// Those that were received within the period.
    pub fn received(asked: &Asked, app: &App) -> Self {
        let (low, high) = asked.ids(app.clock.ahead());
        Self { low, high, resolved: None }
    }

    /// Those that were received within the period, or not longer than so long before it.
    pub fn received_since(asked: &Asked, app: &App, before: Millis) -> Self {
        let from = asked.period.from.map(|from| from - before);
        let asked = Asked { period: Period { from, ..asked.period }, ..asked.clone() };
        Self::received(&asked, app)
    }

    /// Those that were received, last resolved or rated within the period.
    pub fn received_or_resolved(asked: &Asked, app: &App) -> Self {
        Self { resolved: Some(asked.period), ..Self::received(asked, app) }
    }

    fn needs(&self, range: &Range) -> bool {
        let is_received = range.last_id >= self.low && self.high.as_ref().is_none_or(|high| range.after_id < *high);
        is_received || !range.is_written || self.resolved.is_some_and(|period| range.was_resolved_within(period))
    }

    /// The identifiers that are read from the tables, of those above `after` and up to `last`.
    fn limits(&self, after: &str, last: &str) -> (String, String) {
        if self.resolved.is_some() {
            return (after.to_owned(), last.to_owned());
        }
        let high = self.high.as_deref().unwrap_or(LAST);
        (after.max(self.low.as_str()).to_owned(), last.min(high).to_owned())
    }
}

impl Range {
    fn was_resolved_within(&self, period: Period) -> bool {
        let (Some(first), Some(last)) = (self.resolved_from, self.resolved_to) else { return false };
        period.from.is_none_or(|from| last >= from) && period.to.is_none_or(|to| first < to)
    }
}

/// Gives the facts of cases in the order of their identifiers.
pub async fn each(app: &App, reach: &Reach, mut take: impl FnMut(Fact<'_>)) -> Result<()> {
    let db = &app.db;
    let marks = blocks::marks(db).await?;
    let ranges = blocks::ranges(db).await?;
    let newest = ranges.last().map_or_else(String::new, |range| range.last_id.clone());
    // The next ones are read and unpacked while one is counted.
    let needed = ranges.iter().filter(|range| reach.needs(range));
    let needed: Vec<_> = needed.map(|range| (db.clone(), range.clone(), within(&marks, range).len())).collect();
    let mut read = stream::iter(needed)
        .map(|(db, range, changed)| tokio::spawn(async move { written(&db, &range, changed).await }))
        .buffered(AHEAD);
    for range in &ranges {
        let changed = within(&marks, range);
        if !reach.needs(range) {
            // What the block says of its cases may be over for those that changed: they may have been resolved since.
            if reach.resolved.is_some() && !changed.is_empty() {
                of_changed(db, changed).await?.iter().for_each(&mut take);
            }
            continue;
        }
        match read.try_next().await.map_err(anyhow::Error::from)?.transpose()?.flatten() {
            Some(block) => merge(&block, &of_changed(db, changed).await?, changed, &mut take),
            None => each_of_tables(db, reach, &range.after_id, &range.last_id, &mut take).await?,
        }
        // A block takes a millisecond or two, in which nobody else is served on this thread.
        tokio::task::yield_now().await;
    }
    each_of_tables(db, reach, &newest, LAST, &mut take).await
}

/// How many cases there are in blocks.
pub async fn gathered(db: &Db) -> sqlx::Result<i64> {
    let select = "select cast(coalesce(sum(cases), 0) as bigint) from report_blocks";
    with_db!(db, pool => sqlx::query_scalar(select).fetch_one(pool).await)
}

/// Marks those of some new cases whose identifiers are old: the blocks that they belong to do not have them.
pub async fn mark_added(tx: &mut Tx, ids: &[String]) -> sqlx::Result<()> {
    let select = "select max(last_id) from report_blocks";
    let newest: Option<String> = with_tx!(tx, conn => sqlx::query_scalar(select).fetch_one(conn).await)?;
    let Some(newest) = newest else { return Ok(()) };
    for id in ids.iter().filter(|id| **id <= newest) {
        let mark = sqlx::AssertSqlSafe(MARK.replace("$case", "cast($1 as text)"));
        with_tx!(tx, conn => sqlx::query(mark).bind(id).execute(conn).await.map(|_| ()))?;
    }
    Ok(())
}

/// The facts of a block; none where they are not there, or where so much changed that the tables are read faster.
async fn written(db: &Db, range: &Range, changed: usize) -> sqlx::Result<Option<Block>> {
    let is_stale = changed > PAGE / 4;
    if !range.is_written || is_stale { Ok(None) } else { blocks::facts(db, range).await }
}

async fn of_changed(db: &Db, changed: &[Mark]) -> sqlx::Result<Block> {
    let ids: Vec<String> = changed.iter().map(|mark| mark.case_id.clone()).collect();
    rows::named(db, &ids).await
}

/// The facts of a block with those of its changed cases in their places. One of which there are no facts any more is gone.
fn merge(block: &Block, fresh: &Block, changed: &[Mark], take: &mut impl FnMut(Fact<'_>)) {
    if changed.is_empty() {
        block.iter().for_each(take);
        return;
    }
    let changed: Vec<[u8; 16]> = changed.iter().map(|mark| bytes(&mark.case_id)).collect();
    let mut fresh = fresh.iter().peekable();
    for fact in block.iter() {
        while let Some(next) = fresh.next_if(|next| next.id() <= fact.id()) {
            take(next);
        }
        if changed.binary_search(&fact.id()).is_err() {
            take(fact);
        }
    }
    fresh.for_each(take);
}

async fn each_of_tables(
    db: &Db,
    reach: &Reach,
    after: &str,
    last: &str,
    take: &mut impl FnMut(Fact<'_>),
) -> Result<()> {
    let (mut after, last) = reach.limits(after, last);
    while after < last {
        let (block, end) = rows::between(db, &after, &last, PAGE).await?;
        block.iter().for_each(&mut *take);
        match end.filter(|_| block.len() == PAGE) {
            Some(end) => after = end,
            None => break,
        }
    }
    Ok(())
}
