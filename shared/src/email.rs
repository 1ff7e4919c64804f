//! Addresses of mail in their one canonical form, which every mail server takes.

use std::fmt;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::limits::EMAIL_MAX;

/// The longest part before the `@` (RFC 5321).
const LOCAL_MAX: usize = 64;

/// An address that mail can be sent to: without characters that nobody sees, in normal form, its domain in ASCII. Mail servers without
/// SMTPUTF8, which are many, take it as well.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

/// Why mail can't be sent to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// It has no form that an address has.
    #[error("must be an e-mail address, such as li@example.com")]
    Form,
    /// What stands before the `@` has letters that most mail servers can't take.
    #[error("must have only letters a to z, digits and signs before the @; mail can't be sent to others")]
    Local,
    /// The domain is none.
    #[error("must have a domain after the @ that can exist, such as example.com")]
    Domain,
    /// It is longer than mail servers allow.
    #[error("is too long for an e-mail address: at most 64 characters before the @, and 254 in all")]
    TooLong,
}

impl EmailAddress {
    /// Reads an address as people type and paste it.
    pub fn parse(typed: &str) -> Result<Self, EmailError> {
        let visible: String = typed.nfc().filter(|c| !is_format(*c)).map(narrow).collect();
        let (local, domain) = visible.trim().rsplit_once('@').ok_or(EmailError::Form)?;
        check_local(local)?;
        let domain = canonical_domain(domain)?;
        let address = format!("{local}@{domain}");
        if address.len() > EMAIL_MAX { Err(EmailError::TooLong) } else { Ok(Self(address)) }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

// Personal data must not reach a log.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

/// Whether a character only says how others are laid out. Copied text often has some, and nobody sees them.
pub(crate) fn is_format(c: char) -> bool {
    c.general_category() == GeneralCategory::Format
}

/// The plain character for one of full width, which East Asian keyboards write.
pub(crate) fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    }
}

/// A dot-atom (RFC 5322). Quoted local parts are legal, and hardly any server takes them.
fn check_local(local: &str) -> Result<(), EmailError> {
    if local.is_empty() || local.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(EmailError::Form);
    }
    if !local.is_ascii() {
        return Err(EmailError::Local);
    }
    let is_atom = |atom: &str| {
        !atom.is_empty() && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b))
    };
    if !local.split('.').all(is_atom) {
        return Err(EmailError::Form);
    }
    if local.len() > LOCAL_MAX { Err(EmailError::TooLong) } else { Ok(()) }
}

fn canonical_domain(domain: &str) -> Result<String, EmailError> {
    if domain.is_empty() || domain.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(EmailError::Form);
    }
    let ascii = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .map_err(|_| EmailError::Domain)?;
    // A name without a dot is of one's own network, and one that ends in a number is read as an address of IPv4.
    let last = ascii.rsplit_once('.').map(|(_, last)| last).ok_or(EmailError::Domain)?;
    if last.bytes().all(|b| b.is_ascii_digit()) { Err(EmailError::Domain) } else { Ok(ascii.into_owned()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(typed: &str) -> Result<String, EmailError> {
        EmailAddress::parse(typed).map(EmailAddress::into_string)
    }

    #[test]
    fn an_address_has_one_form() {
        for (typed, canonical) in [
            ("li@example.com", "li@example.com"),
            (" Li.Lei+shop@Example.COM ", "Li.Lei+shop@example.com"),
            ("\u{200b}li@example.com", "li@example.com"),
            ("\u{feff}li@exa\u{ad}mple.com\u{2060}", "li@example.com"),
            ("\u{202a}li@example.com\u{202c}", "li@example.com"),
            ("ｌｉ＠ｅｘａｍｐｌｅ．ｃｏｍ", "li@example.com"),
            ("li@例子。中国", "li@xn--fsqu00a.xn--fiqs8s"),
            ("li@bücher.example", "li@xn--bcher-kva.example"),
            ("li@bu\u{308}cher.example", "li@xn--bcher-kva.example"),
            ("li@XN--BCHER-KVA.example", "li@xn--bcher-kva.example"),
            ("o'neil@x-y.co.uk", "o'neil@x-y.co.uk"),
        ] {
            assert_eq!(parse(typed), Ok(canonical.to_owned()), "{typed:?}");
        }
    }

    #[test]
    fn what_no_mail_reaches_is_refused() {
        let long_label = format!("li@{}.com", "a".repeat(64));
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long = format!("{}@{}.com", "a".repeat(64), ["b"; 48].map(|_| "bbb").join("."));
        for (typed, error) in [
            ("", EmailError::Form),
            ("li", EmailError::Form),
            ("@example.com", EmailError::Form),
            ("li@", EmailError::Form),
            ("li@localhost", EmailError::Domain),
            ("a@b@c.de", EmailError::Form),
            ("a b@c.de", EmailError::Form),
            ("a@c.de\nBcc: x@y.z", EmailError::Form),
            ("a@-c.de", EmailError::Domain),
            ("a@c..de", EmailError::Domain),
            ("a@c_d.de", EmailError::Domain),
            ("a@192.168.0.1", EmailError::Domain),
            ("<a@c.de>", EmailError::Form),
            ("a,b@c.de", EmailError::Form),
            ("..@c.de", EmailError::Form),
            ("\"a b\"@c.de", EmailError::Form),
            ("李雷@example.com", EmailError::Local),
            (&long_label, EmailError::Domain),
            (&long_local, EmailError::TooLong),
            (&long, EmailError::TooLong),
        ] {
            assert_eq!(parse(typed), Err(error), "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_its_own(local in "[a-zA-Z0-9.+_\u{200b}ａ-]{1,12}", domain in "[a-zA-Z0-9üßİ\u{308}例。.\u{ad}-]{1,20}") {
            if let Ok(canonical) = parse(&format!("{local}@{domain}")) {
                prop_assert!(canonical.is_ascii());
                prop_assert_eq!(parse(&canonical), Ok(canonical.clone()));
            }
        }

        #[test]
        fn never_panics(typed in "\\PC{0,40}|.{0,20}@.{0,20}") {
            if let Ok(canonical) = parse(&typed) {
                prop_assert_eq!(parse(&canonical), Ok(canonical.clone()));
            }
        }
    }
}
