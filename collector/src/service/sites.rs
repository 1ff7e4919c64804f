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
        Ok(Self {
            key: SiteKey::parse(site.key())?,
            name: site.name().parse()?,
            origins: site.origins().to_vec(),
            settings,
        })
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

/// Adds or sets the sites that a plan changes, or whose categories it changes.
pub async fn apply_sites(tx: &mut Tx, db: &Db, wanted: &ServiceFile, plan: &Plan, stamp: &Stamp) -> anyhow::Result<()> {
    let changed = plan.steps().iter().filter_map(|step| match step.kind {
        "site" => Some(step.key.as_str()),
        "category" => step.key.split_once('/').map(|(site, _)| site),
        _ => None,
    });
    let stored = Site::all(db).await?;
    for key in changed.collect::<BTreeSet<_>>() {
        let site = stored.iter().find(|site| site.key() == key).cloned();
        let set = wanted.sites.iter().find(|set| set.key.as_str() == key);
        let mut categories = site.as_ref().map_or_else(Vec::new, |site| site.settings.categories.clone());
        for step in plan.steps().iter().filter(|step| step.kind == "category") {
            if let Some((_, category)) = step.key.split_once('/').filter(|(site, _)| *site == key) {
                replace(&mut categories, category, step.after.as_ref())?;
            }
        }
        match (site, set) {
            (None, None) => {}
            (None, Some(set)) => {
                let settings = SiteSettings { categories, ..set.settings.clone() };
                Site::add_in(tx, &set.key, set.name.as_str(), &set.origins, &settings, stamp).await?;
            }
            (Some(mut site), set) => {
                if let Some(set) = set {
                    site = site.renamed(set.name.to_string(), set.origins.clone());
                    site.settings = set.settings.clone();
                }
                site.settings.categories = categories;
                site.save_in(tx, stamp).await?;
            }
        }
    }
    Ok(())
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

/// Puts a category in the place of the one with its key; without one, takes that away.
fn replace(categories: &mut Vec<Category>, key: &str, after: Option<&Value>) -> anyhow::Result<()> {
    let place = categories.iter().position(|known| known.key == key);
    categories.retain(|known| known.key != key);
    let definition: Option<CategoryDefinition> = after.cloned().map(serde_json::from_value).transpose()?;
    let place = place.unwrap_or(categories.len());
    categories.splice(place..place, definition.iter().flat_map(entries));
    Ok(())
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
