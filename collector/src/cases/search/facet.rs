//! What a case is, as the index knows it beside what was said.

use crate::clock::{DAY, HOUR, Millis};
use crate::db::search::Term;

/// The facet of all cases that are not in quarantine.
const VISIBLE: &str = "=visible";

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
    (since > 0).then(|| Term::Within(vec![of_first_day, (day(next_day), day(9_999_999))]))
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
