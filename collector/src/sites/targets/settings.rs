//! What is set of a target, besides where it is.

use std::collections::BTreeMap;
use std::fmt;

use sayso_shared::Lang;
use serde::{Deserialize, Serialize};

use super::success::SuccessRule;
use crate::cases::status::words;
use crate::service::rules::Conditions;

words! {
    /// How something is forwarded.
    Channel {
        /// By mail.
        Email = "email",
        /// By a signed HTTP request (Standard Webhooks 1.0).
        Webhook = "webhook",
        /// To a channel of Slack.
        Slack = "slack",
        /// To a channel of Microsoft Teams, by a workflow.
        Teams = "teams",
        /// To a channel of Discord.
        Discord = "discord",
        /// To a channel of Mattermost.
        Mattermost = "mattermost",
        /// To a group of Feishu or Lark (飞书).
        Feishu = "feishu",
        /// To a group of DingTalk (钉钉).
        Dingtalk = "dingtalk",
        /// To a group of WeCom (企业微信).
        Wecom = "wecom",
        /// To a chat of Telegram, by a bot.
        Telegram = "telegram",
        /// By an HTTP request whose headers and body are templates.
        Generic = "generic",
    }
}

words! {
    /// What of a case may leave.
    Part {
        /// What the customer and the staff wrote.
        Message = "message",
        /// Who the customer is, and how to reach them.
        Contact = "contact",
        /// Only who the customer is.
        Name = "name",
        /// The address of the case in the console.
        Link = "link",
        /// The tracking code, which opens the customer's page.
        Code = "code",
    }
}

words! {
    /// How a request of the channel `generic` is made.
    Method {
        /// The default.
        Post = "POST",
        /// For what is put at an address.
        Put = "PUT",
        /// For what changes something at it.
        Patch = "PATCH",
    }
}

words! {
    /// What a workflow of Teams is made to take.
    Payload {
        /// A message that has the card attached, as the workflows take that Teams itself offers. The default.
        Message = "message",
        /// The card alone, as many workflows take that somebody built.
        Card = "card",
    }
}

impl Channel {
    /// What may leave unless somebody chooses.
    pub const fn default_parts(self) -> &'static [Part] {
        match self {
            Channel::Email => &[Part::Message, Part::Contact, Part::Link],
            Channel::Webhook => &[Part::Message, Part::Link],
            _ => &[Part::Link],
        }
    }

    /// Whether people read what arrives in a chat.
    pub const fn is_room(self) -> bool {
        !matches!(self, Channel::Email | Channel::Webhook | Channel::Generic)
    }

    /// Whether programs read what arrives, which are told of everything unless somebody chooses.
    pub const fn is_for_programs(self) -> bool {
        matches!(self, Channel::Webhook)
    }
}

impl Part {
    /// Whether it is one of some; a contact comes with the name.
    pub fn is_among(self, parts: &[Part]) -> bool {
        parts.contains(&self) || self == Part::Name && parts.contains(&Part::Contact)
    }
}

/// A chat of Telegram: a number of 64 bits, or the name of a public channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ChatId {
    /// A number.
    Number(i64),
    /// A name such as `@acme_cases`.
    Name(String),
}

/// What is set of a target besides its channel and its events. Names of variables stand here, and never what is in them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The variable that its address came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_env: Option<String>,
    /// The variable that its secret came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_env: Option<String>,
    /// What has to hold of a case.
    #[serde(skip_serializing_if = "Conditions::is_empty")]
    pub when: Conditions,
    /// What may leave; none for the default of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include: Option<Vec<Part>>,
    /// The language of what it gets; none for the main one of the site, as far as the console speaks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
    /// The chat of Telegram.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<ChatId>,
    /// Templates of headers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The template of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The method of requests; none for `POST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// What the workflow of Teams takes; none for a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Payload>,
    /// What answers have to say besides a status of success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success: Option<SuccessRule>,
}

impl fmt::Display for Channel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Display for ChatId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChatId::Number(number) => write!(formatter, "{number}"),
            ChatId::Name(name) => formatter.write_str(name),
        }
    }
}
