//! `[[target]]`: what is set of a place that a site's events are forwarded to.

use std::collections::BTreeMap;

use sayso_shared::Lang;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rules::Conditions;
use super::words::{Key, optional_console_language};
use crate::cases::EventType;
use crate::sites::Site;
use crate::sites::targets::{Access, Channel, ChatId, Method, NewTarget, Part, Payload, Settings, SuccessRule, Target};

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
    /// The language of what it gets; without it the main one of the site, as far as the console speaks it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_console_language")]
    pub lang: Option<Lang>,
    /// The template of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The method of requests; without it `POST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// What the workflow of Teams takes; without it a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Payload>,
    /// What answers have to say besides a status of success, such as `/errcode == 0` or `body == ok`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<SuccessRule>,
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
            method: settings.method,
            payload: settings.payload,
            success: settings.success,
            when: settings.when,
            headers: settings.headers,
            access: None,
            row: Some(TargetRow { id: target.id.clone(), access_cipher: None }),
        }))
    }

    /// What is compared, and shown. Where it is is encrypted, and compared by [`super::targets::seal`].
    pub fn to_json(&self) -> Value {
        let target = Self { address: None, ..self.clone() };
        let mut value = serde_json::to_value(target).expect("a target is plain data");
        if self.row.as_ref().is_some_and(|row| row.access_cipher.is_some()) {
            value["access"] = "new".into();
        }
        value
    }

    /// What is stored of it.
    pub fn to_row(&self) -> NewTarget {
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
                method: self.method,
                payload: self.payload,
                success: self.success.clone(),
            },
        }
    }
}
