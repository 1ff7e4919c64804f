//! Rules: conditions and actions, in order. They decide team, owner, priority, tags and forwarding of a case.

use sayso_shared::{Kind, Lang};
use serde::{Deserialize, Serialize};

use super::objects::Object;
use super::words::{Address, Key, Tag, Title};
use crate::calendars::Span;
use crate::cases::status::words;
use crate::cases::{Channel, Priority, Status};
use crate::db::search::Phrase;

words! {
    /// What makes the rules look at a case.
    Trigger {
        /// It is new.
        Created = "created",
        /// The customer wrote again.
        Message = "message",
        /// A promise was broken.
        Breached = "breached",
        /// Time has passed.
        Time = "time",
    }
}

/// `[[rule]]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it is called.
    pub name: Title,
    /// The site whose cases it looks at; all if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Key>,
    /// What has to hold, all of it.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub when: Conditions,
    /// What is done.
    pub then: Actions,
    /// When it is looked at.
    #[serde(default = "on_created", skip_serializing_if = "is_on_created")]
    pub on: Vec<Trigger>,
    /// Whether no rule after it is looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop: bool,
}

/// What has to hold. A list holds if one of its values does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// The kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Vec<Kind>>,
    /// The category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Vec<Key>>,
    /// Whole words or phrases; in scripts without spaces, parts of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<Vec<Title>>,
    /// The customer's language: a tag, or one that a tag begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Vec<Key>>,
    /// How it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Vec<Channel>>,
    /// The customer's tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<Vec<Key>>,
    /// The priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Vec<Priority>>,
    /// The team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<Vec<Key>>,
    /// A tag that it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<Tag>>,
    /// A rating, and at most this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating_max: Option<u8>,
    /// The page's address; `*` is anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// This calendar is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside_hours: Option<Key>,
    /// Whether the customer has reopened it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reopened: Option<bool>,
    /// The status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Vec<Status>>,
    /// The customer waits for longer than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_longer_than: Option<Span>,
}

/// What is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Actions {
    /// The team that gets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<Key>,
    /// The member who gets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Assignee>,
    /// Its priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Tags that it gets besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Targets that hear of it besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Key>,
    /// What the customer is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<Key>,
    /// Who is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalate_to: Option<Address>,
    /// The problem that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Key>,
}

/// Who gets a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", expecting = "an owner is representative, round_robin, least_loaded or an address")]
pub enum Assignee {
    /// The member who looks after the customer.
    Representative,
    /// The members of the team in turn.
    RoundRobin,
    /// Who of the team has the fewest open cases, of those who are present.
    LeastLoaded,
    /// This member.
    #[serde(untagged)]
    Member(Address),
}

/// What rules know of a case.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// What makes them look at it.
    pub trigger: Trigger,
    /// The key of its site.
    pub site: &'a str,
    /// Its kind.
    pub kind: Kind,
    /// The key of its category.
    pub category: Option<&'a str>,
    /// Everything that the customer has written.
    pub texts: Vec<&'a str>,
    /// The tag of the customer's language.
    pub language: Option<&'a str>,
    /// How it came.
    pub channel: Channel,
    /// The customer's tier.
    pub tier: Option<&'a str>,
    /// Its priority.
    pub priority: Priority,
    /// Its team.
    pub team: Option<&'a str>,
    /// Its tags.
    pub tags: Vec<String>,
    /// The rating that the customer gave.
    pub rating: Option<i64>,
    /// The address of the page.
    pub page: Option<&'a str>,
    /// Whether the customer has reopened it.
    pub is_reopened: bool,
    /// Its status.
    pub status: Status,
}

/// What rules ask that needs a calendar.
pub trait Hours {
    /// Whether a calendar is closed now; none if there is no such calendar.
    fn is_closed(&self, calendar: &Key) -> Option<bool>;

    /// Whether the customer waits for longer than a span.
    fn is_waiting_longer_than(&self, span: Span) -> bool;
}

impl Rule {
    /// Whether it is looked at for such a case, and everything that it asks for holds.
    pub fn matches(&self, facts: &Facts<'_>, hours: &impl Hours) -> bool {
        self.on.contains(&facts.trigger)
            && self.site.as_ref().is_none_or(|site| site.as_str() == facts.site)
            && self.when.hold(facts, hours)
    }
}

impl Conditions {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The lists among them, by name, and how long each is.
    pub fn lists(&self) -> [(&'static str, Option<usize>); 10] {
        [
            ("kind", self.kind.as_ref().map(Vec::len)),
            ("category", self.category.as_ref().map(Vec::len)),
            ("words", self.words.as_ref().map(Vec::len)),
            ("language", self.language.as_ref().map(Vec::len)),
            ("channel", self.channel.as_ref().map(Vec::len)),
            ("tier", self.tier.as_ref().map(Vec::len)),
            ("priority", self.priority.as_ref().map(Vec::len)),
            ("team", self.team.as_ref().map(Vec::len)),
            ("tags", self.tags.as_ref().map(Vec::len)),
            ("status", self.status.as_ref().map(Vec::len)),
        ]
    }

    /// Whether all of them hold.
    pub fn hold(&self, facts: &Facts<'_>, hours: &impl Hours) -> bool {
        any(self.kind.as_ref(), |kind| *kind == facts.kind)
            && any(self.category.as_ref(), |category| facts.category == Some(category.as_str()))
            && any(self.words.as_ref(), |words| {
                let phrase = Phrase::read(words.as_str());
                phrase.is_some_and(|phrase| facts.texts.iter().any(|text| phrase.is_in(text)))
            })
            && any(self.language.as_ref(), |tag| facts.language.is_some_and(|language| speaks(language, tag.as_str())))
            && any(self.channel.as_ref(), |channel| *channel == facts.channel)
            && any(self.tier.as_ref(), |tier| facts.tier == Some(tier.as_str()))
            && any(self.priority.as_ref(), |priority| *priority == facts.priority)
            && any(self.team.as_ref(), |team| facts.team == Some(team.as_str()))
            && any(self.tags.as_ref(), |tag| facts.tags.iter().any(|known| known == tag.as_str()))
            && self.rating_max.is_none_or(|most| facts.rating.is_some_and(|rating| rating <= i64::from(most)))
            && self.page.as_ref().is_none_or(|pattern| facts.page.is_some_and(|page| is_like(page, pattern)))
            && self.outside_hours.as_ref().is_none_or(|calendar| hours.is_closed(calendar) == Some(true))
            && self.reopened.is_none_or(|reopened| reopened == facts.is_reopened)
            && any(self.status.as_ref(), |status| *status == facts.status)
            && self.waiting_longer_than.is_none_or(|span| hours.is_waiting_longer_than(span))
    }

    /// Whether whatever meets `other` meets these as well: each condition here is there too, and no wider.
    pub fn include(&self, other: &Self) -> bool {
        covers(self.kind.as_ref(), other.kind.as_ref())
            && covers(self.category.as_ref(), other.category.as_ref())
            && covers(self.words.as_ref(), other.words.as_ref())
            && covers(self.language.as_ref(), other.language.as_ref())
            && covers(self.channel.as_ref(), other.channel.as_ref())
            && covers(self.tier.as_ref(), other.tier.as_ref())
            && covers(self.priority.as_ref(), other.priority.as_ref())
            && covers(self.team.as_ref(), other.team.as_ref())
            && covers(self.tags.as_ref(), other.tags.as_ref())
            && covers(self.status.as_ref(), other.status.as_ref())
            && self.rating_max.is_none_or(|most| other.rating_max.is_some_and(|asked| asked <= most))
            && is_same_or_open(self.page.as_ref(), other.page.as_ref())
            && is_same_or_open(self.outside_hours.as_ref(), other.outside_hours.as_ref())
            && is_same_or_open(self.reopened.as_ref(), other.reopened.as_ref())
            && is_same_or_open(self.waiting_longer_than.as_ref(), other.waiting_longer_than.as_ref())
    }
}

impl Actions {
    /// Whether nothing is done.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Object for Rule {
    const KIND: &'static str = "rule";

    fn key(&self) -> String {
        self.name.to_string()
    }
}

fn any<T>(list: Option<&Vec<T>>, holds: impl Fn(&T) -> bool) -> bool {
    list.is_none_or(|list| list.iter().any(holds))
}

fn covers<T: PartialEq>(wide: Option<&Vec<T>>, narrow: Option<&Vec<T>>) -> bool {
    wide.is_none_or(|wide| narrow.is_some_and(|narrow| narrow.iter().all(|one| wide.contains(one))))
}

fn is_same_or_open<T: PartialEq>(wide: Option<&T>, narrow: Option<&T>) -> bool {
    wide.is_none() || wide == narrow
}

/// Whether a customer who speaks `language` speaks what `wanted` names: the same tag, one below it, or the same of the languages that Sayso speaks
/// (`zh-CN` is `zh-Hans`), or a variety of it (`zh-HK` is `zh-Hant`).
fn speaks(language: &str, wanted: &str) -> bool {
    let (language, wanted) = (language.to_ascii_lowercase(), wanted.to_ascii_lowercase());
    let is_below = language.strip_prefix(&wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    let of_ours =
        Lang::ALL.into_iter().find(|lang| lang.as_str().eq_ignore_ascii_case(&wanted) && wanted.contains('-'));
    is_below || of_ours.is_some_and(|lang| Lang::for_tag(&language).map(Lang::chosen) == Some(lang))
}

/// Whether a text is like a pattern, in which `*` stands for anything.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

fn on_created() -> Vec<Trigger> {
    vec![Trigger::Created]
}

fn is_on_created(on: &[Trigger]) -> bool {
    on == [Trigger::Created]
}

#[cfg(test)]
mod tests;
