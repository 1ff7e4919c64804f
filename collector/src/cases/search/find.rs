//! Searching: the index says which cases may be meant, and what it does not know is looked up in them.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::entries::{loose, read};
use super::facet::{Facet, changed_since, received_between};
use super::said::texts;
use super::text::{SearchText, by_number};
use crate::clock::{HOUR, Millis};
use crate::db::Db;
use crate::db::rows::{chunks, placeholders};
use crate::db::search::{self, Order, Request, Term};
use crate::with_db;

/// Cases whose texts are looked at in one search, at most.
const COMPARED_MAX: usize = 1_000;

/// A search.
#[derive(Clone, Debug)]
pub struct Search {
    /// What was typed.
    pub text: SearchText,
    /// What must be so beside it.
    pub facets: Vec<Term>,
    /// Facets by which cases are counted, and whether those are shown that have it; each case has one of them.
    pub groups: Vec<(String, bool)>,
    /// Only cases that changed at this time or later.
    pub updated_since: Option<Millis>,
    /// Which come first.
    pub order: Order,
    /// Only those after this one.
    pub after: Option<String>,
    /// How many at most.
    pub limit: usize,
    /// How far cases are counted; 0 when nobody asks.
    pub count_to: usize,
    /// How long it may take. What is not found by then is looked for when somebody asks to go on.
    pub budget: Duration,
}

impl Search {
    /// The newest cases with a text, up to `limit`, but for those in quarantine, however long it takes.
    pub fn newest(text: SearchText, limit: usize) -> Self {
        Self {
            text,
            facets: Vec::new(),
            groups: vec![(Facet::Visible.token(), true)],
            updated_since: None,
            order: Order::Newest,
            after: None,
            limit,
            count_to: 0,
            budget: Duration::MAX,
        }
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The identifiers in their order.
    pub ids: Vec<String>,
    /// After which case the next page begins, if there is one.
    pub next: Option<String>,
    /// Whether the page is not full because the time was over; `next` goes on.
    pub is_partial: bool,
    /// How many cases each group has, as far as they were counted: those that the index finds, whatever the order of their words.
    pub counts: Vec<usize>,
    /// Whether the time was over before all were counted.
    pub is_counted: bool,
}

/// Searches.
pub async fn search(db: &Db, search: &Search) -> sqlx::Result<Found> {
    let started = Instant::now();
    let mut facets: Vec<Term> = search.facets.iter().chain(&search.text.facets).cloned().collect();
    if search.text.from.is_some() || search.text.before.is_some() {
        facets.push(received_between(search.text.from, search.text.before));
    }
    let mut terms = search.text.words.terms().to_vec();
    terms.extend(search.updated_since.and_then(changed_since));
    terms.extend(facets.iter().cloned());
    let unwanted: Vec<Term> = search.text.words.unwanted().iter().chain(&search.text.unwanted).cloned().collect();
    let (groups, shown): (Vec<String>, Vec<bool>) = search.groups.iter().cloned().unzip();
    let request = Request {
        terms: &terms,
        unwanted: &unwanted,
        groups: &groups,
        shown: &shown,
        order: search.order,
        after: search.after.as_deref().and_then(|id| Uuid::parse_str(id).ok()),
        limit: search.limit,
        count_to: search.count_to,
        budget: search.budget,
        loose: &[],
    };
    if let Some(ids) = search.text.only(db).await? {
        return among(db, search, &request, &ids).await;
    }
    let named: Vec<String> = named(db, &search.text).await?.into_iter().collect();
    let named = grouped(db, &Request { terms: &facets, unwanted: &search.text.unwanted, ..request }, &named).await?;
    let named = named.first();
    let loose = loose(db).await?;
    let mut result = Found::default();
    if let Some((id, _)) = named.filter(|(_, group)| shown[*group] && request.after.is_none()) {
        result.ids.push(id.clone());
    }
    let (mut after, mut compared, mut is_first) = (request.after, 0, true);
    loop {
        let budget = search.budget.saturating_sub(started.elapsed());
        let count_to = if is_first { search.count_to } else { 0 };
        let found = search::find(db, &Request { after, count_to, budget, loose: &loose, ..request }).await?;
        if is_first {
            (result.counts, result.is_counted) = (found.counts, found.is_counted);
            if let Some((_, group)) = named {
                result.counts[*group] += 1;
            }
        }
        is_first = false;
        let looked_at: Vec<String> = found.ids.iter().map(Uuid::to_string).collect();
        compared += looked_at.len();
        let confirmed = confirm(db, search, &looked_at).await?;
        for id in looked_at.iter().filter(|id| confirmed.contains(*id) && named.is_none_or(|(named, _)| named != *id)) {
            if result.ids.len() == search.limit {
                result.next = result.ids.last().cloned();
                return Ok(result);
            }
            result.ids.push(id.clone());
        }
        let more = if found.has_more { looked_at.last().cloned() } else { found.further.map(|id| id.to_string()) };
        let Some(more) = more else { return Ok(result) };
        if result.ids.len() == search.limit {
            result.next = Some(more);
            return Ok(result);
        }
        if found.further.is_some() || compared >= COMPARED_MAX || started.elapsed() > search.budget {
            (result.next, result.is_partial) = (Some(more), true);
            return Ok(result);
        }
        after = Uuid::parse_str(&more).ok();
    }
}

/// Searches among certain cases, which are few.
async fn among(db: &Db, search: &Search, request: &Request<'_>, ids: &[String]) -> sqlx::Result<Found> {
    let mut counts = vec![0; request.groups.len()];
    let mut found = grouped(db, request, ids).await?;
    let confirmed = confirm(db, search, &found.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>()).await?;
    found.retain(|(id, _)| confirmed.contains(id));
    found.iter().for_each(|(_, group)| counts[*group] += 1);
    found.retain(|(id, group)| {
        request.shown[*group]
            && search.after.as_ref().is_none_or(|after| match search.order {
                Order::Newest => id < after,
                Order::Oldest => id > after,
            })
    });
    found.sort();
    if search.order == Order::Newest {
        found.reverse();
    }
    let mut ids: Vec<String> = found.into_iter().map(|(id, _)| id).collect();
    let next = (ids.len() > search.limit).then(|| ids[search.limit - 1].clone());
    ids.truncate(search.limit);
    Ok(Found { ids, next, is_partial: false, counts, is_counted: true })
}

/// Those of certain cases that meet a request, as they are now, each with the group that it is in.
async fn grouped(db: &Db, request: &Request<'_>, ids: &[String]) -> sqlx::Result<Vec<(String, usize)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut reading = search::reading(db).await?;
    let entries = read(&mut reading, ids).await?;
    reading.rollback().await?;
    let group = |entry: search::Entry| {
        let verdict = search::evaluate(request, &entry.tokens);
        let group = verdict.groups.iter().position(|is_in| *is_in).filter(|_| verdict.meets);
        group.map(|group| (entry.case_id, group))
    };
    Ok(entries.into_iter().filter_map(group).collect())
}

/// The case whose code or number was typed and nothing else; what mentions it is found as well.
async fn named(db: &Db, text: &SearchText) -> sqlx::Result<Option<String>> {
    match (&text.code_hash, text.number) {
        (Some(hash), _) => super::text::by_code(db, hash).await,
        (None, Some(number)) => by_number(db, number).await,
        (None, None) => Ok(None),
    }
}

/// Those of the cases for which the index alone can't say that they are looked for.
async fn confirm(db: &Db, search: &Search, ids: &[String]) -> sqlx::Result<HashSet<String>> {
    let mut confirmed: HashSet<String> = ids.iter().cloned().collect();
    if let Some(since) = search.updated_since {
        let changed = in_time(db, "updated_at", since, Millis::MAX, ids).await?;
        confirmed.retain(|id| changed.contains(id));
    }
    // The index knows the hour of receipt, and in some places a day begins within one.
    let is_within_hour = |at: Option<Millis>| at.is_some_and(|at| at % HOUR != 0);
    if is_within_hour(search.text.from) || is_within_hour(search.text.before) {
        let (from, before) = (search.text.from.unwrap_or_default(), search.text.before.unwrap_or(Millis::MAX));
        let received = in_time(db, "received_at", from, before, ids).await?;
        confirmed.retain(|id| received.contains(id));
    }
    if search.text.words.needs_texts() {
        let texts = texts(db, ids).await?;
        let of_contact = of_contact(db, &search.text.contacts, ids).await?;
        let is_met = |id: &String| texts.get(id).is_some_and(|texts| search.text.words.is_met_by(texts));
        confirmed.retain(|id| of_contact.contains(id) || is_met(id));
    }
    Ok(confirmed)
}

/// Those of the cases that came with one of these contacts, or into which one was merged that did: whatever their texts say.
async fn of_contact(db: &Db, contacts: &[String], ids: &[String]) -> sqlx::Result<HashSet<String>> {
    if contacts.is_empty() {
        return Ok(HashSet::new());
    }
    let tokens: Vec<Term> = contacts.iter().map(|hash| Facet::Contact(hash).term()).collect();
    let mut reading = search::reading(db).await?;
    let entries = read(&mut reading, ids).await?;
    reading.rollback().await?;
    let has = |entry: &search::Entry| entry.tokens.split(' ').any(|token| tokens.iter().any(|term| term.has(token)));
    Ok(entries.into_iter().filter(has).map(|entry| entry.case_id).collect())
}

/// Those of the cases of which a column is from a time on and before another.
async fn in_time(db: &Db, column: &str, from: Millis, before: Millis, ids: &[String]) -> sqlx::Result<HashSet<String>> {
    let mut within = HashSet::new();
    for chunk in chunks(ids) {
        let select = AssertSqlSafe(format!(
            "select id from cases where {column} >= $1 and {column} < $2 and id in ({})",
            placeholders(2, chunk.len())
        ));
        let found: Vec<String> = with_db!(db, pool => {
            let query = sqlx::query_scalar(select).bind(from).bind(before);
            chunk.iter().fold(query, |query, id| query.bind(id)).fetch_all(pool).await
        })?;
        within.extend(found);
    }
    Ok(within)
}
