//! Sites and members of a service file, which have tables of their own.

use std::collections::BTreeSet;

use serde_json::Value;

use super::file::{MemberDefinition, ServiceFile, SiteDefinition};
use super::objects::CategoryDefinition;
use super::plan::{Plan, Step};
use crate::audit::Stamp;
use crate::auth::Member;
use crate::auth::member::{Email, Name, NewMember};
use crate::db::{Db, Tx};
use crate::sites::settings::Category;
use crate::sites::texts::Texts;
use crate::sites::{Site, SiteKey, SiteSettings};

impl SiteDefinition {
    /// What is set of a site.
    pub fn of(site: &Site) -> anyhow::Result<Self> {
        let settings = SiteSettings { categories: Vec::new(), ..site.settings.clone() };
        Ok(Self { key: site.key().parse()?, name: site.name().parse()?, origins: site.origins().to_vec(), settings })
    }

    /// What is compared.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("settings are plain data")
    }
}

impl MemberDefinition {
    /// What is set of a member. Its teams name it.
    pub fn of(member: &Member) -> anyhow::Result<Self> {
        Ok(Self {
            address: member.email.parse()?,
            name: member.name.parse()?,
            role: member.role(),
            teams: Vec::new(),
            lang: member.lang(),
        })
    }

    /// What is compared: the teams are compared as teams.
    pub fn to_json(&self) -> Value {
        let member = Self { teams: Vec::new(), ..self.clone() };
        serde_json::to_value(member).expect("a member is plain data")
    }
}

/// Adds or sets a site, with the categories that it has.
pub async fn apply_site(tx: &mut Tx, db: &Db, wanted: &ServiceFile, step: &Step, stamp: &Stamp) -> anyhow::Result<()> {
    let Some(site) = wanted.sites.iter().find(|site| site.key.as_str() == step.key) else { return Ok(()) };
    let key = SiteKey::parse(site.key.as_str())?;
    if step.before.is_none() {
        let categories = categories(&wanted.categories, site.key.as_str());
        let settings = SiteSettings { categories, ..site.settings.clone() };
        return Site::add_in(tx, &key, site.name.as_str(), &site.origins, &settings, stamp).await;
    }
    let mut stored = Site::by_key(db, key.as_str()).await?.renamed(site.name.to_string(), site.origins.clone());
    let categories = std::mem::take(&mut stored.settings.categories);
    stored.settings = SiteSettings { categories, ..site.settings.clone() };
    stored.save_in(tx, stamp).await
}

/// Adds or sets a member. Who is new sets a password by a link, as `sayso member reset` prints it.
pub async fn apply_member(tx: &mut Tx, step: &Step, stamp: &Stamp) -> anyhow::Result<()> {
    let Some(after) = &step.after else { return Ok(()) };
    let member: MemberDefinition = serde_json::from_value(after.clone())?;
    let (email, name) = (Email::parse(member.address.as_str())?, Name::parse(member.name.as_str())?);
    if step.before.is_some() {
        return Member::set_in(tx, &email, (&name, member.role, member.lang), stamp).await;
    }
    let new = NewMember { email, name, role: member.role, lang: Some(member.lang), password_hash: None };
    Member::add_in(tx, &new, stamp).await.map(|_| ())
}

/// Writes the categories that a plan changes into the settings of the sites that were there before.
pub async fn apply_categories(
    tx: &mut Tx,
    db: &Db,
    wanted: &ServiceFile,
    plan: &Plan,
    stamp: &Stamp,
) -> anyhow::Result<()> {
    let is_new =
        |key: &str| plan.steps().iter().any(|step| step.kind == "site" && step.key == key && step.before.is_none());
    let changed = plan.steps().iter().filter(|step| step.kind == "category");
    let sites: BTreeSet<&str> = changed.filter_map(|step| step.key.split_once('/')).map(|(site, _)| site).collect();
    for key in sites.into_iter().filter(|key| !is_new(key)) {
        let mut site = Site::by_key(db, key).await?;
        if let Some(set) = wanted.sites.iter().find(|set| set.key.as_str() == key) {
            // What the same file changes of the site is not committed yet, so it is not what was read.
            let categories = std::mem::take(&mut site.settings.categories);
            site = site.renamed(set.name.to_string(), set.origins.clone());
            site.settings = SiteSettings { categories, ..set.settings.clone() };
        }
        for step in plan.steps().iter().filter(|step| step.kind == "category") {
            let Some((of, category)) = step.key.split_once('/') else { continue };
            if of == key {
                let place = site.settings.categories.iter().position(|known| known.key == category);
                site.settings.categories.retain(|known| known.key != category);
                let definition: Option<CategoryDefinition> =
                    step.after.clone().map(serde_json::from_value).transpose()?;
                let place = place.unwrap_or(site.settings.categories.len());
                for (after, category) in definition.iter().flat_map(entries).enumerate() {
                    site.settings.categories.insert(place + after, category);
                }
            }
        }
        site.save_in(tx, stamp).await?;
    }
    Ok(())
}

fn categories(definitions: &[CategoryDefinition], site: &str) -> Vec<Category> {
    definitions.iter().filter(|category| category.site.as_str() == site).flat_map(entries).collect()
}

/// A category as the site's settings hold it: once for each kind that it goes with.
fn entries(category: &CategoryDefinition) -> Vec<Category> {
    let label: Texts = category.label.iter().map(|(tag, text)| (tag.to_owned(), text.to_owned())).collect();
    let entry = |kind| Category { key: category.key.to_string(), kind, label: label.clone() };
    match category.kinds.as_slice() {
        [] => vec![entry(None)],
        kinds => kinds.iter().map(|kind| entry(Some(*kind))).collect(),
    }
}
