//! Reading a service file.

use serde::Deserialize;

use super::check::check;
use super::file::{Items, ServiceFile, SiteDefinition, TABLES};
pub use super::reader::Mistake;
use super::reader::{Item, Reader};
use super::surroundings::{Surroundings, Unset};
use super::words::Title;
use crate::outbox::egress::Egress;
use crate::sites::{Origin, SiteKey, SiteSettings};

/// Reads a file with the variables of this process, and without plain HTTP.
pub fn read(text: &str, known: &ServiceFile) -> Result<ServiceFile, Vec<Mistake>> {
    let variable = |name: &str| std::env::var(name).ok();
    let surroundings = Surroundings {
        variable: &variable,
        egress: Egress::public(),
        unset: Unset::Refused,
        targets: &known.targets,
        typed: None,
        answered: &[],
    };
    read_in(text, known, &surroundings)
}

/// Reads a file, and checks it together with what is there already and stays. Every mistake is named at once.
pub fn read_in(text: &str, known: &ServiceFile, surroundings: &Surroundings<'_>) -> Result<ServiceFile, Vec<Mistake>> {
    let mut reader = Reader::new(text);
    let mut document = reader.document();
    let mut items = Items {
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
        surveys: reader.items(&mut document, "survey"),
        targets: reader.items(&mut document, "target"),
    };
    reader.refuse_rest(document, &TABLES);
    check(&mut items, known, surroundings, &mut reader);
    let mistakes = reader.into_mistakes();
    if mistakes.is_empty() { Ok(items.into_file()) } else { Err(mistakes) }
}

/// The settings of a site are read by their own type, which knows nothing of key, name and origins.
fn read_sites<'a>(reader: &mut Reader<'a>, document: &mut toml::de::DeTable<'a>) -> Vec<Item<'a, SiteDefinition>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Head {
        key: SiteKey,
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
            let Head { key, name, origins } = head.value;
            // What is wrong with what was read is looked for in the settings.
            sites.push(settings.map(|settings| SiteDefinition { key, name, origins, settings }));
        }
    }
    sites
}
