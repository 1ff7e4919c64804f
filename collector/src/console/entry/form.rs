//! The form: what was typed into it, and the feedback that this means.

use std::sync::Arc;

use sayso_shared::id::IdempotencyKey;
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::{Kind, Lang};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::caller::{Asked, Lookup};
use crate::cases::{Channel, Priority};
use crate::http::body::fresh_key;
use crate::http::{Error, Result};
use crate::sites::Site;

/// How something can have come that a member enters.
pub(super) const CHANNELS: [Channel; 3] = [Channel::Phone, Channel::Counter, Channel::Letter];

/// What stands in the form's fields, exactly as typed.
#[derive(Clone, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    /// Recognises the form when it is sent twice.
    #[serde(skip, default = "fresh_key")]
    pub key: IdempotencyKey,
    /// `look_up` where the caller is only to be looked up.
    #[serde(rename = "do")]
    pub asks: String,
    /// What somebody typed to look the caller up.
    pub q: String,
    /// The customer who was chosen of several.
    pub customer: String,
    pub site: String,
    pub channel: String,
    pub kind: String,
    pub message: String,
    pub category: String,
    pub priority: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub locale: String,
    pub reference: String,
    pub desired_outcome: String,
    pub rating: String,
    pub importance: String,
    pub consent: String,
}

impl Default for Typed {
    fn default() -> Self {
        let none = String::new;
        Self {
            key: fresh_key(),
            asks: none(),
            q: none(),
            customer: none(),
            site: none(),
            channel: Channel::Phone.as_str().to_owned(),
            kind: none(),
            message: none(),
            category: none(),
            priority: Priority::Normal.as_str().to_owned(),
            name: none(),
            email: none(),
            phone: none(),
            locale: none(),
            reference: none(),
            desired_outcome: none(),
            rating: none(),
            importance: none(),
            consent: none(),
        }
    }
}

impl Typed {
    /// The form as it is when it is opened. Its kind is the first of the site's, since most of what is entered is a complaint.
    pub fn fresh(sites: &[Arc<Site>], asked: &Asked, lookup: &Lookup) -> Self {
        let channel = Channel::parse(&asked.channel).filter(|channel| CHANNELS.contains(channel));
        let asked_site = sites.iter().find(|site| site.key() == asked.site).or(sites.first());
        let mut typed = Self {
            site: asked_site.map(|site| site.key().to_owned()).unwrap_or_default(),
            channel: channel.unwrap_or(Channel::Phone).as_str().to_owned(),
            ..Self::default()
        };
        (typed.name, typed.email, typed.phone) = asked.contact();
        typed.fill_in(lookup, sites);
        let site = typed.site_of(sites);
        typed.kind = site.and_then(|site| site.settings.kinds.first()).map_or("", |kind| kind.as_str()).to_owned();
        if typed.locale.is_empty() {
            let main = site.and_then(|site| site.settings.languages.first().copied());
            main.unwrap_or(Lang::En).as_str().clone_into(&mut typed.locale);
        }
        typed
    }

    /// Browsers end lines with CR LF; people count one character.
    pub fn with_plain_line_ends(self) -> Self {
        let plain = |text: String| text.replace("\r\n", "\n");
        Self { message: plain(self.message), desired_outcome: plain(self.desired_outcome), ..self }
    }

    /// Whether the caller is looked up, and nothing is sent yet.
    pub fn looks_up(&self) -> bool {
        self.asks == "look_up" || !self.customer.is_empty()
    }

    /// Whom to look up: what was typed for it, else the contact in the form.
    pub fn asked(&self) -> Asked {
        let (q, customer) = (self.q.clone(), self.customer.clone());
        let by_contact = q.trim().is_empty() && customer.is_empty();
        let contact = |text: &String| if by_contact { text.clone() } else { String::new() };
        Asked {
            phone: contact(&self.phone),
            email: contact(&self.email),
            name: contact(&self.name),
            q,
            customer,
            ..Asked::default()
        }
    }

    /// Takes over what is known of the caller where nothing was typed.
    pub fn fill_in(&mut self, lookup: &Lookup, sites: &[Arc<Site>]) {
        let (name, email, phone) = self.asked().contact();
        let mut fill = |field: fn(&mut Self) -> &mut String, value: String| {
            if field(self).trim().is_empty() {
                *field(self) = value;
            }
        };
        if let Lookup::One(caller) = lookup {
            fill(|typed| &mut typed.name, caller.name.clone().unwrap_or_default());
            fill(|typed| &mut typed.phone, caller.known.phones.first().cloned().unwrap_or_default());
            fill(|typed| &mut typed.email, caller.known.emails.first().cloned().unwrap_or_default());
            if let Some(lang) = caller.lang
                && self.message.trim().is_empty()
            {
                lang.chosen().as_str().clone_into(&mut self.locale);
            }
            if let Some(site) = sites.iter().find(|site| site.id() == caller.site_id)
                && self.message.trim().is_empty()
            {
                site.key().clone_into(&mut self.site);
            }
        } else {
            fill(|typed| &mut typed.name, name);
            fill(|typed| &mut typed.email, email);
            fill(|typed| &mut typed.phone, phone);
        }
        // It was asked for; from now on the contact says who it is.
        self.q.clear();
        self.asks.clear();
    }

    /// The site that is chosen.
    pub fn site_of<'a>(&self, sites: &'a [Arc<Site>]) -> Option<&'a Arc<Site>> {
        sites.iter().find(|site| site.key() == self.site)
    }

    /// How it came, and how urgent it is.
    pub fn origin(&self) -> Result<(Channel, Priority)> {
        let channel = Channel::parse(&self.channel).filter(|channel| CHANNELS.contains(channel));
        let priority = Priority::parse(&self.priority);
        Ok((channel.ok_or_else(|| wrong("/channel"))?, priority.ok_or_else(|| wrong("/priority"))?))
    }

    /// The feedback, as the API takes it. Empty fields are absent ones.
    pub fn feedback(&self, site: &Site) -> Value {
        let mut fields = Map::new();
        let texts = [
            ("kind", &self.kind),
            ("message", &self.message),
            ("category", &self.category),
            ("reference", &self.reference),
            ("locale", &self.locale),
        ];
        fields.extend(given(&texts));
        // What belongs to another kind than the one that was chosen at last is left behind.
        for (name, of, text) in [
            ("desired_outcome", Kind::Complaint, &self.desired_outcome),
            ("importance", Kind::Suggestion, &self.importance),
        ] {
            if self.kind == of.as_str() || site.settings.required.iter().any(|required| required == name) {
                fields.extend(given(&[(name, text)]));
            }
        }
        fields.extend(given(&[("rating", &self.rating)]));
        for score in ["rating", "importance"] {
            if let Some(number) = fields.get(score).and_then(Value::as_str).and_then(|text| text.parse::<i64>().ok()) {
                fields.insert(score.to_owned(), json!(number));
            }
        }
        let contact: Map<_, _> =
            given(&[("name", &self.name), ("email", &self.email), ("phone", &self.phone)]).collect();
        if !contact.is_empty() {
            fields.insert("contact".to_owned(), contact.into());
        }
        if self.consent == "true" && !site.settings.consent_text.is_empty() {
            fields.insert("consent".to_owned(), json!(true));
        }
        fields.into()
    }
}

/// The error for a choice that nobody can make in the form.
pub(super) fn wrong(pointer: &str) -> Error {
    Error::field(FieldError::new(pointer, ErrorCode::Invalid, "is none of the choices"))
}

fn given<'a>(fields: &'a [(&'a str, &'a String)]) -> impl Iterator<Item = (String, Value)> + 'a {
    let given = fields.iter().filter(|(_, text)| !text.trim().is_empty());
    given.map(|(name, text)| ((*name).to_owned(), json!(text)))
}
