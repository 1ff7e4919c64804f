//! Finding cases: segment by segment in the order that is asked for, until the page is full and the counts are high enough, or until
//! the time is over.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::bits::Bits;
use super::evaluate::evaluate;
use super::reading;
use super::request::{Found, Order, Request};
use super::rows::{GONE, PIECE, Segment, place_of, read_ids, segments};
use super::term::Term;
use crate::db::rows::placeholders;
use crate::db::{Db, Tx};
use crate::with_tx;

/// So many segments are looked at first, then twice as many, and so on.
const FIRST_SEGMENTS: usize = 2;
/// Tokens between two others that are looked at in some segments; a word begins like fewer others.
const BETWEEN_MAX: i64 = 20_000;

/// Searches.
pub async fn find(db: &Db, request: &Request<'_>) -> sqlx::Result<Found> {
    let mut tx = reading(db).await?;
    let mut search =
        Search { request, ids: Vec::new(), counts: vec![0; request.groups.len()], skipped: HashSet::new() };
    search.loose(&mut tx).await?;
    let mut rest = segments(&mut tx).await?;
    if request.order == Order::Oldest {
        rest.sort_by(|one, other| one.first_id.cmp(&other.first_id));
    }
    // What can't be on the page comes last, and only to be counted.
    rest.sort_by_key(|segment| !search.may_show(segment));
    rest.retain(|segment| request.count_to > 0 || search.may_show(segment));
    let started = Instant::now();
    let mut rest = rest.as_slice();
    let mut step = FIRST_SEGMENTS;
    while !(rest.is_empty() || search.has_page(rest) && search.has_counted()) {
        if step > FIRST_SEGMENTS && started.elapsed() > request.budget {
            break;
        }
        let (now, later) = rest.split_at(step.min(rest.len()));
        search.look_into(&mut tx, now).await?;
        rest = later;
        step *= 2;
    }
    tx.rollback().await?;
    Ok(search.found(rest))
}

struct Search<'a> {
    request: &'a Request<'a>,
    ids: Vec<Uuid>,
    counts: Vec<usize>,
    /// Cases that are loose, so what a segment says of them is not so any more.
    skipped: HashSet<Uuid>,
}

impl Search<'_> {
    /// Looks at the cases that are in no segment: those that are loose, and those that are fresh.
    async fn loose(&mut self, tx: &mut Tx) -> sqlx::Result<()> {
        for case in self.request.loose {
            self.skipped.insert(case.id);
            self.consider(case.id, &case.tokens);
        }
        let fresh = "select case_id, tokens from case_search_fresh";
        let fresh: Vec<(String, String)> = with_tx!(tx, conn => sqlx::query_as(fresh).fetch_all(conn).await)?;
        for (case_id, tokens) in fresh {
            if let Some(id) = Uuid::parse_str(&case_id).ok().filter(|id| !self.skipped.contains(id)) {
                self.consider(id, &tokens);
            }
        }
        Ok(())
    }

    fn consider(&mut self, id: Uuid, tokens: &str) {
        let verdict = evaluate(self.request, tokens);
        if !verdict.meets {
            return;
        }
        self.counts.iter_mut().zip(&verdict.groups).for_each(|(count, is_in)| *count += usize::from(*is_in));
        let is_shown = verdict.groups.iter().zip(self.request.shown).any(|(is_in, shown)| *is_in && *shown);
        if is_shown && self.request.after.is_none_or(|after| self.is_before(after, id)) {
            self.ids.push(id);
        }
    }

    fn is_before(&self, one: Uuid, other: Uuid) -> bool {
        match self.request.order {
            Order::Newest => one > other,
            Order::Oldest => one < other,
        }
    }

    /// Where the cases of a segment begin, in the order that is asked for.
    fn beginning(&self, segment: &Segment) -> Option<Uuid> {
        let first = match self.request.order {
            Order::Newest => &segment.last_id,
            Order::Oldest => &segment.first_id,
        };
        Uuid::parse_str(first).ok()
    }

    /// Whether a segment has cases after the one after which the page begins.
    fn may_show(&self, segment: &Segment) -> bool {
        let Some(after) = self.request.after.map(|after| after.to_string()) else { return true };
        match self.request.order {
            Order::Newest => segment.first_id < after,
            Order::Oldest => segment.last_id > after,
        }
    }

    /// Where the first segment begins that the page may still need.
    fn next_beginning(&self, rest: &[Segment]) -> Option<Uuid> {
        rest.first().filter(|segment| self.may_show(segment)).and_then(|segment| self.beginning(segment))
    }

    /// Whether the page is full of cases that come before all of the other segments.
    fn has_page(&mut self, rest: &[Segment]) -> bool {
        match self.request.order {
            Order::Newest => self.ids.sort_unstable_by(|one, other| other.cmp(one)),
            Order::Oldest => self.ids.sort_unstable(),
        }
        let Some(next) = self.next_beginning(rest) else { return true };
        // One more says whether there is another page.
        self.ids.get(self.request.limit).is_some_and(|last| self.is_before(*last, next))
    }

    fn has_counted(&self) -> bool {
        self.counts.iter().all(|count| *count >= self.request.count_to)
    }

    async fn look_into(&mut self, tx: &mut Tx, all: &[Segment]) -> sqlx::Result<()> {
        let mut found: Vec<(&Segment, Bits)> = all.iter().map(|segment| (segment, Bits::all(segment.size()))).collect();
        for term in self.request.terms {
            let sets = read_term(tx, &found, term).await?;
            found.retain_mut(|(segment, bits)| {
                let Some(set) = sets.get(&segment.id) else { return false };
                bits.keep(set);
                !bits.is_empty()
            });
        }
        for term in self.request.unwanted {
            let sets = read_term(tx, &found, term).await?;
            found.retain_mut(|(segment, bits)| {
                sets.get(&segment.id).into_iter().for_each(|set| bits.remove(set));
                !bits.is_empty()
            });
        }
        let mut tokens = vec![GONE.to_owned()];
        tokens.extend(self.request.groups.iter().cloned());
        let sets = read_sets(tx, &found, &tokens).await?;
        for (segment, mut bits) in found {
            let of = |token: &str| sets.get(&(segment.id, token.to_owned()));
            if let Some(gone) = of(GONE) {
                bits.remove(gone);
            }
            let mut shown = Bits::none(segment.size());
            for (number, group) in self.request.groups.iter().enumerate() {
                let Some(set) = of(group) else { continue };
                self.counts[number] += bits.count_with(set);
                if self.request.shown[number] {
                    shown.add(set);
                }
            }
            bits.keep(&shown);
            self.collect(tx, segment, bits).await?;
        }
        Ok(())
    }

    /// Takes as many of the places of a segment as could be on the page.
    async fn collect(&mut self, tx: &mut Tx, segment: &Segment, mut places: Bits) -> sqlx::Result<()> {
        if let Some(first) = self.beginning(segment) {
            let better = self.ids.iter().filter(|id| self.is_before(**id, first)).count();
            if places.is_empty() || better > self.request.limit {
                return Ok(());
            }
        }
        if let Some(after) = self.request.after {
            let place = place_of(tx, segment.id, &after).await?;
            let (from, to) = match (self.request.order, place) {
                (Order::Newest, Ok(place) | Err(place)) => (0, place),
                (Order::Oldest, Ok(place)) => (place + 1, segment.size()),
                (Order::Oldest, Err(place)) => (place, segment.size()),
            };
            places.clip(from, to);
        }
        let wanted = self.request.limit + 1 + self.skipped.len();
        let chosen: Vec<usize> = match self.request.order {
            Order::Newest => places.iter().rev().take(wanted).collect(),
            Order::Oldest => places.iter().take(wanted).collect(),
        };
        let mut pieces: Vec<i64> = chosen.iter().filter_map(|place| i64::try_from(place / PIECE).ok()).collect();
        pieces.dedup();
        if pieces.is_empty() {
            return Ok(());
        }
        let ids: HashMap<i64, Vec<Uuid>> = read_ids(tx, segment.id, Some(&pieces)).await?.into_iter().collect();
        for place in chosen {
            let piece = i64::try_from(place / PIECE).ok().and_then(|piece| ids.get(&piece));
            if let Some(id) = piece.and_then(|ids| ids.get(place % PIECE)).filter(|id| !self.skipped.contains(*id)) {
                self.ids.push(*id);
            }
        }
        Ok(())
    }

    /// What was found before `rest` was looked at.
    fn found(mut self, rest: &[Segment]) -> Found {
        let is_complete = self.has_page(rest);
        let is_counted = rest.is_empty() || self.has_counted();
        let mut further = None;
        if !is_complete && let Some(next) = self.next_beginning(rest) {
            // What comes later may lack what the other segments have between.
            let sure = self.ids.iter().take_while(|id| self.is_before(**id, next)).count();
            self.ids.truncate(sure);
            further = Some(match self.request.order {
                Order::Newest => Uuid::from_u128(next.as_u128().saturating_add(1)),
                Order::Oldest => Uuid::from_u128(next.as_u128().saturating_sub(1)),
            });
        }
        let has_more = self.ids.len() > self.request.limit;
        self.ids.truncate(self.request.limit);
        if has_more {
            further = None;
        }
        Found { ids: self.ids, has_more, counts: self.counts, further, is_counted }
    }
}

/// The set of a term in each of the segments that has one.
async fn read_term(tx: &mut Tx, found: &[(&Segment, Bits)], term: &Term) -> sqlx::Result<HashMap<i64, Bits>> {
    let mut sets: HashMap<i64, Bits> = HashMap::new();
    if found.is_empty() {
        return Ok(sets);
    }
    for ((segment, _), set) in read_sets(tx, found, term.tokens()).await? {
        match sets.get_mut(&segment) {
            Some(all) => all.add(&set),
            None => drop(sets.insert(segment, set)),
        }
    }
    for (from, to) in term.ranges() {
        let select = AssertSqlSafe(between_sql(found.len()));
        let rows: Vec<(i64, Vec<u8>)> = with_tx!(tx, conn => {
            let query = sqlx::query_as(select).bind(from).bind(to);
            found.iter().fold(query, |query, (segment, _)| query.bind(segment.id)).fetch_all(conn).await
        })?;
        for (segment, places) in rows {
            let size = size_of(found, segment);
            sets.entry(segment).or_insert_with(|| Bits::none(size)).add_encoded(&places);
        }
    }
    Ok(sets)
}

/// The sets of tokens in segments, where there are any.
async fn read_sets(
    tx: &mut Tx,
    found: &[(&Segment, Bits)],
    tokens: &[String],
) -> sqlx::Result<HashMap<(i64, String), Bits>> {
    if found.is_empty() || tokens.is_empty() {
        return Ok(HashMap::new());
    }
    let select = AssertSqlSafe(sets_sql(found.len(), tokens.len()));
    let rows: Vec<(i64, String, Vec<u8>)> = with_tx!(tx, conn => {
        let query = found.iter().fold(sqlx::query_as(select), |query, (segment, _)| query.bind(segment.id));
        tokens.iter().fold(query, |query, token| query.bind(token)).fetch_all(conn).await
    })?;
    let set = |(segment, token, places): (i64, String, Vec<u8>)| {
        let mut bits = Bits::none(size_of(found, segment));
        bits.add_encoded(&places);
        ((segment, token), bits)
    };
    Ok(rows.into_iter().map(set).collect())
}

fn size_of(found: &[(&Segment, Bits)], segment: i64) -> usize {
    found.iter().find(|(one, _)| one.id == segment).map_or(0, |(segment, _)| segment.size())
}

/// The statement that reads the sets of `tokens` tokens in `segments` segments.
pub fn sets_sql(segments: usize, tokens: usize) -> String {
    format!(
        "select segment, token, places from case_search_places where segment in ({}) and token in ({})",
        placeholders(0, segments),
        placeholders(segments, tokens)
    )
}

/// The statement that reads the sets of the tokens between two in `segments` segments.
pub fn between_sql(segments: usize) -> String {
    format!(
        "select segment, places from case_search_places where token >= $1 and token < $2 and segment in ({}) limit {BETWEEN_MAX}",
        placeholders(2, segments)
    )
}
