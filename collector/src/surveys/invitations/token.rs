//! The personal link of an invitation: its identifier, signed, so that nothing more is stored and nobody can make one up.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::keys::{Keys, Purpose, equal};

/// Bytes of an identifier, and of its signature.
const HALF: usize = 16;

/// What stands in a personal link: 43 letters, digits, `-` and `_`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    invitation_id: String,
    text: String,
}

// It answers in somebody's name.
impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token(…)")
    }
}

impl Token {
    /// That of an invitation; none if its identifier is no UUID.
    pub fn of(keys: &Keys, invitation_id: &str) -> Option<Self> {
        let id = Uuid::parse_str(invitation_id).ok()?;
        let mut bytes = [0; 2 * HALF];
        bytes[..HALF].copy_from_slice(id.as_bytes());
        bytes[HALF..].copy_from_slice(&keys.short_hash(Purpose::Survey, &format!("link/{id}")).to_be_bytes());
        Some(Self { invitation_id: id.to_string(), text: URL_SAFE_NO_PAD.encode(bytes) })
    }

    /// Reads one; none if it was not made here.
    pub fn parse(keys: &Keys, text: &str) -> Option<Self> {
        let bytes: [u8; 2 * HALF] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let id = Uuid::from_slice(&bytes[..HALF]).ok()?;
        let token = Self::of(keys, &id.to_string())?;
        equal(&token.text, text).then_some(token)
    }

    /// The invitation.
    pub fn invitation_id(&self) -> &str {
        &self.invitation_id
    }

    /// The path of the page.
    pub fn path(&self) -> String {
        format!("/survey/{}", self.text)
    }

    /// What answers are stored under: it leads to the invitation only for whoever has the master key.
    pub fn respondent(&self, keys: &Keys) -> String {
        format!("mail:{:032x}", keys.short_hash(Purpose::Survey, &format!("respondent/{}", self.invitation_id)))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> Keys {
        Keys::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap()
    }

    proptest! {
        #[test]
        fn a_link_leads_to_its_invitation_and_no_other(id: u128, at in 0_usize..43, other in "[A-Za-z0-9_-]") {
            let id = Uuid::from_u128(id).to_string();
            let token = Token::of(&keys(), &id).unwrap();
            let text = token.path()["/survey/".len()..].to_owned();
            prop_assert_eq!(text.len(), 43);
            prop_assert_eq!(Token::parse(&keys(), &text).unwrap().invitation_id(), id.as_str());
            let mut forged = text.clone();
            forged.replace_range(at..=at, &other);
            prop_assert!(forged == text || Token::parse(&keys(), &forged).is_none());
            prop_assert!(!token.respondent(&keys()).contains(&id));
        }

        #[test]
        fn any_other_text_is_none(text in "\\PC{0,60}") {
            prop_assert!(Token::parse(&keys(), &text).is_none());
        }
    }
}
