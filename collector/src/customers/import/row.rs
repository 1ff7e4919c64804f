//! Reading a row of a list of customers.

use sayso_shared::EmailAddress;
use sayso_shared::contact::phone_number;
use sayso_shared::limits::{SUBJECT_MAX, TIER_MAX};
use serde_json::json;

use super::super::change::Name;
use super::super::handles::Handles;
use super::super::phone::Phone;
use super::super::plan::Said;
use super::super::tiers;
use crate::auth::Member;
use crate::import::table::{Cells, Need};
use crate::keys::Keys;
use crate::service::Service;
use crate::sites::Site;
use crate::sites::identity::Identity;
use crate::sites::value::CustomerValue;

/// The columns of a file.
pub(super) const COLUMNS: &[(&str, Need)] = &[
    ("identity", Need::Optional),
    ("email", Need::Optional),
    ("phone", Need::Optional),
    ("name", Need::Optional),
    ("tier", Need::Optional),
    ("value", Need::Optional),
    ("representative", Need::Optional),
];

/// What rows are held against.
pub(super) struct Known<'a> {
    pub(super) site: &'a Site,
    pub(super) service: &'a Service,
    pub(super) members: &'a [Member],
    pub(super) keys: &'a Keys,
}

/// What a row says of a customer.
pub(super) struct Listed {
    pub(super) said: Said,
    /// The identifier of the member who looks after them.
    pub(super) representative_id: Option<String>,
}

impl Known<'_> {
    /// Reads a row, or says what is wrong with it, without repeating what may be personal.
    pub(super) fn read(&self, row: &Cells) -> Result<Listed, String> {
        if let Some(column) = row.with_nul() {
            return Err(format!("{column}: must not contain the NUL character"));
        }
        let given = |column| Some(row.get(column)).filter(|text| !text.is_empty());
        let name = given("name").map(Name::parse).transpose().map_err(|error| format!("name: {error}"))?;
        let handles = self.handles(given("identity"), given("email"), given("phone"))?;
        let tier = given("tier").map(|tier| self.tier(tier)).transpose()?;
        let value = given("value").map(|value| {
            CustomerValue::parse(value)
                .ok_or_else(|| format!("value: must be a number from 0 to {:.0}", CustomerValue::MOST))
        });
        Ok(Listed {
            said: Said {
                customer_id: None,
                handles,
                name: name.map(Name::into_string),
                tier,
                value: value.transpose()?.map(CustomerValue::number),
            },
            representative_id: given("representative").map(|email| self.representative(email)).transpose()?,
        })
    }

    /// By what the customer is recognised, as their cases are.
    fn handles(&self, identity: Option<&str>, email: Option<&str>, phone: Option<&str>) -> Result<Handles, String> {
        if identity.is_some_and(|identity| identity.chars().count() > SUBJECT_MAX) {
            return Err(format!("identity: must have at most {SUBJECT_MAX} characters"));
        }
        let identity =
            identity.map(|sub| Identity { sub: sub.to_owned(), name: None, email: None, tier: None, value: None });
        let email = email.map(EmailAddress::parse).transpose().map_err(|error| format!("email: {error}"))?;
        let phone = phone.map(phone_number).transpose().map_err(|error| format!("phone: {error}"))?;
        let country = self.site.settings.country;
        if phone.as_deref().is_some_and(|phone| Phone::parse(phone, country).is_none()) {
            return Err("phone: must be a phone number, with its country or of the site's".to_owned());
        }
        let contact = json!({"email": email.map(EmailAddress::into_string), "phone": phone});
        let contact = serde_json::from_value(contact).ok();
        let handles = Handles::of(self.keys, identity.as_ref(), contact.as_ref(), country);
        match handles.is_empty() {
            true => Err("says nothing by which the customer is recognised: identity, email or phone".to_owned()),
            false => Ok(handles),
        }
    }

    fn tier(&self, key: &str) -> Result<String, String> {
        let is_tier = key.chars().count() <= TIER_MAX && tiers::may_be(self.service, self.site.key(), key);
        is_tier.then(|| key.to_owned()).ok_or_else(|| "tier: is the key of no tier of the site".to_owned())
    }

    fn representative(&self, email: &str) -> Result<String, String> {
        let is_meant = |member: &&Member| member.email.as_str().eq_ignore_ascii_case(email);
        let is_active = |member: &&Member| member.disabled_at.is_none() && member.role().may_act();
        let member = self.members.iter().find(is_meant).filter(is_active);
        let id = member.map(|member| member.id.clone());
        id.ok_or_else(|| "representative: is the address of no member who answers customers".to_owned())
    }
}
