//! What somebody types to search, read without a look at anything else: words, phrases, fields, and what of them is not wanted.

use jiff::civil::Date;
use sayso_shared::{Kind, TrackingCode};

use super::facet::Has;
use super::field::Field;
use super::lexer::{Piece, Polarity, Value, pieces};
use crate::auth::member::Email;
use crate::cases::{Channel, Priority, Status};
use crate::db::search::{Last, Text, fold};

/// Longest query, in characters.
pub const LENGTH_MAX: usize = 200;
/// Words, phrases and fields of a query, at most.
pub const PARTS_MAX: usize = 32;

/// A query that was read.
#[derive(Clone, Debug, Default)]
pub struct SearchQuery {
    text: Text,
    /// The words, if there is nothing else but fields: they may be a code or a number.
    only_words: Option<String>,
    /// Words and phrases as they were typed, if nothing is excluded: they may be an address or a phone number.
    contact: Option<String>,
    conditions: Vec<Condition>,
}

/// A condition on what a case is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The field.
    pub field: Field,
    /// Whether it must hold.
    pub polarity: Polarity,
    /// What the field must be.
    pub value: FieldValue,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// A kind.
    Kind(Kind),
    /// One of these statuses.
    Statuses(Vec<Status>),
    /// A priority.
    Priority(Priority),
    /// A way in which feedback comes.
    Channel(Channel),
    /// Something that a case has.
    Has(Has),
    /// Whoever reads.
    Me,
    /// Nobody, or no team.
    Nobody,
    /// The member with this address.
    Member(Email),
    /// The key of a site, team, category or tier, or a tag.
    Key(String),
    /// A short number.
    Number(i64),
    /// A tracking code.
    Code(TrackingCode),
    /// A day.
    Day(Date),
}

/// What a query can't be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// It has more than [`LENGTH_MAX`] characters.
    TooLong,
    /// It has more than [`PARTS_MAX`] words, phrases and fields.
    TooManyParts,
    /// A field can't have the value that it is given.
    Impossible(Field),
    /// A field can't be excluded.
    NotExcludable(Field),
}

impl SearchQuery {
    /// Reads what was typed.
    pub fn parse(typed: &str) -> Result<Self, QueryError> {
        if typed.trim().chars().count() > LENGTH_MAX {
            return Err(QueryError::TooLong);
        }
        let pieces = pieces(typed);
        if pieces.len() > PARTS_MAX {
            return Err(QueryError::TooManyParts);
        }
        let mut query = Self::default();
        let mut words: Vec<&str> = Vec::new();
        let mut wanted: Vec<&str> = Vec::new();
        let (mut is_only_words, mut is_all_wanted) = (true, true);
        for (at, piece) in pieces.iter().enumerate() {
            match (piece.field, piece.polarity) {
                (None, Polarity::Required) => wanted.push(piece.value.text()),
                (None, Polarity::Excluded) => is_all_wanted = false,
                (Some(_), _) => {}
            }
            match (piece.field, piece.polarity, piece.value) {
                (Some(field), polarity, value) => {
                    let condition = condition(field, polarity, value.text().trim());
                    query.conditions.push(condition?);
                }
                (None, Polarity::Required, Value::Bare(word)) => {
                    words.push(word);
                    // Words go on with what stands beside them, such as the parts of a number, so they are added together.
                    if !is_word(pieces.get(at + 1)) {
                        let last = if at + 1 == pieces.len() { Last::Unfinished } else { Last::Whole };
                        query.text.add_words(&words.join(" "), last);
                        let all = query.only_words.get_or_insert_default();
                        all.push_str(if all.is_empty() { "" } else { " " });
                        all.push_str(&words.join(" "));
                        words.clear();
                    }
                }
                (None, polarity, value) => {
                    is_only_words = false;
                    match (polarity, value) {
                        (Polarity::Required, value) => query.text.add_phrase(value.text()),
                        (Polarity::Excluded, Value::Bare(word)) => query.text.add_unwanted_word(word),
                        (Polarity::Excluded, Value::Quoted(phrase)) => query.text.add_unwanted_phrase(phrase),
                    }
                }
            }
        }
        query.only_words = query.only_words.filter(|_| is_only_words);
        query.contact = Some(wanted.join(" ")).filter(|typed| is_all_wanted && !typed.is_empty());
        Ok(query)
    }

    /// Words and phrases.
    pub const fn text(&self) -> &Text {
        &self.text
    }

    /// What fields ask for.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// What could be an address or a phone number, also in quotes.
    pub fn contact(&self) -> Option<&str> {
        self.contact.as_deref()
    }

    /// The code that its words could be. Many a word could, so the words are looked for as well.
    pub fn code(&self) -> Option<TrackingCode> {
        TrackingCode::parse(self.only_words.as_deref()?).ok()
    }

    /// The number that its only word could be, as `#1042` or `1042`. So could an order's, so the word is looked for as well.
    pub fn number(&self) -> Option<i64> {
        number(self.only_words.as_deref()?)
    }
}

impl QueryError {
    /// The word for it, by which the console finds its text.
    pub const fn word(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::TooManyParts => "too_many",
            Self::Impossible(_) => "value",
            Self::NotExcludable(_) => "exclude",
        }
    }

    /// The field that it is about.
    pub const fn field(self) -> Option<Field> {
        match self {
            Self::TooLong | Self::TooManyParts => None,
            Self::Impossible(field) | Self::NotExcludable(field) => Some(field),
        }
    }
}

impl std::fmt::Display for QueryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong => write!(f, "must be at most {LENGTH_MAX} characters"),
            Self::TooManyParts => write!(f, "must be at most {PARTS_MAX} words, phrases and fields"),
            Self::Impossible(field) => write!(f, "{} must be {}", field.name(), field.expected()),
            Self::NotExcludable(field) => write!(f, "{} can't be excluded", field.name()),
        }
    }
}

fn is_word(piece: Option<&Piece<'_>>) -> bool {
    matches!(piece, Some(Piece { polarity: Polarity::Required, field: None, value: Value::Bare(_) }))
}

fn condition(field: Field, polarity: Polarity, typed: &str) -> Result<Condition, QueryError> {
    let is_one_case = matches!(field, Field::Number | Field::Code | Field::Before | Field::After | Field::On);
    if polarity == Polarity::Excluded && is_one_case {
        return Err(QueryError::NotExcludable(field));
    }
    let value = value(field, typed).ok_or(QueryError::Impossible(field))?;
    Ok(Condition { field, polarity, value })
}

fn value(field: Field, typed: &str) -> Option<FieldValue> {
    let word = fold(typed);
    let is_key = (1..=64).contains(&typed.chars().count()) && !typed.contains(|letter: char| letter.is_control());
    Some(match field {
        Field::Kind => FieldValue::Kind(Kind::parse(&word)?),
        Field::Status | Field::Is if word == "open" => {
            FieldValue::Statuses(Status::ALL.iter().copied().filter(|status| status.is_open()).collect())
        }
        Field::Status | Field::Is => FieldValue::Statuses(vec![Status::parse(&word)?]),
        Field::Priority => FieldValue::Priority(Priority::parse(&word)?),
        Field::Channel => FieldValue::Channel(Channel::parse(&word)?),
        Field::Has => FieldValue::Has(Has::parse(&word)?),
        Field::Team | Field::Owner if word == "none" => FieldValue::Nobody,
        Field::Owner if word == "me" => FieldValue::Me,
        Field::Owner => FieldValue::Member(Email::parse(typed).ok()?),
        Field::Number => FieldValue::Number(number(typed)?),
        Field::Code => FieldValue::Code(TrackingCode::parse(typed).ok()?),
        Field::Before | Field::After | Field::On => FieldValue::Day(day(&word)?),
        Field::Tag if typed.contains(',') => return None,
        Field::Tag | Field::Team | Field::Category | Field::Tier | Field::Site if is_key => {
            FieldValue::Key(typed.to_owned())
        }
        Field::Tag | Field::Team | Field::Category | Field::Tier | Field::Site => return None,
    })
}

fn number(typed: &str) -> Option<i64> {
    let typed = fold(typed);
    let digits = typed.strip_prefix('#').unwrap_or(&typed);
    let is_number = (1..=12).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

/// A date as people write it: `2026-10-01`, `2026/10/1`, `2026.10.1`, `2026年10月1日`.
fn day(folded: &str) -> Option<Date> {
    let mut parts = folded.strip_suffix(['日', '号']).unwrap_or(folded).split(['-', '/', '.', '年', '月']);
    let mut next = |digits: std::ops::RangeInclusive<usize>| {
        let part = parts.next()?;
        let is_number = digits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<i16>().ok().filter(|_| is_number)
    };
    let (year, month, day) = (next(4..=4)?, next(1..=2)?, next(1..=2)?);
    let is_all = parts.next().is_none();
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok().filter(|_| is_all)
}

#[cfg(test)]
mod tests;
