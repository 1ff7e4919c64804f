//! By what a customer is recognised: whom a site vouched for, an address, a phone number. Never by a name.

use std::collections::HashMap;
use std::sync::Arc;

use sayso_shared::{Contact, EmailAddress};

use super::phone::Phone;
use crate::cases::status::words;
use crate::keys::{Keys, Purpose};
use crate::sites::Site;
use crate::sites::country::Country;
use crate::sites::identity::Identity;

words! {
    /// What it is.
    HandleKind {
        /// Whom the site vouched for, by the site's own identifier.
        Identity = "identity",
        /// An address of mail.
        Email = "email",
        /// A phone number.
        Phone = "phone",
    }
}

/// Something by which one customer of a site is recognised.
#[derive(Clone, PartialEq, Eq)]
pub struct Handle {
    /// What it is.
    pub kind: HandleKind,
    /// In its one form.
    pub value: String,
    /// A keyed hash of it, by which it is found.
    pub hash: String,
}

// Personal data must not reach a log.
impl std::fmt::Debug for Handle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Handle({}, …)", self.kind.as_str())
    }
}

/// What a case says of its customer, the surest first.
#[derive(Clone, Default)]
pub struct Handles {
    /// What the customer is known by from now on.
    pub own: Vec<Handle>,
    /// Hashes by which a phone number was noted before the site said its country.
    earlier: Vec<String>,
}

/// The country of each site that has one, by the site's identifier.
#[derive(Clone, Debug, Default)]
pub struct Countries(HashMap<String, Country>);

impl Countries {
    /// Those of some sites.
    pub fn of(sites: &[Arc<Site>]) -> Self {
        Self(sites.iter().filter_map(|site| Some((site.id().to_owned(), site.settings.country?))).collect())
    }

    /// The country of a site.
    pub fn of_site(&self, site_id: &str) -> Option<Country> {
        self.0.get(site_id).copied()
    }

    /// Each of them once, and none at all, which a number with its country needs not.
    fn each(&self) -> Vec<Option<Country>> {
        let mut each = vec![None];
        for country in self.0.values() {
            if !each.contains(&Some(*country)) {
                each.push(Some(*country));
            }
        }
        each
    }
}

impl Handles {
    /// What an identity and a contact say. What the site vouched for comes first.
    pub fn of(keys: &Keys, identity: Option<&Identity>, contact: Option<&Contact>, country: Option<Country>) -> Self {
        let mut handles = Self::default();
        if let Some(identity) = identity {
            handles.add(keys, HandleKind::Identity, &identity.sub);
        }
        let vouched = identity.and_then(|identity| identity.email.as_deref());
        for email in vouched.into_iter().chain(contact.and_then(Contact::email)) {
            if let Some(email) = email_form(email) {
                handles.add(keys, HandleKind::Email, &email);
            }
        }
        if let Some(typed) = contact.and_then(Contact::phone)
            && let Some(phone) = Phone::parse(typed, country)
        {
            handles.add(keys, HandleKind::Phone, phone.as_str());
            let digits = Phone::as_digits(typed).filter(|digits| *digits != phone);
            handles.earlier.extend(digits.map(|digits| hash(keys, HandleKind::Phone, digits.as_str())));
        }
        handles
    }

    /// Whether nobody can be recognised by them.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }

    /// The hash of the identity among them.
    pub fn identity(&self) -> Option<&str> {
        self.own.iter().find(|handle| handle.kind == HandleKind::Identity).map(|handle| handle.hash.as_str())
    }

    /// The hashes to look for, the surest first.
    pub fn hashes(&self) -> impl Iterator<Item = &str> {
        self.own.iter().map(|handle| &handle.hash).chain(&self.earlier).map(String::as_str)
    }

    /// Those of an address and a phone number, as a case keeps them to be found by.
    pub fn contact_hashes(&self) -> String {
        let contacts = self.own.iter().filter(|handle| handle.kind != HandleKind::Identity);
        let hashes: Vec<&str> = contacts.map(|handle| &handle.hash).chain(&self.earlier).map(String::as_str).collect();
        hashes.join(" ")
    }

    fn add(&mut self, keys: &Keys, kind: HandleKind, value: &str) {
        let handle = Handle { kind, value: value.to_owned(), hash: hash(keys, kind, value) };
        if !self.own.contains(&handle) {
            self.own.push(handle);
        }
    }
}

/// The hashes of the address or the phone number that somebody typed to search, or copied with what stood around it; none if it is neither. A number without
/// its country may be one of any site's, or begin with its country.
pub fn hashes_of_contact(keys: &Keys, typed: &str, countries: &Countries) -> Vec<String> {
    if let Some(email) = searched_email(typed) {
        return vec![hash(keys, HandleKind::Email, &email)];
    }
    let mut hashes = Vec::new();
    let with_plus = Phone::parse(&format!("+{}", typed.trim()), None).filter(Phone::is_international);
    for phone in countries.each().into_iter().filter_map(|country| Phone::parse(typed, country)).chain(with_plus) {
        let hash = hash(keys, HandleKind::Phone, phone.as_str());
        if !hashes.contains(&hash) {
            hashes.push(hash);
        }
    }
    hashes
}

/// Whether what somebody typed is an address or a phone number.
pub fn is_contact(typed: &str) -> bool {
    searched_email(typed).is_some() || Phone::parse(typed, None).is_some()
}

/// The hash of an identity that somebody typed.
pub fn hash_of_identity(keys: &Keys, typed: &str) -> String {
    hash(keys, HandleKind::Identity, typed)
}

/// The hash of an address of mail.
pub fn hash_of_email(keys: &Keys, address: &str) -> String {
    let form = email_form(address).unwrap_or_else(|| address.to_ascii_lowercase());
    hash(keys, HandleKind::Email, &form)
}

/// An address in the form by which it is compared: hardly any server tells capitals before the @ from small letters.
fn email_form(typed: &str) -> Option<String> {
    EmailAddress::parse(typed).ok().map(|email| email.as_str().to_ascii_lowercase())
}

/// The form of an address that is typed to search: also as it stands in mails, lists and sentences, such as `Li <li@example.com>` or `(li@example.com).`.
fn searched_email(typed: &str) -> Option<String> {
    let stands_around = |c: char| c.is_whitespace() || "<>()[]{}\"“”„«»‚‘’「」,;:.，；。、".contains(c);
    let typed = typed.rsplit_once('<').map_or(typed, |(_, address)| address).trim_matches(stands_around);
    let address = match typed.split_once(':') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("mailto") => rest.split('?').next().unwrap_or_default(),
        _ => typed,
    };
    // These may be part of an address.
    email_form(address).or_else(|| email_form(address.trim_matches(|c| stands_around(c) || "'!?".contains(c))))
}

/// 128 bits, which tell all customers apart.
fn hash(keys: &Keys, kind: HandleKind, value: &str) -> String {
    format!("{:032x}", keys.short_hash(Purpose::Customer, &format!("{}/{value}", kind.as_str())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys() -> Keys {
        Keys::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("a key")
    }

    fn contact(json: serde_json::Value) -> Contact {
        serde_json::from_value(json).expect("a contact")
    }

    #[test]
    fn spellings_of_one_contact_have_one_hash() {
        let china: Option<Country> = "CN".parse().ok();
        let of = |json, country| Handles::of(&keys(), None, Some(&contact(json)), country).own;
        assert_eq!(of(json!({"phone": "13800138000"}), china), of(json!({"phone": "+86 138 0013 8000"}), None));
        assert_eq!(of(json!({"email": "Li@example.com"}), None), of(json!({"email": "li@example.com"}), None));
        assert_ne!(of(json!({"phone": "13800138000"}), china), of(json!({"phone": "13800138000"}), None));
    }

    #[test]
    fn a_name_alone_tells_nothing() {
        assert!(Handles::of(&keys(), None, Some(&contact(json!({"name": "Li Lei"}))), None).is_empty());
    }

    #[test]
    fn an_address_is_found_as_it_is_copied() {
        let stored = hash_of_email(&keys(), "li@example.com");
        for typed in [
            "li@example.com",
            "<li@example.com>",
            "Li Lei <Li@example.com>",
            "\"Lei, Li\" <li@example.com>,",
            "mailto:li@example.com",
            "<MAILTO:li@example.com?subject=Hello>",
            "li@example.com,",
            "li@example.com.",
            "(li@example.com).",
            "\"li@example.com\"",
            "“li@example.com”",
            "'li@example.com'",
            " li@example.com; ",
            "li@example.com。",
        ] {
            assert_eq!(hashes_of_contact(&keys(), typed, &Countries::default()), [stored.as_str()], "{typed}");
            assert!(is_contact(typed), "{typed}");
        }
        let apostrophe = hash_of_email(&keys(), "'li@example.com");
        assert_ne!(apostrophe, stored);
        assert_eq!(hashes_of_contact(&keys(), "'li@example.com", &Countries::default()), [apostrophe]);
    }

    #[test]
    fn a_number_is_found_in_any_spelling() {
        let countries = Countries(HashMap::from([("site".to_owned(), "CN".parse().expect("a country"))]));
        let stored = Handles::of(&keys(), None, Some(&contact(json!({"phone": "+86 138 0013 8000"}))), None);
        for typed in ["13800138000", "+8613800138000", "138-0013-8000"] {
            let found = hashes_of_contact(&keys(), typed, &countries);
            assert!(found.contains(&stored.own[0].hash), "{typed}");
        }
        assert!(hashes_of_contact(&keys(), "86 138 0013 8000", &Countries::default()).contains(&stored.own[0].hash));
        assert!(hashes_of_contact(&keys(), "late delivery", &countries).is_empty());
    }
}
