//! `[[target]]`: places that a site's events are forwarded to. They have a table of their own, since where they are is encrypted.

use std::collections::BTreeMap;

use anyhow::Context as _;
use sayso_shared::Lang;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::file::ServiceFile;
use super::plan::{Plan, Step};
use super::rules::Conditions;
use super::words::Key;
use crate::audit::{self, Change, Stamp};
use crate::cases::EventType;
use crate::db::Tx;
use crate::keys::{Keys, new_id};
use crate::sites::Site;
use crate::sites::targets::{Access, Channel, ChatId, NewTarget, Part, Settings, Target, new_webhook_secret};
use crate::with_tx;

/// `[[target]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetDefinition {
    /// Its key.
    pub key: Key,
    /// The site whose events it gets.
    pub site: Key,
    /// How they get there.
    pub channel: Channel,
    /// The variable with its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_env: Option<String>,
    /// The variable with its secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_env: Option<String>,
    /// The address of a mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The chat of Telegram.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<ChatId>,
    /// The types of event; without it the default of the channel, and an empty list for what rules name it for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<EventType>>,
    /// What may leave; without it the default of the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include: Option<Vec<Part>>,
    /// The language of what it gets; without it the main one of the site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
    /// The template of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// What has to hold of a case.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub when: Conditions,
    /// Templates of headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Where it is, as it was read; none if that stays as it is stored.
    #[serde(skip)]
    pub access: Option<Access>,
    /// The row that it has, or is to have.
    #[serde(skip)]
    pub row: Option<TargetRow>,
}

/// What is stored of where a target is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetRow {
    /// Its identifier.
    pub id: String,
    /// The ciphertext; none if the one that is stored stays.
    pub access_cipher: Option<String>,
}

impl TargetDefinition {
    /// What is set of a target; none if its site is missing.
    pub fn of(target: &Target, sites: &[Site]) -> anyhow::Result<Option<Self>> {
        let Some(site) = sites.iter().find(|site| site.id() == target.site_id) else { return Ok(None) };
        // What a newer version made stays as it is, and out of the file.
        let Some(channel) = target.channel().filter(|_| target.is_readable()) else { return Ok(None) };
        let settings = target.settings.clone();
        Ok(Some(Self {
            key: target.key.parse()?,
            site: site.key().parse()?,
            channel,
            url_env: settings.url_env,
            secret_env: settings.secret_env,
            address: None,
            chat_id: settings.chat_id,
            events: target.chosen_events().map(<[EventType]>::to_vec),
            include: settings.include,
            lang: settings.lang,
            body: settings.body,
            when: settings.when,
            headers: settings.headers,
            access: None,
            row: Some(TargetRow { id: target.id.clone(), access_cipher: None }),
        }))
    }

    /// What is compared, and shown. Where it is is encrypted, and compared by [`seal`].
    pub fn to_json(&self) -> Value {
        let target = Self { address: None, ..self.clone() };
        let mut value = serde_json::to_value(target).expect("a target is plain data");
        if self.row.as_ref().is_some_and(|row| row.access_cipher.is_some()) {
            value["access"] = "new".into();
        }
        value
    }

    fn to_row(&self) -> NewTarget {
        NewTarget {
            key: Some(self.key.to_string()),
            channel: self.channel,
            events: self.events.clone(),
            settings: Settings {
                url_env: self.url_env.clone(),
                secret_env: self.secret_env.clone(),
                when: self.when.clone(),
                include: self.include.clone(),
                lang: self.lang,
                chat_id: self.chat_id.clone(),
                headers: self.headers.clone(),
                body: self.body.clone(),
            },
        }
    }
}

/// Encrypts where the targets of a file are, if that is another place, or another secret, than what is stored.
pub fn seal(keys: &Keys, stored: &[Target], wanted: &mut ServiceFile) {
    for target in &mut wanted.targets {
        let Some(mut access) = target.access.take() else { continue };
        let known = stored.iter().find(|known| known.key == target.key.as_str());
        let old = known.and_then(|known| known.access(keys));
        if target.channel == Channel::Webhook && access.secret.is_none() {
            // One that nobody names a variable for is ours to make, once.
            access.secret = old.as_ref().and_then(|old| old.secret.clone()).or_else(|| Some(new_webhook_secret()));
        }
        let is_same = old.as_ref() == Some(&access);
        let id = known.map_or_else(new_id, |known| known.id.clone());
        let access_cipher = (!is_same).then(|| access.encrypt(keys, &id));
        target.row = Some(TargetRow { id, access_cipher });
    }
}

/// Writes the addresses of mailboxes into a file that is exported. Those of other channels are secrets.
pub fn reveal_mailboxes(keys: &Keys, stored: &[Target], exported: &mut ServiceFile) {
    for target in exported.targets.iter_mut().filter(|target| target.channel == Channel::Email) {
        let known = stored.iter().find(|known| known.key == target.key.as_str());
        target.address = known.and_then(|known| known.access(keys)).map(|access| access.address);
    }
}

/// Adds, sets and removes the targets that a plan changes.
pub async fn apply(
    tx: &mut Tx,
    known: &ServiceFile,
    wanted: &ServiceFile,
    plan: &Plan,
    stamp: &Stamp,
) -> anyhow::Result<()> {
    for step in plan.steps().iter().filter(|step| step.kind == "target") {
        let has_key = |target: &&TargetDefinition| target.key.as_str() == step.key;
        let old = known.targets.iter().find(has_key).and_then(|target| target.row.as_ref());
        match (old, wanted.targets.iter().find(has_key)) {
            (Some(old), None) => Target::remove_in(tx, &old.id, stamp).await?,
            (old, Some(new)) => set(tx, old, new, step, stamp).await?,
            (None, None) => {}
        }
    }
    Ok(())
}

async fn set(
    tx: &mut Tx,
    old: Option<&TargetRow>,
    new: &TargetDefinition,
    step: &Step,
    stamp: &Stamp,
) -> anyhow::Result<()> {
    let select = "select id from sites where key = $1";
    let site_id: Option<String> =
        with_tx!(&mut *tx, conn => sqlx::query_scalar(select).bind(new.site.as_str()).fetch_optional(conn).await)?;
    let site_id = site_id.with_context(|| format!("there is no site {}", new.site))?;
    let cipher = new.row.as_ref().and_then(|row| row.access_cipher.as_deref());
    let (action, id) = match old {
        Some(old) => {
            new.to_row().update(tx, &old.id, &site_id, cipher).await?;
            ("target.set", old.id.clone())
        }
        None => {
            let cipher = cipher.with_context(|| format!("the address of the target {} is missing", new.key))?;
            let id = new.row.as_ref().map_or_else(new_id, |row| row.id.clone());
            new.to_row().insert(tx, &id, &site_id, cipher, stamp).await?;
            ("target.add", id)
        }
    };
    let before = step.before.clone().unwrap_or_default();
    let after = step.after.clone().unwrap_or_else(|| json!({}));
    Ok(audit::append(tx, stamp, &Change { action, object: format!("target/{id}"), before, after }).await?)
}
