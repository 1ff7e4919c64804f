//! Identifiers that are signed, for links in mails: nothing more is stored, and nobody can make one up.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::{Keys, Purpose, equal};

/// Bytes of an identifier, and of its signature.
const HALF: usize = 16;

/// An identifier with its signature: 43 letters, digits, `-` and `_`.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedId {
    id: String,
    text: String,
}

// It acts in somebody's name.
impl std::fmt::Debug for SignedId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SignedId(…)")
    }
}

impl SignedId {
    /// Signs an identifier for a purpose; none if it is no UUID.
    pub fn of(keys: &Keys, purpose: Purpose, id: &str) -> Option<Self> {
        let id = Uuid::parse_str(id).ok()?;
        let mut bytes = [0; 2 * HALF];
        bytes[..HALF].copy_from_slice(id.as_bytes());
        bytes[HALF..].copy_from_slice(&keys.short_hash(purpose, &format!("link/{id}")).to_be_bytes());
        Some(Self { id: id.to_string(), text: URL_SAFE_NO_PAD.encode(bytes) })
    }

    /// Reads one; none if it was not made here and for this purpose.
    pub fn parse(keys: &Keys, purpose: Purpose, text: &str) -> Option<Self> {
        let bytes: [u8; 2 * HALF] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let id = Uuid::from_slice(&bytes[..HALF]).ok()?;
        let signed = Self::of(keys, purpose, &id.to_string())?;
        equal(&signed.text, text).then_some(signed)
    }

    /// The identifier.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What stands in the link.
    pub fn as_str(&self) -> &str {
        &self.text
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
        fn only_what_was_signed_for_the_purpose_is_read(id: u128, at in 0_usize..43, other in "[A-Za-z0-9_-]") {
            let id = Uuid::from_u128(id).to_string();
            let text = SignedId::of(&keys(), Purpose::Survey, &id).unwrap().as_str().to_owned();
            prop_assert_eq!(text.len(), 43);
            let parsed = SignedId::parse(&keys(), Purpose::Survey, &text).unwrap();
            prop_assert_eq!(parsed.id(), id.as_str());
            prop_assert!(SignedId::parse(&keys(), Purpose::Digest, &text).is_none());
            let mut forged = text.clone();
            forged.replace_range(at..=at, &other);
            prop_assert!(forged == text || SignedId::parse(&keys(), Purpose::Survey, &forged).is_none());
        }

        #[test]
        fn any_other_text_is_none(text in "\\PC{0,60}") {
            prop_assert!(SignedId::parse(&keys(), Purpose::Survey, &text).is_none());
        }
    }
}
