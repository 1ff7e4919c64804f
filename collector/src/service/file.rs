//! The service file: everything that a manager can set, in one TOML document.

use sayso_shared::Lang;
use serde::{Deserialize, Serialize};

use super::objects::{Answer, CategoryDefinition, Problem, Promise, Team, Template, Tier, View};
use super::reader::{Item, Reader};
use super::words::{Address, Key, Title};
use super::{CalendarDefinition, Rule, check};
use crate::auth::member::Role;
use crate::sites::{Origin, SiteSettings};

pub use super::reader::Mistake;

/// The tables that a file may have.
pub const TABLES: [&str; 12] = [
    "site", "member", "calendar", "team", "tier", "category", "promise", "template", "rule", "view", "problem",
    "answer",
];

/// `[[site]]`: a site with all of its settings but its categories, which are tables of their own.
#[derive(Clone, Debug, Serialize)]
pub struct SiteDefinition {
    /// Its key.
    pub key: Key,
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
    #[serde(default = "english", skip_serializing_if = "is_english")]
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
}

impl ServiceFile {
    /// Reads a file, and checks it together with what is there already and what it leaves alone. Every mistake is named at once.
    pub fn read(text: &str, known: &ServiceFile) -> Result<Self, Vec<Mistake>> {
        let mut reader = Reader::new(text);
        let mut document = reader.document();
        let items = Items {
            sites: read_sites(&mut reader, &mut document),
            members: reader.items(&mut document, "member"),
            calendars: reader.items(&mut document, "calendar"),
            teams: reader.items(&mut document, "team"),
            tiers: reader.items(&mut document, "tier"),
            categories: reader.items(&mut document, "category"),
            promises: reader.items(&mut document, "promise"),
            templates: reader.items(&mut document, "template"),
            rules: reader.items(&mut document, "rule"),
            views: reader.items(&mut document, "view"),
            problems: reader.items(&mut document, "problem"),
            answers: reader.items(&mut document, "answer"),
        };
        reader.refuse_rest(document, &TABLES);
        check::check(&items, known, &mut reader);
        let mistakes = reader.into_mistakes();
        if mistakes.is_empty() { Ok(items.into_file()) } else { Err(mistakes) }
    }

    /// Writes it, so that reading gives the same.
    pub fn write(&self) -> anyhow::Result<String> {
        Ok(toml::to_string_pretty(self)?)
    }
}

impl Items<'_> {
    fn into_file(self) -> ServiceFile {
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
        }
    }
}

/// The settings of a site are read by their own type, which knows nothing of key, name and origins.
fn read_sites<'a>(reader: &mut Reader<'a>, document: &mut toml::de::DeTable<'a>) -> Vec<Item<'a, SiteDefinition>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Head {
        key: Key,
        name: Title,
        origins: Vec<Origin>,
    }
    let halves = reader.split_items(document, "site", &["key", "name", "origins"]);
    let mut sites = Vec::with_capacity(halves.len());
    for (head, settings) in halves {
        let (head, settings) = (reader.item::<Head>(head), reader.item::<SiteSettings>(settings));
        if let Some((head, settings)) = head.zip(settings) {
            if !settings.value.categories.is_empty() {
                reader.refuse(settings.span(&["categories"]), "categories are tables of their own, [[category]]");
            }
            sites.push(head.map(|Head { key, name, origins }| SiteDefinition {
                key,
                name,
                origins,
                settings: settings.value,
            }));
        }
    }
    sites
}

const fn english() -> Lang {
    Lang::En
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_english(lang: &Lang) -> bool {
    matches!(lang, Lang::En)
}
