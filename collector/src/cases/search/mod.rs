//! Finding cases by what was said and by what they are.
//!
//! What of a case is to be found is its entry in the index ([`crate::db::search`]), which is written after the commit of what changed it.
//! Until then the case is *loose*: a search looks at it as it is now, so nobody misses what they have just done.

mod entries;
mod facet;
pub mod upkeep;

pub use entries::{LOOSE, REINDEX_PAGE, refresh, refresh_for, refresh_in, reindex_batch, reindex_in, reindex_page};
pub use facet::Facet;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use sayso_shared::TrackingCode;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use self::entries::{loose, messages, read};
use self::facet::changed_since;
use crate::cases::code::lookup_hash;
use crate::clock::Millis;
use crate::customers::handles::{Countries, hashes_of_contact};
use crate::db::Db;
use crate::db::rows::{chunks, placeholders};
use crate::db::search::{self, Order, Phrase, Request, Term, Text};
use crate::keys::Keys;
use crate::with_db;

/// Cases whose texts are compared with a phrase in one search, at most.
const COMPARED_MAX: usize = 1_000;

/// What somebody typed to search.
#[derive(Clone, Debug, Default)]
pub struct SearchText {
    words: Text,
    /// The keyed hash of the tracking code that it could be. Many a word could, so the words are looked for as well.
    code_hash: Option<String>,
    /// The number of a case that it could be, as `#1042` or `1042`. So could an order's, so the words are looked for as well.
    number: Option<i64>,
}

impl SearchText {
    /// Reads it. What is an address or a phone number, of any of these countries, is also looked for as a customer's.
    pub fn read(typed: &str, keys: &Keys, countries: &Countries) -> Self {
        let code = TrackingCode::parse(typed).ok();
        let code_hash = code.map(|code| lookup_hash(keys, &code));
        let number = typed.trim();
        let number = number.strip_prefix('#').unwrap_or(number);
        let is_number = (1..=12).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|_| is_number);
        let mut words = search::read_query(typed);
        let contacts = hashes_of_contact(keys, typed, countries);
        let contacts: Vec<String> = contacts.iter().map(|hash| Facet::Contact(hash).token()).collect();
        words.or_any_of(&contacts);
        Self { words, code_hash, number }
    }

    /// Reads it as words alone.
    pub fn of_words(typed: &str) -> Self {
        Self { words: search::read_query(typed), code_hash: None, number: None }
    }

    /// Whether there is nothing to search for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.code_hash.is_none() && self.number.is_none()
    }
}

/// A search.
#[derive(Clone, Debug)]
pub struct Search {
    /// What was said, or the code, or the customer's contact.
    pub text: SearchText,
    /// What must be so.
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
    /// How many cases each group has, as far as they were counted.
    pub counts: Vec<usize>,
    /// Whether the time was over before all were counted.
    pub is_counted: bool,
}

/// Searches.
pub async fn search(db: &Db, search: &Search) -> sqlx::Result<Found> {
    let started = Instant::now();
    let loose = loose(db).await?;
    let mut terms = search.text.words.terms.clone();
    terms.extend(search.updated_since.and_then(changed_since));
    terms.extend(search.facets.iter().cloned());
    let (groups, shown): (Vec<String>, Vec<bool>) = search.groups.iter().cloned().unzip();
    let mut after = search.after.as_deref().and_then(|id| Uuid::parse_str(id).ok());
    let mut result = Found::default();
    let named = named(db, search).await?;
    if let Some((id, _)) = named.as_ref().filter(|(_, group)| search.groups[*group].1 && after.is_none()) {
        result.ids.push(id.clone());
    }
    let (mut compared, mut is_first) = (0, true);
    loop {
        let request = Request {
            terms: &terms,
            groups: &groups,
            shown: &shown,
            order: search.order,
            after,
            limit: search.limit,
            count_to: if is_first { search.count_to } else { 0 },
            budget: search.budget.saturating_sub(started.elapsed()),
            loose: &loose,
        };
        let found = search::find(db, &request).await?;
        if is_first {
            (result.counts, result.is_counted) = (found.counts, found.is_counted);
            if let Some((_, group)) = named {
                result.counts[group] += 1;
            }
        }
        is_first = false;
        let looked_at: Vec<String> = found.ids.iter().map(Uuid::to_string).collect();
        compared += looked_at.len();
        let confirmed = confirm(db, search, &looked_at).await?;
        let named = named.as_ref().map(|(id, _)| id);
        for id in looked_at.iter().filter(|id| confirmed.contains(*id) && Some(*id) != named) {
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

/// The case with a number; of one that was merged, the one that is worked on in its place.
pub async fn by_number(db: &Db, number: i64) -> sqlx::Result<Option<String>> {
    let select = "select coalesce(cases.merged_into, cases.id) from case_numbers join cases on cases.id = case_numbers.case_id where case_numbers.number = $1";
    with_db!(db, pool => sqlx::query_scalar(select).bind(number).fetch_optional(pool).await)
}

/// The case whose code or number was typed, if it is one that is looked for, and the group that it is in.
async fn named(db: &Db, search: &Search) -> sqlx::Result<Option<(String, usize)>> {
    let id: Option<String> = match (&search.text.code_hash, search.text.number) {
        (Some(hash), _) => {
            let select = "select coalesce(merged_into, id) from cases where code_hash = $1";
            with_db!(db, pool => sqlx::query_scalar(select).bind(hash).fetch_optional(pool).await)?
        }
        (None, Some(number)) => by_number(db, number).await?,
        (None, None) => None,
    };
    let Some(id) = id else { return Ok(None) };
    let mut reading = search::reading(db).await?;
    let entries = read(&mut reading, std::slice::from_ref(&id)).await?;
    reading.rollback().await?;
    let Some(entry) = entries.first() else { return Ok(None) };
    let has = |term: &Term| entry.tokens.split(' ').any(|token| term.has(token));
    if !search.facets.iter().all(has) {
        return Ok(None);
    }
    let group = search.groups.iter().position(|(group, _)| entry.tokens.split(' ').any(|token| token == group));
    Ok(group.map(|group| (id, group)))
}

/// Those of the cases for which the index alone can't say that they are looked for.
async fn confirm(db: &Db, search: &Search, ids: &[String]) -> sqlx::Result<HashSet<String>> {
    let mut confirmed: HashSet<String> = ids.iter().cloned().collect();
    if let Some(since) = search.updated_since {
        let mut changed = HashSet::new();
        for chunk in chunks(ids) {
            let select = AssertSqlSafe(format!(
                "select id from cases where updated_at >= $1 and id in ({})",
                placeholders(1, chunk.len())
            ));
            let found: Vec<String> = with_db!(db, pool => {
                let query = sqlx::query_scalar(select).bind(since);
                chunk.iter().fold(query, |query, id| query.bind(id)).fetch_all(pool).await
            })?;
            changed.extend(found);
        }
        confirmed.retain(|id| changed.contains(id));
    }
    if !search.text.words.phrases.is_empty() {
        let mut saying = HashSet::new();
        for chunk in chunks(ids) {
            saying.extend(saying_all(db, &search.text.words.phrases, chunk).await?);
        }
        confirmed.retain(|id| saying.contains(id));
    }
    Ok(confirmed)
}

/// The cases in whose texts every phrase occurs.
async fn saying_all(db: &Db, phrases: &[Phrase], ids: &[String]) -> sqlx::Result<Vec<String>> {
    let select = AssertSqlSafe(format!(
        "select id, message, desired_outcome, reference from feedback where id in ({})",
        placeholders(0, ids.len())
    ));
    type Texts = (String, String, Option<String>, Option<String>);
    let texts: Vec<Texts> = with_db!(db, pool => {
        ids.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(pool).await
    })?;
    let mut reading = search::reading(db).await?;
    let mut said = messages(&mut reading, ids).await?;
    reading.rollback().await?;
    let says = |(id, message, outcome, reference): Texts| {
        let mut texts = said.remove(&id).unwrap_or_default();
        texts.push(message);
        texts.extend(outcome.into_iter().chain(reference));
        phrases.iter().all(|phrase| texts.iter().any(|text| phrase.is_in(text))).then_some(id)
    };
    Ok(texts.into_iter().filter_map(says).collect())
}
