//! What a service is made of, as it is written in the service file: one type for each table.

use sayso_shared::Kind;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::calendar::CalendarDefinition;
use super::words::{Address, Key, LocalText, Title};
use crate::calendars::Span;
use crate::cases::Priority;

/// Something that the service file has a table for, and the database a row.
pub trait Object: Serialize + DeserializeOwned + Clone + PartialEq {
    /// The name of the table, `[[kind]]`.
    const KIND: &'static str;

    /// What tells it from others of its kind.
    fn key(&self) -> String;
}

/// `[[team]]`: members who work on cases together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// Its key.
    pub key: Key,
    /// Its name.
    pub name: Title,
    /// Addresses of its members.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Address>,
    /// Who leads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<Address>,
    /// When it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Key>,
    /// Where mail for all of it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Address>,
}

/// `[[tier]]`: a customer's class; the order of the file is best first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The site that has it.
    pub site: Key,
    /// Its key.
    pub key: Key,
    /// What it is called.
    pub name: LocalText,
    /// How much a customer of it counts in analyses.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub weight: f64,
    /// Customers with so many cases have reached it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_cases: Option<u32>,
    /// Customers of so much value have reached it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_value: Option<f64>,
}

/// `[[promise]]`: a service standard. Of several that fit the most specific one wins, then the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    /// For cases of this site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Key>,
    /// For cases of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// For cases of this priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// For customers of this tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Key>,
    /// In whose open time it counts; without one, all time is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Key>,
    /// Until the first message of a person to the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_response: Option<Span>,
    /// Until the answer to each later message of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_response: Option<Span>,
    /// Until the case is resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Span>,
    /// How long before it is due the team is warned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn_before: Option<Span>,
}

/// `[[template]]`: a reply prepared per language, with placeholders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its key.
    pub key: Key,
    /// The subject of the mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<LocalText>,
    /// What it says.
    pub body: LocalText,
}

/// `[[category]]`: what feedback of a site can be about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryDefinition {
    /// The site that has it.
    pub site: Key,
    /// Its key.
    pub key: Key,
    /// The kinds that it goes with; all if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// What the customer reads.
    pub label: LocalText,
    /// The team that such cases go to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Key>,
}

/// Where a problem stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProblemState {
    /// The cause is looked for.
    #[default]
    Open,
    /// The cause is known.
    Known,
    /// It does not come any more.
    Fixed,
}

impl ProblemState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::Known, Self::Fixed];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Known => "known",
            Self::Fixed => "fixed",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// `[[problem]]`: a known root cause that several cases share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// Its key, such as `P-7`.
    pub key: Key,
    /// The site whose customers may read of it; those of all sites if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Key>,
    /// What it is called, by the staff.
    pub title: Title,
    /// What customers ask who have it, which they read instead of the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<LocalText>,
    /// Why it happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<LocalText>,
    /// What helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solution: Option<LocalText>,
    /// Who looks after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Address>,
    /// Where it stands.
    #[serde(default)]
    pub state: ProblemState,
    /// Whether customers may read of it.
    #[serde(default)]
    pub public: bool,
    /// What it has cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
}

/// `[[answer]]`: a question that customers ask, and its solution, for all to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Its key.
    pub key: Key,
    /// The site that shows it; all if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Key>,
    /// What is asked.
    pub question: LocalText,
    /// What helps.
    pub solution: LocalText,
}

/// `[[view]]`: a named filter of the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Its key.
    pub key: Key,
    /// Its name.
    pub name: Title,
    /// The filters as in the address of the inbox, such as `kind=complaint&due=overdue`.
    pub filter: String,
    /// The team that sees it; all members if there is neither a team nor an owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Key>,
    /// The one member who sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Address>,
}

impl Promise {
    /// How many of site, kind, priority and tier it names.
    pub fn specificity(&self) -> usize {
        [self.site.is_some(), self.kind.is_some(), self.priority.is_some(), self.tier.is_some()]
            .into_iter()
            .filter(|named| *named)
            .count()
    }

    /// Whether it is for such a case.
    pub fn fits(&self, site: &str, kind: Kind, priority: Priority, tier: Option<&str>) -> bool {
        self.site.as_ref().is_none_or(|wanted| wanted.as_str() == site)
            && self.kind.is_none_or(|wanted| wanted == kind)
            && self.priority.is_none_or(|wanted| wanted == priority)
            && self.tier.as_ref().is_none_or(|wanted| tier == Some(wanted.as_str()))
    }
}

/// What is stored of an object.
pub fn to_json<T: Object>(object: &T) -> Value {
    serde_json::to_value(object).expect("objects are plain data")
}

macro_rules! objects {
    ($($type:ty, $kind:literal, $object:ident => $key:expr;)+) => {$(
        impl Object for $type {
            const KIND: &'static str = $kind;

            fn key(&self) -> String {
                let $object = self;
                $key
            }
        }
    )+};
}
objects! {
    CalendarDefinition, "calendar", calendar => calendar.key.to_string();
    Team, "team", team => team.key.to_string();
    Tier, "tier", tier => format!("{}/{}", tier.site, tier.key);
    Promise, "promise", promise => promise_key(promise);
    Template, "template", template => template.key.to_string();
    CategoryDefinition, "category", category => format!("{}/{}", category.site, category.key);
    Problem, "problem", problem => problem.key.to_string();
    Answer, "answer", answer => answer.key.to_string();
    View, "view", view => view.key.to_string();
}

/// What a promise is for, such as `site acme, complaint, urgent, tier gold`.
fn promise_key(promise: &Promise) -> String {
    let parts = [
        promise.site.as_ref().map(|site| format!("site {site}")),
        promise.kind.map(|kind| kind.as_str().to_owned()),
        promise.priority.map(|priority| priority.as_str().to_owned()),
        promise.tier.as_ref().map(|tier| format!("tier {tier}")),
    ];
    let named: Vec<String> = parts.into_iter().flatten().collect();
    if named.is_empty() { "all".to_owned() } else { named.join(", ") }
}

const fn one() -> f64 {
    1.0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::float_cmp,
    reason = "serde hands a reference; exactly one is left out"
)]
fn is_one(weight: &f64) -> bool {
    *weight == 1.0
}
