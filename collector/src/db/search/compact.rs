//! Keeping the index small: what is fresh becomes a segment, small segments become a larger one, and what is gone is left out.
//!
//! A new segment is written in many short transactions while nobody searches it, and published by one more. What changes meanwhile is
//! compared in that last one, so two processes may do the same work, and one of them does it in vain.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::bits::Bits;
use super::rows::{
    CASES_MAX, GONE, Segment, place_of, read_gone, read_ids, segments, write_gone, write_ids, write_places,
};
use super::write::{Draft, begin_segment, publish};
use super::{lock, reading};
use crate::clock::{MINUTE, Millis};
use crate::db::{Db, Tx};
use crate::{with_db, with_tx};

/// So many fresh cases become a segment, of this many at most.
const FLUSH: i64 = 256;
const FLUSH_MAX: i64 = 1_024;
/// So many segments of about one size become one.
const MERGE: usize = 8;
/// What stands unfinished for so long was left by a process that has ended.
const ABANDONED: Millis = 10 * MINUTE;
/// Rows of one transaction.
const ROWS: usize = 512;
/// Rows of a segment that are read at once while it is merged.
const PAGE: i64 = 512;
/// So often segments are rewritten for one erasure; more often only where others change them all the time, and then a later look goes on.
const PURGES: usize = 1_000;

/// Whether there was something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Something was done, and there may be more.
    Made,
    /// There is nothing to do.
    None,
}

/// Is told how long a transaction took, and waits if others should come first.
pub type Rest<'a> = &'a (dyn Fn(Duration) -> BoxFuture<'a, ()> + Sync);

/// Takes one step, with a `rest` after each transaction.
pub async fn compact<'a>(db: &'a Db, now: Millis, rest: Rest<'a>) -> sqlx::Result<Progress> {
    let work = Work { db, now, rest };
    Ok(if work.sweep().await? || work.flush().await? || work.merge().await? { Progress::Made } else { Progress::None })
}

/// Rewrites the segments in which some cases were, so that nothing is left there of what they said. It may be done again.
pub async fn purge<'a>(db: &'a Db, now: Millis, rest: Rest<'a>, case_ids: &[String]) -> sqlx::Result<()> {
    let work = Work { db, now, rest };
    for _ in 0..PURGES {
        let Some(source) = work.find_gone(case_ids).await? else { break };
        work.make_one(vec![source]).await?;
    }
    while work.sweep().await? {}
    Ok(())
}

struct Work<'a> {
    db: &'a Db,
    now: Millis,
    rest: Rest<'a>,
}

/// A segment that goes into another, and where its cases are there.
struct Source {
    segment: Segment,
    gone: Bits,
    targets: Vec<Option<u16>>,
    rows: VecDeque<(String, Vec<u8>)>,
    read_to: Option<String>,
}

impl Work<'_> {
    /// Removes some rows of a segment that is not searched any more.
    async fn sweep(&self) -> sqlx::Result<bool> {
        let select = "select id from case_search_segments where state = 2 or (state = 0 and started_at < $1) order by id limit 1";
        let abandoned = self.now - ABANDONED;
        let segment: Option<i64> =
            with_db!(self.db, pool => sqlx::query_scalar(select).bind(abandoned).fetch_optional(pool).await)?;
        let Some(segment) = segment else { return Ok(false) };
        let delete = "delete from case_search_places where segment = $1 and token in \
            (select token from case_search_places where segment = $1 order by token limit 1000)";
        loop {
            let started = Instant::now();
            let mut tx = self.db.begin().await?;
            let rows = with_tx!(&mut tx, conn => sqlx::query(delete).bind(segment).execute(conn).await.map(|done| done.rows_affected()))?;
            if rows == 0 {
                for delete in
                    ["delete from case_search_ids where segment = $1", "delete from case_search_segments where id = $1"]
                {
                    with_tx!(&mut tx, conn => sqlx::query(delete).bind(segment).execute(conn).await.map(|_| ()))?;
                }
            }
            tx.commit().await?;
            (self.rest)(started.elapsed()).await;
            if rows == 0 {
                return Ok(true);
            }
        }
    }

    /// Makes a segment of what is fresh, when that is enough.
    async fn flush(&self) -> sqlx::Result<bool> {
        let count = "select count(*) from case_search_fresh";
        let fresh: i64 = with_db!(self.db, pool => sqlx::query_scalar(count).fetch_one(pool).await)?;
        if fresh < FLUSH {
            return Ok(false);
        }
        let select = "select case_id, version, tokens from case_search_fresh order by case_id limit $1";
        let cases: Vec<(String, i64, String)> =
            with_db!(self.db, pool => sqlx::query_as(select).bind(FLUSH_MAX).fetch_all(pool).await)?;
        let draft = Draft::of(cases.iter().map(|(id, _, tokens)| (id.as_str(), tokens.as_str())));
        let segment = self.begin().await?;
        self.write(segment, draft.ids.len(), &draft.sets).await?;
        let mut tx = self.db.begin().await?;
        lock(&mut tx).await?;
        write_ids(&mut tx, segment, &draft.ids).await?;
        let mut gone = Bits::none(draft.ids.len());
        for (place, (case_id, version, _)) in cases.iter().enumerate() {
            // What has changed since it was read stays fresh, and what another process has taken is its own.
            let delete = "delete from case_search_fresh where case_id = $1 and version = $2";
            let rows = with_tx!(&mut tx, conn => sqlx::query(delete).bind(case_id).bind(version).execute(conn).await.map(|done| done.rows_affected()))?;
            if rows == 0 {
                gone.insert(place);
            }
        }
        if !gone.is_empty() {
            write_gone(&mut tx, segment, &gone).await?;
        }
        publish(&mut tx, segment, &draft.ids).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Makes one segment of several, or of one of which much is gone.
    async fn merge(&self) -> sqlx::Result<bool> {
        let mut tx = reading(self.db).await?;
        let mut sources = Vec::new();
        for segment in segments(&mut tx).await? {
            sources.push(Source::of(&mut tx, segment).await?);
        }
        tx.rollback().await?;
        match choose(sources) {
            Some(chosen) => self.make_one(chosen).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// A segment in which one of these cases was.
    async fn find_gone(&self, case_ids: &[String]) -> sqlx::Result<Option<Source>> {
        let mut tx = reading(self.db).await?;
        let mut found = None;
        'all: for segment in segments(&mut tx).await? {
            let source = Source::of(&mut tx, segment).await?;
            for id in case_ids.iter().filter_map(|id| Uuid::parse_str(id).ok()) {
                let place = place_of(&mut tx, source.segment.id, &id).await?;
                if place.is_ok_and(|place| source.gone.contains(place)) {
                    found = Some(source);
                    break 'all;
                }
            }
        }
        tx.rollback().await?;
        Ok(found)
    }

    /// Makes one segment of some, without what is gone.
    async fn make_one(&self, mut chosen: Vec<Source>) -> sqlx::Result<()> {
        let mut tx = reading(self.db).await?;
        let ids = arrange(&mut tx, &mut chosen).await?;
        tx.rollback().await?;
        let segment = self.begin().await?;
        let mut sets: Vec<(String, Vec<u16>)> = Vec::new();
        loop {
            for source in &mut chosen {
                source.fill(self.db).await?;
            }
            let Some(token) = chosen.iter().filter_map(|source| Some(&source.rows.front()?.0)).min().cloned() else {
                break;
            };
            let mut places: Vec<u16> = chosen.iter_mut().flat_map(|source| source.take(&token)).collect();
            places.sort_unstable();
            if token != GONE && !places.is_empty() {
                sets.push((token, places));
            }
            if sets.len() >= ROWS {
                self.write(segment, ids.len(), &sets).await?;
                sets.clear();
            }
        }
        self.write(segment, ids.len(), &sets).await?;
        self.replace(segment, &ids, &chosen).await
    }

    /// Publishes a segment in place of others, unless somebody else has done so.
    async fn replace(&self, segment: i64, ids: &[Uuid], sources: &[Source]) -> sqlx::Result<()> {
        let mut tx = self.db.begin().await?;
        lock(&mut tx).await?;
        let mut gone = Bits::none(ids.len());
        for source in sources {
            let take = "update case_search_segments set state = 2 where id = $1 and state = 1";
            let rows = with_tx!(&mut tx, conn => sqlx::query(take).bind(source.segment.id).execute(conn).await.map(|done| done.rows_affected()))?;
            if rows == 0 {
                tx.rollback().await?;
                let abandon = "update case_search_segments set state = 2 where id = $1";
                return crate::with_write!(self.db, pool => sqlx::query(abandon).bind(segment).execute(pool).await.map(|_| ()));
            }
            let now_gone = read_gone(&mut tx, source.segment.id, source.segment.size()).await?;
            now_gone.iter().filter_map(|place| source.targets[place]).for_each(|place| gone.insert(usize::from(place)));
        }
        if ids.is_empty() {
            let drop = "update case_search_segments set state = 2 where id = $1";
            with_tx!(&mut tx, conn => sqlx::query(drop).bind(segment).execute(conn).await.map(|_| ()))?;
            return tx.commit().await;
        }
        write_ids(&mut tx, segment, ids).await?;
        if !gone.is_empty() {
            write_gone(&mut tx, segment, &gone).await?;
        }
        publish(&mut tx, segment, ids).await?;
        tx.commit().await
    }

    async fn begin(&self) -> sqlx::Result<i64> {
        let mut tx = self.db.begin().await?;
        let segment = begin_segment(&mut tx, self.now).await?;
        tx.commit().await?;
        Ok(segment)
    }

    async fn write(&self, segment: i64, size: usize, sets: &[(String, Vec<u16>)]) -> sqlx::Result<()> {
        for rows in sets.chunks(ROWS) {
            let started = Instant::now();
            let mut tx = self.db.begin().await?;
            write_places(&mut tx, segment, size, rows).await?;
            tx.commit().await?;
            (self.rest)(started.elapsed()).await;
        }
        Ok(())
    }
}

/// Which segments become one: one of which a third is gone, or else the smallest of those of about one size, when they are many.
fn choose(mut sources: Vec<Source>) -> Option<Vec<Source>> {
    if let Some(at) = sources.iter().position(|source| source.gone.count() * 3 > source.segment.size()) {
        return Some(vec![sources.swap_remove(at)]);
    }
    sources.sort_by_key(|source| source.segment.cases);
    let class = |source: &Source| source.segment.size().max(1).ilog(MERGE);
    let (mut from, mut to) = (0, 0);
    while to - from < MERGE && to < sources.len() {
        if class(&sources[to]) != class(&sources[from]) {
            from = to;
        }
        to += 1;
    }
    if to - from < MERGE {
        return None;
    }
    let mut room = CASES_MAX;
    let fitting = sources[from..to].iter().take_while(|source| {
        let living = source.segment.size() - source.gone.count();
        let fits = living <= room;
        room = room.saturating_sub(living);
        fits
    });
    let count = fitting.count();
    (count > 1).then(|| sources.drain(from..from + count).collect())
}

/// Gives the living cases of all sources in order, and notes where each is.
async fn arrange(tx: &mut Tx, sources: &mut [Source]) -> sqlx::Result<Vec<Uuid>> {
    let mut living: Vec<(Uuid, usize, usize)> = Vec::new();
    for (number, source) in sources.iter_mut().enumerate() {
        let pieces = read_ids(tx, source.segment.id, None).await?;
        let ids = pieces.into_iter().flat_map(|(_, ids)| ids).enumerate();
        living.extend(ids.filter(|(place, _)| !source.gone.contains(*place)).map(|(place, id)| (id, number, place)));
        source.targets = vec![None; source.segment.size()];
    }
    living.sort_unstable();
    // A case is alive in one place only; if it ever were not, the first would do.
    living.dedup_by_key(|(id, ..)| *id);
    living.truncate(CASES_MAX);
    for (target, (_, number, place)) in living.iter().enumerate() {
        if let Some(slot) = sources[*number].targets.get_mut(*place) {
            *slot = u16::try_from(target).ok();
        }
    }
    Ok(living.into_iter().map(|(id, ..)| id).collect())
}

impl Source {
    async fn of(tx: &mut Tx, segment: Segment) -> sqlx::Result<Self> {
        let gone = read_gone(tx, segment.id, segment.size()).await?;
        Ok(Self { targets: Vec::new(), rows: VecDeque::new(), read_to: Some(String::new()), segment, gone })
    }

    /// Reads on when everything that was read is used.
    async fn fill(&mut self, db: &Db) -> sqlx::Result<()> {
        let (true, Some(after)) = (self.rows.is_empty(), &self.read_to) else { return Ok(()) };
        let select =
            "select token, places from case_search_places where segment = $1 and token > $2 order by token limit $3";
        let rows: Vec<(String, Vec<u8>)> = with_db!(db, pool => sqlx::query_as(select).bind(self.segment.id).bind(after).bind(PAGE).fetch_all(pool).await)?;
        self.read_to = rows.last().map(|(token, _)| token.clone());
        self.rows = rows.into();
        Ok(())
    }

    /// The places of the cases with a token, in the new segment.
    fn take(&mut self, token: &str) -> Vec<u16> {
        match self.rows.front() {
            Some((first, _)) if first == token => {}
            _ => return Vec::new(),
        }
        let Some((_, encoded)) = self.rows.pop_front() else { return Vec::new() };
        let mut bits = Bits::none(self.segment.size());
        bits.add_encoded(&encoded);
        bits.iter().filter_map(|place| self.targets[place]).collect()
    }
}
