//! How to reach a customer. Personal data: encrypted wherever it is stored, never logged.

use std::fmt;

use serde::{Deserialize, Serialize};

use unicode_normalization::UnicodeNormalization;

use crate::email::{EmailAddress, is_format, narrow};
use crate::fields::Fields;
use crate::limits::{EMAIL_MAX, NAME_MAX, PHONE_MAX};
use crate::masking::{Masking, mask};
use crate::problem::{ErrorCode, FieldError};
use crate::text::turns_around;

/// A name and ways to answer; at least one of the three is there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

impl Contact {
    /// What the customer wants to be called.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where mail reaches the customer.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// The phone number as written, in plain characters.
    pub fn phone(&self) -> Option<&str> {
        self.phone.as_deref()
    }

    /// The same with an address that mail reaches the customer at; what is no address comes back as the error of a field.
    pub fn with_email(contact: Option<Self>, typed: &str) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::new(serde_json::json!({"email": typed}), "");
        let read = Self::read(&mut fields);
        let errors = fields.into_errors();
        let email = read.and_then(|contact| contact.email);
        match email {
            Some(email) if errors.is_empty() => {
                let (name, phone) = contact.map_or((None, None), |contact| (contact.name, contact.phone));
                Ok(Self { name, email: Some(email), phone })
            }
            None if errors.is_empty() => Err(vec![FieldError::new("/email", ErrorCode::Required, "is required")]),
            _ => Err(errors),
        }
    }

    /// Reads the `contact` object; one without any value is the same as none.
    pub(crate) fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.text::<NAME_MAX>("name").map(|text| text.into_string());
        let email = fields.text::<EMAIL_MAX>("email").map(|text| text.into_string());
        let phone = fields.text::<PHONE_MAX>("phone").map(|text| text.into_string());
        let name = name.and_then(|name| read(fields, "name", one_line(&name)));
        // Some browsers fill the wrong field, and no name is an account.
        let name = name.map(|name| mask(name, Masking::Everything));
        let email = email.and_then(|email| read(fields, "email", EmailAddress::parse(&email)));
        let email = email.map(EmailAddress::into_string);
        let phone = phone.and_then(|phone| read(fields, "phone", phone_number(&phone))).map(without_card);
        (name.is_some() || email.is_some() || phone.is_some()).then_some(Self { name, email, phone })
    }
}

/// A phone number that is none but a card, masked. None that people are called by has so many digits, or else it begins with its country.
fn without_card(phone: String) -> String {
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    if digits > 15 || digits == 15 && !phone.starts_with('+') { mask(phone, Masking::Cards) } else { phone }
}

fn read<T>(fields: &mut Fields, name: &str, value: Result<T, impl fmt::Display>) -> Option<T> {
    value.map_err(|error| fields.refuse(name, ErrorCode::Invalid, error.to_string())).ok()
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contact(…)")
    }
}

/// A name that stands on one line, with tabs as spaces: tables are pasted with them. Marks of direction go: they would turn our own words around it.
pub fn one_line(name: &str) -> Result<String, &'static str> {
    let kept = name.chars().filter(|c| !turns_around(*c));
    let spaced: String = kept.map(|c| if c == '\t' { ' ' } else { c }).collect();
    let name = spaced.trim();
    match name.chars().find(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        Some('\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}') => Err("must be one line"),
        Some(_) => Err("must not contain control characters"),
        None => Ok(name.to_owned()),
    }
}

/// A phone number as people write it, in plain characters and without those that nobody sees, which are copied along from address books.
pub fn phone_number(typed: &str) -> Result<String, &'static str> {
    const FORM: &str = "must be a phone number with at least three digits";
    let visible: String = typed.nfkc().filter(|c| !is_format(*c)).map(narrow).collect();
    let number = one_line(&visible)?.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_number = number.chars().filter(|c| c.is_numeric()).count() >= 3 && number.chars().count() <= PHONE_MAX;
    if is_number { Ok(number) } else { Err(FORM) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_stand_on_one_line_and_tabs_are_spaces() {
        assert_eq!(one_line("Li\tLei "), Ok("Li Lei".to_owned()));
        for broken in ["Li\nLei", "Li\u{2028}Lei", "Li\u{85}Lei"] {
            assert_eq!(one_line(broken), Err("must be one line"), "{broken:?}");
        }
        assert_eq!(one_line("Li\u{7}Lei"), Err("must not contain control characters"));
        assert_eq!(one_line("\u{202e}ieL iL\u{202c}"), Ok("ieL iL".to_owned()));
    }

    #[test]
    fn phone_numbers_lose_what_nobody_sees() {
        assert_eq!(phone_number("\u{202a}+86 138\u{a0}0013\t8000\u{202c}"), Ok("+86 138 0013 8000".to_owned()));
        assert_eq!(phone_number("（０２０）１２３"), Ok("(020)123".to_owned()));
        for wrong in ["12", "call me", "1\n2\n3"] {
            assert!(phone_number(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn no_number_of_a_card_or_an_account_is_a_name() {
        let mut fields = Fields::new(serde_json::json!({"name": "Li 4111 1111 1111 1111 DE89370400440532013000"}), "");
        let contact = Contact::read(&mut fields).expect("a contact");
        assert_eq!(contact.name(), Some("Li •••• •••• •••• 1111 ••••••••••••••••••3000"));
    }

    #[test]
    fn no_card_is_a_phone_number_and_no_phone_number_is_a_card() {
        for (typed, kept) in [
            ("4111 1111 1111 1111", "•••• •••• •••• 1111"),
            ("4111-1111-1111-1111", "••••-••••-••••-1111"),
            ("378282246310005", "•••••••••••0005"),
            ("+6281234567890", "+6281234567890"),
            ("4111111111119", "4111111111119"),
        ] {
            let mut fields = Fields::new(serde_json::json!({"phone": typed}), "");
            assert_eq!(Contact::read(&mut fields).expect("a contact").phone(), Some(kept));
        }
    }

    proptest! {
        #[test]
        fn canonical_forms_are_their_own(typed in "[0-9０-９+ ()\t\u{202c}\u{a0}ﬁ⁵-]{0,20}|\\PC{0,20}") {
            if let Ok(number) = phone_number(&typed) {
                prop_assert_eq!(phone_number(&number), Ok(number.clone()));
            }
            if let Ok(name) = one_line(&typed) {
                prop_assert_eq!(one_line(&name), Ok(name.clone()));
            }
        }
    }
}
