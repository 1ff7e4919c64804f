//! What a case is, as the index knows it beside what was said.

use crate::clock::{DAY, HOUR, Millis};
use crate::db::search::Term;

/// The last day that a token has room for.
const LAST_DAY: Millis = 9_999_999;
/// The facet of all cases that are not in quarantine.
const VISIBLE: &str = "=visible";

/// Something that a case has or has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// A file.
    Attachment,
    /// A task that is not done.
    Task,
    /// A problem that it belongs to.
    Problem,
}

impl Has {
    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Attachment, Self::Task, Self::Problem].into_iter().find(|has| has.as_str() == word)
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attachment => "attachment",
            Self::Task => "task",
            Self::Problem => "problem",
        }
    }
}

/// A property of a case that can be asked for.
#[derive(Clone, Copy, Debug)]
pub enum Facet<'a> {
    /// It is not in quarantine.
    Visible,
    /// The word for its status; a case in quarantine has none.
    Status(&'a str),
    /// The word for where it stands in the quarantine.
    Quarantine(&'a str),
    /// The identifier of its site.
    Site(&'a str),
    /// The word for its kind.
    Kind(&'a str),
    /// The identifier of its owner; none for those that nobody has taken.
    Owner(Option<&'a str>),
    /// The word for its priority.
    Priority(&'a str),
    /// The key of its category.
    Category(&'a str),
    /// The key of its team; none for those without.
    Team(Option<&'a str>),
    /// The key of a team that has a task for it.
    TaskOfTeam(&'a str),
    /// The identifier of a member who has a task for it.
    TaskOfMember(&'a str),
    /// One of its tags.
    Tag(&'a str),
    /// How it came.
    Channel(&'a str),
    /// The customer's tier.
    Tier(&'a str),
    /// The identifier of its customer.
    Customer(&'a str),
    /// The keyed hash of the address or the phone number that came with it.
    Contact(&'a str),
    /// What it has.
    Has(Has),
}

impl Facet<'_> {
    /// As the index knows it. A token holds no spaces.
    pub fn token(self) -> String {
        let (name, value) = match self {
            Facet::Visible => return VISIBLE.to_owned(),
            Facet::Status(word) => ("status", word),
            Facet::Quarantine(word) => ("quarantine", word),
            Facet::Site(id) => ("site", id),
            Facet::Kind(word) => ("kind", word),
            Facet::Owner(id) => ("owner", id.unwrap_or("nobody")),
            Facet::Priority(word) => ("priority", word),
            Facet::Category(key) => ("category", key),
            Facet::Team(key) => ("team", key.unwrap_or("none")),
            Facet::TaskOfTeam(key) => ("task-team", key),
            Facet::TaskOfMember(id) => ("task-member", id),
            Facet::Tag(tag) => ("tag", tag),
            Facet::Channel(word) => ("channel", word),
            Facet::Tier(key) => ("tier", key),
            Facet::Customer(id) => ("customer", id),
            Facet::Contact(hash) => ("contact", hash),
            Facet::Has(has) => ("has", has.as_str()),
        };
        format!("={name}:{}", value.replace(char::is_whitespace, "_"))
    }

    /// As a condition.
    pub fn term(self) -> Term {
        Term::token(self.token())
    }
}

/// The hours and days in which a case changed that changed at this time or later; whole ones, so that a few others are among them. None
/// when all cases are.
pub fn changed_since(since: Millis) -> Option<Term> {
    let next_day = since / DAY + 1;
    let of_first_day = (hour(since / HOUR), hour(next_day * DAY / HOUR));
    (since > 0).then(|| Term::within([of_first_day, (day(next_day), day(LAST_DAY))]))
}

/// The hours and days in which a case was received from a time on and before another; whole ones, so that a few others are among them.
pub fn received_between(from: Option<Millis>, before: Option<Millis>) -> Term {
    let (from, before) =
        (from.unwrap_or(0).max(0) / HOUR, before.map_or(LAST_DAY * 24, |before| (before + HOUR - 1) / HOUR));
    let (first_day, last_day) = ((from + 23) / 24, before / 24);
    let hours = |from: Millis, before: Millis| (received_hour(from), received_hour(before));
    if first_day >= last_day {
        return Term::within([hours(from, before)]);
    }
    Term::within([
        hours(from, first_day * 24),
        (received_day(first_day), received_day(last_day)),
        hours(last_day * 24, before),
    ])
}

/// The facets of the time at which a case was received.
pub fn received_at(at: Millis) -> [String; 2] {
    [received_hour(at / HOUR), received_day(at / DAY)]
}

fn received_hour(number: Millis) -> String {
    format!("=received_hour:{number:09}")
}

fn received_day(number: Millis) -> String {
    format!("=received_day:{number:07}")
}

/// The facets of the time at which a case changed.
pub fn changed_at(at: Millis) -> [String; 2] {
    [hour(at / HOUR), day(at / DAY)]
}

fn hour(number: Millis) -> String {
    format!("=hour:{number:09}")
}

fn day(number: Millis) -> String {
    format!("=day:{number:07}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_time_of_receipt_is_between_others(at in 0..4_000_000_000_000i64, from in prop::option::of(0..4_000_000_000_000i64), length in 0..40 * DAY) {
            let before = from.map(|from| from + length);
            let term = received_between(from, before);
            let is_found = received_at(at).iter().any(|token| term.has(token));
            // Whole hours are found.
            let is_between = |slack: Millis| from.is_none_or(|from| from - slack <= at) && before.is_none_or(|before| at < before + slack);
            prop_assert!(is_found >= is_between(0) && is_found <= is_between(HOUR), "{from:?} {at} {before:?}");
        }

        #[test]
        fn whole_hours_are_exact(at in 0..3_000 * DAY, from in 0..72_000i64, hours in 0..900i64) {
            let (from, before) = (from * HOUR, (from + hours) * HOUR);
            let term = received_between(Some(from), Some(before));
            prop_assert_eq!(received_at(at).iter().any(|token| term.has(token)), from <= at && at < before);
        }
    }
}
