//! What somebody typed to search, with what it names looked up: members, teams, sites, and when a day begins there.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::facet::Facet;
use super::field::Field;
use super::lexer::Polarity;
use super::query::{Condition, FieldValue, QueryError, SearchQuery};
use crate::app::App;
use crate::auth::Member;
use crate::cases::code::lookup_hash;
use crate::clock::Millis;
use crate::customers::handles::{Countries, hashes_of_contact};
use crate::db::Db;
use crate::db::search::{Term, Text};
use crate::http::Result;
use crate::with_db;

/// The statement that finds the case with a number; of one that was merged, the one that is worked on in its place.
pub const BY_NUMBER: &str = "select coalesce(cases.merged_into, cases.id) from case_numbers join cases on cases.id = case_numbers.case_id \
     where case_numbers.number = $1";
/// The statement that finds the case with a code, by the keyed hash of it.
pub const BY_CODE: &str = "select coalesce(merged_into, id) from cases where code_hash = $1";

/// What somebody typed to search.
#[derive(Clone, Debug, Default)]
pub struct SearchText {
    pub(super) words: Text,
    pub(super) facets: Vec<Term>,
    pub(super) unwanted: Vec<Term>,
    /// Received from when on.
    pub(super) from: Option<Millis>,
    /// Received before when.
    pub(super) before: Option<Millis>,
    /// The keyed hash of the tracking code that was typed as the only word, if it could be one.
    pub(super) code_hash: Option<String>,
    /// The number of a case that was typed as the only word, if it could be one.
    pub(super) number: Option<i64>,
    /// The keyed hashes of the address or phone number that was typed and nothing else, if it could be one.
    pub(super) contacts: Vec<String>,
    /// Only the cases with one of these numbers.
    numbers: Vec<i64>,
    /// Only the cases with one of these codes, by their keyed hashes.
    code_hashes: Vec<String>,
}

/// Whether cases are found by how their customers are reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Contacts {
    /// They are.
    #[default]
    Searched,
    /// They are not: whoever does not see how to reach a customer must not be able to try it out.
    Hidden,
}

/// Who searches, and where.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reader<'a> {
    /// What the reader may find cases by.
    pub contacts: Contacts,
    /// The member who reads; a program is none.
    pub member_id: Option<&'a str>,
    /// The identifier of the site that is asked for, whose clock says when a day begins.
    pub site_id: Option<&'a str>,
}

impl SearchText {
    /// Words alone.
    pub fn of_words(typed: &str) -> Self {
        Self { words: Text::of_words(typed), ..Self::default() }
    }

    /// Looks up what a query names. What there is not is an error, since without it too much would be found.
    pub async fn resolve(app: &App, query: &SearchQuery, reader: Reader<'_>) -> Result<Result<Self, QueryError>> {
        let mut text = Self {
            words: query.text().clone(),
            code_hash: query.code().map(|code| lookup_hash(&app.keys, &code)),
            number: query.number(),
            ..Self::default()
        };
        if let Some(typed) = query.contact().filter(|_| reader.contacts == Contacts::Searched) {
            let countries = Countries::of(&app.sites.all().await?);
            text.contacts = hashes_of_contact(&app.keys, typed, &countries);
            let tokens: Vec<String> = text.contacts.iter().map(|hash| Facet::Contact(hash).token()).collect();
            text.words.or_any_of(&tokens);
        }
        // A case has one value of most fields, so of several that are asked for each will do.
        let mut any_of: BTreeMap<&str, Term> = BTreeMap::new();
        for condition in query.conditions() {
            let term = match term(app, condition, reader).await? {
                Ok(Some(term)) => term,
                Ok(None) => {
                    text.narrow(app, query, condition, reader).await?;
                    continue;
                }
                Err(error) => return Ok(Err(error)),
            };
            match (condition.polarity, condition.field) {
                (Polarity::Excluded, _) => text.unwanted.push(term),
                (Polarity::Required, Field::Tag | Field::Has) => text.facets.push(term),
                (Polarity::Required, field) => {
                    let name = if field == Field::Is { Field::Status } else { field }.name();
                    let other = any_of.remove(name);
                    any_of.insert(name, other.map_or_else(|| term.clone(), |other| other.or(term.clone())));
                }
            }
        }
        text.facets.extend(any_of.into_values());
        Ok(Ok(text))
    }

    /// Whether there is nothing to search for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
            && self.facets.is_empty()
            && self.unwanted.is_empty()
            && self.from.is_none()
            && self.before.is_none()
            && self.code_hash.is_none()
            && self.number.is_none()
            && !self.is_of_certain_cases()
    }

    /// Whether words or phrases are searched for, which can be marked.
    pub fn has_words(&self) -> bool {
        self.words.has_marks()
    }

    /// Where a text has its words.
    pub fn hits(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        crate::db::search::hits(text, &self.words)
    }

    /// The cases with the numbers and codes that were asked for; none if all cases are meant.
    pub(super) async fn only(&self, db: &Db) -> sqlx::Result<Option<Vec<String>>> {
        if !self.is_of_certain_cases() {
            return Ok(None);
        }
        let mut of_number = Vec::new();
        for number in &self.numbers {
            of_number.extend(by_number(db, *number).await?);
        }
        let mut of_code = Vec::new();
        for hash in &self.code_hashes {
            of_code.extend(by_code(db, hash).await?);
        }
        let mut ids = match (self.numbers.is_empty(), self.code_hashes.is_empty()) {
            (false, false) => of_number.into_iter().filter(|id| of_code.contains(id)).collect(),
            _ => [of_number, of_code].concat(),
        };
        ids.sort();
        ids.dedup();
        Ok(Some(ids))
    }

    fn is_of_certain_cases(&self) -> bool {
        !(self.numbers.is_empty() && self.code_hashes.is_empty())
    }

    /// Takes up a condition that is none of the index.
    async fn narrow(&mut self, app: &App, query: &SearchQuery, of: &Condition, reader: Reader<'_>) -> Result<()> {
        match &of.value {
            FieldValue::Number(number) => self.numbers.push(*number),
            FieldValue::Code(code) => self.code_hashes.push(lookup_hash(&app.keys, code)),
            FieldValue::Day(date) => {
                let day = begin(app, query, reader, Some(*date)).await?;
                if of.field != Field::Before {
                    self.from = self.from.max(day);
                }
                let end = match of.field {
                    Field::Before => day,
                    Field::On => begin(app, query, reader, date.tomorrow().ok()).await?,
                    _ => None,
                };
                self.before = self.before.into_iter().chain(end).min();
            }
            _ => {}
        }
        Ok(())
    }
}

/// The case with a number; of one that was merged, the one that is worked on in its place.
pub async fn by_number(db: &Db, number: i64) -> sqlx::Result<Option<String>> {
    with_db!(db, pool => sqlx::query_scalar(BY_NUMBER).bind(number).fetch_optional(pool).await)
}

/// The case with a code, by the keyed hash of it.
pub(super) async fn by_code(db: &Db, hash: &str) -> sqlx::Result<Option<String>> {
    with_db!(db, pool => sqlx::query_scalar(BY_CODE).bind(hash).fetch_optional(pool).await)
}

/// The facets that a condition asks for; none if it is no question for the index.
async fn term(app: &App, of: &Condition, reader: Reader<'_>) -> Result<Result<Option<Term>, QueryError>> {
    let impossible = Ok(Err(QueryError::Impossible(of.field)));
    let term = match (&of.value, of.field) {
        (FieldValue::Number(_) | FieldValue::Code(_) | FieldValue::Day(_), _) => return Ok(Ok(None)),
        (FieldValue::Kind(kind), _) => Facet::Kind(kind.as_str()).term(),
        (FieldValue::Statuses(statuses), _) => {
            Term::any_of(statuses.iter().map(|status| Facet::Status(status.as_str()).token()))
        }
        (FieldValue::Priority(priority), _) => Facet::Priority(priority.as_str()).term(),
        (FieldValue::Channel(channel), _) => Facet::Channel(channel.as_str()).term(),
        (FieldValue::Has(has), _) => Facet::Has(*has).term(),
        (FieldValue::Nobody, Field::Team) => Facet::Team(None).term(),
        (FieldValue::Nobody, _) => Facet::Owner(None).term(),
        (FieldValue::Me, _) => match reader.member_id {
            Some(id) => Facet::Owner(Some(id)).term(),
            None => return impossible,
        },
        (FieldValue::Member(email), _) => match Member::id_of(&app.db, email).await? {
            Some(id) => Facet::Owner(Some(&id)).term(),
            None => return impossible,
        },
        (FieldValue::Key(key), Field::Team) => match app.service.current().await?.team(key) {
            Some(team) => Facet::Team(Some(team.key.as_str())).term(),
            None => return impossible,
        },
        (FieldValue::Key(key), Field::Site) => match app.sites.by_key(key).await? {
            Some(site) => Facet::Site(site.id()).term(),
            None => return impossible,
        },
        (FieldValue::Key(key), Field::Category) => Facet::Category(key).term(),
        (FieldValue::Key(key), Field::Tier) => Facet::Tier(key).term(),
        (FieldValue::Key(key), _) => Facet::Tag(key).term(),
    };
    Ok(Ok(Some(term)))
}

/// When a day begins, by the clock of the site that is asked for, else of the first.
async fn begin(app: &App, query: &SearchQuery, reader: Reader<'_>, day: Option<Date>) -> Result<Option<Millis>> {
    let sites = app.sites.all().await?;
    let typed = query.conditions().iter().find_map(|condition| match &condition.value {
        FieldValue::Key(key) if condition.field == Field::Site && condition.polarity == Polarity::Required => Some(key),
        _ => None,
    });
    let is_asked_for = |site: &&std::sync::Arc<crate::sites::Site>| match (reader.site_id, typed) {
        (Some(id), _) => site.id() == id,
        (None, Some(key)) => site.key() == key,
        (None, None) => true,
    };
    let site = sites.iter().find(is_asked_for).map(std::sync::Arc::as_ref);
    let zone = app.service.current().await?.zone_of_any(site);
    let begin = day.and_then(|day| day.to_zoned(zone).ok());
    Ok(begin.map(|at| at.timestamp().as_millisecond()))
}
