//! The service file: everything that a manager can set, in one TOML document.

use sayso_shared::Lang;
use serde::{Deserialize, Serialize};

use super::calendar::CalendarDefinition;
use super::objects::{Answer, CategoryDefinition, Problem, Promise, Team, Template, Tier, View};
use super::reader::Item;
use super::rules::Rule;
use super::survey::Survey;
use super::target_definition::TargetDefinition;
use super::words::{Address, Key, Title, console_language};
use crate::auth::member::Role;
use crate::sites::{Origin, SiteKey, SiteSettings};

/// The tables that a file may have.
pub const TABLES: [&str; 14] = [
    "site", "member", "calendar", "team", "tier", "category", "promise", "template", "rule", "view", "problem",
    "answer", "target", "survey",
];

/// `[[site]]`: a site with all of its settings but its categories, which are tables of their own.
#[derive(Clone, Debug, Serialize)]
pub struct SiteDefinition {
    /// Its key.
    pub key: SiteKey,
    /// The name that customers know.
    pub name: Title,
    /// Where its pages are.
    pub origins: Vec<Origin>,
    /// Everything that can be set.
    #[serde(flatten)]
    pub settings: SiteSettings,
}

/// `[[member]]`: who works on cases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberDefinition {
    /// Where they sign in from.
    pub address: Address,
    /// What they are called.
    pub name: Title,
    /// What they may do.
    pub role: Role,
    /// Teams that they are in, besides those that name them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<Key>,
    /// The language of their console.
    #[serde(default = "english", skip_serializing_if = "is_english", deserialize_with = "console_language")]
    pub lang: Lang,
}

/// Everything that one file says.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ServiceFile {
    /// Sites.
    #[serde(rename = "site", skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<SiteDefinition>,
    /// Members.
    #[serde(rename = "member", skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberDefinition>,
    /// Calendars.
    #[serde(rename = "calendar", skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<CalendarDefinition>,
    /// Teams.
    #[serde(rename = "team", skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<Team>,
    /// Tiers, best first.
    #[serde(rename = "tier", skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<Tier>,
    /// Categories.
    #[serde(rename = "category", skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<CategoryDefinition>,
    /// Promises.
    #[serde(rename = "promise", skip_serializing_if = "Vec::is_empty")]
    pub promises: Vec<Promise>,
    /// Templates.
    #[serde(rename = "template", skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<Template>,
    /// Rules, in their order.
    #[serde(rename = "rule", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Views.
    #[serde(rename = "view", skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<View>,
    /// Problems.
    #[serde(rename = "problem", skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
    /// Public answers.
    #[serde(rename = "answer", skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
    /// Surveys.
    #[serde(rename = "survey", skip_serializing_if = "Vec::is_empty")]
    pub surveys: Vec<Survey>,
    /// Targets.
    #[serde(rename = "target", skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetDefinition>,
}

/// What was read, each with its place in the file.
#[derive(Debug, Default)]
pub struct Items<'a> {
    pub(super) sites: Vec<Item<'a, SiteDefinition>>,
    pub(super) members: Vec<Item<'a, MemberDefinition>>,
    pub(super) calendars: Vec<Item<'a, CalendarDefinition>>,
    pub(super) teams: Vec<Item<'a, Team>>,
    pub(super) tiers: Vec<Item<'a, Tier>>,
    pub(super) categories: Vec<Item<'a, CategoryDefinition>>,
    pub(super) promises: Vec<Item<'a, Promise>>,
    pub(super) templates: Vec<Item<'a, Template>>,
    pub(super) rules: Vec<Item<'a, Rule>>,
    pub(super) views: Vec<Item<'a, View>>,
    pub(super) problems: Vec<Item<'a, Problem>>,
    pub(super) answers: Vec<Item<'a, Answer>>,
    pub(super) surveys: Vec<Item<'a, Survey>>,
    pub(super) targets: Vec<Item<'a, TargetDefinition>>,
}

impl ServiceFile {
    /// Writes it, so that reading gives the same.
    pub fn write(&self) -> anyhow::Result<String> {
        Ok(toml::to_string_pretty(self)?)
    }
}

impl Items<'_> {
    /// What was read, without the places.
    pub(super) fn into_file(self) -> ServiceFile {
        fn values<T>(items: Vec<Item<'_, T>>) -> Vec<T> {
            items.into_iter().map(|item| item.value).collect()
        }
        ServiceFile {
            sites: values(self.sites),
            members: values(self.members),
            calendars: values(self.calendars),
            teams: values(self.teams),
            tiers: values(self.tiers),
            categories: values(self.categories),
            promises: values(self.promises),
            templates: values(self.templates),
            rules: values(self.rules),
            views: values(self.views),
            problems: values(self.problems),
            answers: values(self.answers),
            surveys: values(self.surveys),
            targets: values(self.targets),
        }
    }
}

const fn english() -> Lang {
    Lang::En
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_english(lang: &Lang) -> bool {
    matches!(lang, Lang::En)
}
