//! What a customer agreed to, as pages of the staff show it.

use crate::cases::consent::Consent;
use crate::clock::parse_rfc3339;
use crate::text::Texts;

/// What a customer was asked, and what they said.
pub struct ShownConsent {
    /// Whether they agreed.
    pub given: bool,
    /// The text that they were shown.
    pub text: Option<String>,
    /// When they said it, for programs and for people.
    pub at: (String, String),
}

impl ShownConsent {
    /// As somebody reads it.
    pub fn of(t: Texts, consent: Consent) -> Self {
        let shown = parse_rfc3339(&consent.at).map_or_else(String::new, |at| t.moment(at));
        Self { given: consent.given, text: consent.text, at: (consent.at, shown) }
    }
}
