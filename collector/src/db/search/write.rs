//! Entering cases into the index.

use std::collections::{BTreeMap, HashSet};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::rows::{CASES_MAX, place_of, read_gone, segments, write_gone, write_ids, write_places};
use super::tokens::Tokens;
use super::{FORMAT, lock};
use crate::clock::Millis;
use crate::db::Tx;
use crate::db::rows::{Part, Rows, chunks, placeholders};
use crate::keys::random_bytes;
use crate::with_tx;

/// What is to be found of a case.
#[derive(Debug)]
pub struct Entry {
    /// The case.
    pub case_id: String,
    /// The number of the event up to which the entry is that of the case. An entry never replaces a later one, so that of two that index
    /// the same case the slower one does no harm.
    pub seq: i64,
    /// The tokens of everything that was said, and its facets, separated by spaces.
    pub tokens: String,
    /// Whether there was no room for all of them.
    pub is_cut: bool,
}

impl Entry {
    /// An entry of a case as of one of its events.
    pub fn new(case_id: &str, seq: i64, tokens: &Tokens) -> Self {
        Self { case_id: case_id.to_owned(), seq, tokens: tokens.joined(), is_cut: tokens.is_cut() }
    }
}

/// Replaces what is indexed of the cases, each of which comes once.
pub async fn index(tx: &mut Tx, entries: &[Entry]) -> sqlx::Result<()> {
    static UPSERT: Rows = Rows::new(&[Part {
        head: "insert into case_search_fresh (case_id, version, tokens) values ",
        row: "(?, ?, ?)",
        tail: " on conflict (case_id) do update set version = excluded.version, tokens = excluded.tokens",
    }]);
    let entries = accept(tx, entries).await?;
    for chunk in chunks(&entries) {
        let upsert = UPSERT.sql(tx, chunk.len());
        with_tx!(tx, conn => {
            let mut query = sqlx::query(upsert);
            for entry in chunk {
                query = query.bind(&entry.case_id).bind(new_version()).bind(&entry.tokens);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

/// As [`index`], for many at once: they become a segment right away.
pub async fn index_all(tx: &mut Tx, entries: &[Entry], now: Millis) -> sqlx::Result<()> {
    for entries in entries.chunks(CASES_MAX) {
        let mut entries = accept(tx, entries).await?;
        let ids: Vec<&str> = entries.iter().map(|entry| entry.case_id.as_str()).collect();
        for chunk in chunks(&ids) {
            let delete = AssertSqlSafe(format!(
                "delete from case_search_fresh where case_id in ({})",
                placeholders(0, chunk.len())
            ));
            with_tx!(tx, conn => chunk.iter().fold(sqlx::query(delete), |query, id| query.bind(*id)).execute(conn).await.map(|_| ()))?;
        }
        entries.sort_by(|one, other| one.case_id.cmp(&other.case_id));
        let draft = Draft::of(entries.iter().map(|entry| (entry.case_id.as_str(), entry.tokens.as_str())));
        if draft.ids.is_empty() {
            continue;
        }
        let segment = begin_segment(tx, now).await?;
        write_places(tx, segment, draft.ids.len(), &draft.sets).await?;
        write_ids(tx, segment, &draft.ids).await?;
        publish(tx, segment, &draft.ids).await?;
    }
    Ok(())
}

/// Which of these cases are indexed in the current format.
pub async fn is_indexed(tx: &mut Tx, case_ids: &[String]) -> sqlx::Result<HashSet<String>> {
    let mut indexed = HashSet::with_capacity(case_ids.len());
    for chunk in chunks(case_ids) {
        let select = AssertSqlSafe(format!(
            "select case_id from case_search_cases where format = $1 and case_id in ({})",
            placeholders(1, chunk.len())
        ));
        let found: Vec<String> = with_tx!(tx, conn => {
            let query = sqlx::query_scalar(select).bind(FORMAT);
            chunk.iter().fold(query, |query, id| query.bind(id)).fetch_all(conn).await
        })?;
        indexed.extend(found);
    }
    Ok(indexed)
}

/// A segment before it is written.
pub(super) struct Draft {
    /// Its cases, in order.
    pub ids: Vec<Uuid>,
    /// Its tokens in order, with the places of the cases that have them.
    pub sets: Vec<(String, Vec<u16>)>,
}

impl Draft {
    /// Of cases in order, with their tokens separated by spaces. What is no identifier is left out, since nothing could find it.
    pub fn of<'a>(cases: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut ids = Vec::new();
        let mut sets: BTreeMap<&str, Vec<u16>> = BTreeMap::new();
        for (id, tokens) in cases {
            let (Ok(place), Ok(id)) = (u16::try_from(ids.len()), Uuid::parse_str(id)) else { continue };
            ids.push(id);
            for token in tokens.split(' ').filter(|token| !token.is_empty()) {
                sets.entry(token).or_default().push(place);
            }
        }
        Self { ids, sets: sets.into_iter().map(|(token, places)| (token.to_owned(), places)).collect() }
    }
}

/// Opens a segment that nobody searches yet.
pub(super) async fn begin_segment(tx: &mut Tx, now: Millis) -> sqlx::Result<i64> {
    lock(tx).await?;
    let insert = "insert into case_search_segments (id, cases, state, started_at, first_id, last_id) \
        select coalesce(max(id), 0) + 1, 0, 0, $1, '', '' from case_search_segments returning id";
    with_tx!(tx, conn => sqlx::query_scalar(insert).bind(now).fetch_one(conn).await)
}

/// From now on it is searched.
pub(super) async fn publish(tx: &mut Tx, segment: i64, ids: &[Uuid]) -> sqlx::Result<()> {
    let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return Ok(()) };
    let update = "update case_search_segments set state = 1, cases = $1, first_id = $2, last_id = $3 where id = $4";
    let cases = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    with_tx!(tx, conn => sqlx::query(update).bind(cases).bind(first.to_string()).bind(last.to_string()).bind(segment)
        .execute(conn).await.map(|_| ()))
}

/// Notes the entries that are newer than what is indexed, gives them, and marks what is in a segment of those cases as gone.
async fn accept<'a>(tx: &mut Tx, entries: &'a [Entry]) -> sqlx::Result<Vec<&'a Entry>> {
    static UPSERT: Rows = Rows::new(&[Part {
        head: "insert into case_search_cases (case_id, seq, format, is_cut) values ",
        row: "(?, ?, ?, ?)",
        tail: " on conflict (case_id) do update set seq = excluded.seq, format = excluded.format, is_cut = excluded.is_cut \
            where case_search_cases.seq <= excluded.seq returning case_id",
    }]);
    lock(tx).await?;
    let mut accepted = Vec::with_capacity(entries.len());
    for chunk in chunks(entries) {
        let ids: Vec<&str> = chunk.iter().map(|entry| entry.case_id.as_str()).collect();
        let known = known(tx, "cases", &ids).await?;
        let upsert = UPSERT.sql(tx, chunk.len());
        let newer: Vec<String> = with_tx!(tx, conn => {
            let mut query = sqlx::query_scalar(upsert);
            for entry in chunk {
                query = query.bind(&entry.case_id).bind(entry.seq).bind(FORMAT).bind(entry.is_cut);
            }
            query.fetch_all(conn).await
        })?;
        let newer: HashSet<String> = newer.into_iter().collect();
        accepted.extend(chunk.iter().filter(|entry| newer.contains(&entry.case_id)));
        let before: Vec<&str> = ids.into_iter().filter(|id| known.contains(*id) && newer.contains(*id)).collect();
        retire(tx, &before).await?;
    }
    Ok(accepted)
}

/// Marks cases as gone from the segments where they are; what is fresh is in none.
async fn retire(tx: &mut Tx, case_ids: &[&str]) -> sqlx::Result<()> {
    if case_ids.is_empty() {
        return Ok(());
    }
    let fresh = known(tx, "fresh", case_ids).await?;
    let all = segments(tx).await?;
    for case_id in case_ids.iter().filter(|id| !fresh.contains(**id)) {
        let Ok(id) = Uuid::parse_str(case_id) else { continue };
        let may_have = |segment: &&_| {
            let segment: &super::rows::Segment = segment;
            segment.first_id.as_str() <= *case_id && *case_id <= segment.last_id.as_str()
        };
        for segment in all.iter().filter(may_have) {
            let Ok(place) = place_of(tx, segment.id, &id).await? else { continue };
            let mut gone = read_gone(tx, segment.id, segment.size()).await?;
            if !gone.contains(place) {
                gone.insert(place);
                write_gone(tx, segment.id, &gone).await?;
                // It is in one place only.
                break;
            }
        }
    }
    Ok(())
}

async fn known(tx: &mut Tx, table: &str, case_ids: &[&str]) -> sqlx::Result<HashSet<String>> {
    let mut known = HashSet::new();
    for chunk in chunks(case_ids) {
        let select = AssertSqlSafe(format!(
            "select case_id from case_search_{table} where case_id in ({})",
            placeholders(0, chunk.len())
        ));
        let found: Vec<String> = with_tx!(tx, conn => chunk.iter().fold(sqlx::query_scalar(select), |query, id| query.bind(*id)).fetch_all(conn).await)?;
        known.extend(found);
    }
    Ok(known)
}

/// Tells an entry from every other one of the same case.
fn new_version() -> i64 {
    i64::from_le_bytes(random_bytes())
}
