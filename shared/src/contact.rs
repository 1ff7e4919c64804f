//! How to reach a customer. Personal data: encrypted wherever it is stored, never logged.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fields::Fields;
use crate::limits::{EMAIL_MAX, NAME_MAX, PHONE_MAX};
use crate::problem::ErrorCode;

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

    /// The phone number as typed.
    pub fn phone(&self) -> Option<&str> {
        self.phone.as_deref()
    }

    /// Reads the `contact` object; one without any value is the same as none.
    pub(crate) fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.text::<NAME_MAX>("name").map(|text| text.into_string());
        let email = fields.text::<EMAIL_MAX>("email").map(|text| text.into_string());
        let phone = fields.text::<PHONE_MAX>("phone").map(|text| text.into_string());
        if name.as_deref().is_some_and(has_control) {
            fields.refuse("name", ErrorCode::Invalid, "must be one line");
        }
        if email.as_deref().is_some_and(|email| !is_email(email)) {
            fields.refuse("email", ErrorCode::Invalid, "must be an e-mail address, such as li@example.com");
        }
        if phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
            fields.refuse("phone", ErrorCode::Invalid, "must be a phone number with at least three digits");
        }
        (name.is_some() || email.is_some() || phone.is_some()).then_some(Self { name, email, phone })
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contact(…)")
    }
}

/// Whether the text looks like an address that mail can be sent to. Only the mail server knows for sure, so this
/// refuses what can't be one (RFC 5321: a local part, one `@`, a domain; no white space) and nothing more.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let forbidden = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '<' | '>' | ',' | ';' | ':' | '"' | '(' | ')' | '[' | ']' | '\\')
    };
    !local.is_empty()
        && local.len() <= 64
        && !local.contains('@')
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && !local.contains(forbidden)
        && domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
        && domain.contains('.')
        && domain.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '.')
}

fn is_phone(text: &str) -> bool {
    text.chars().filter(|c| c.is_numeric()).count() >= 3 && !has_control(text)
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_addresses_from_other_text() {
        for good in ["li@example.com", "a.b+c@shop.example", "李雷@例子.中国", "o'neil@x-y.co.uk"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "li",
            "@example.com",
            "li@",
            "li@localhost",
            "a@b@c.de",
            "a b@c.de",
            "a@c.de\nBcc: x@y.z",
            "a@-c.de",
            "a@c..de",
            "<a@c.de>",
            "a,b@c.de",
            "..@c.de",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
