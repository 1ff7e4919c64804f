//! What a receipt says, and whether it holds.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::keys::SigningKey;

/// What the header of a receipt names as its type.
const TYPE: &str = "sayso-receipt";
/// Longest receipt that is looked at, in bytes: ten times what one has.
pub(super) const RECEIPT_MAX_BYTES: usize = 8 * 1024;

/// What was received.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Statement {
    /// The address of the collector that received it.
    pub iss: String,
    /// The tracking code.
    pub code: String,
    /// The key of the site.
    pub site: String,
    /// The word for its kind.
    pub kind: String,
    /// When it was received, by RFC 3339.
    pub received_at: String,
    /// The SHA-256 of the text as it was stored, in hexadecimal digits.
    pub sha256: String,
}

/// Why a receipt does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// It is something else, or not all of it is there.
    #[error("this is no receipt, or not all of it is there")]
    Unreadable,
    /// None of the public keys is the one that it names.
    #[error("none of the public keys is the one that this receipt was signed with")]
    UnknownKey,
    /// It was altered.
    #[error("the signature does not hold: the receipt was altered")]
    Altered,
    /// The text is another one.
    #[error("the receipt holds, but it is of another text")]
    OtherText,
}

impl Statement {
    /// Signs it; gives the receipt.
    pub(super) fn sign(&self, key: &SigningKey) -> anyhow::Result<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.id.clone());
        Ok(encode(&header, self, &key.private)?)
    }

    /// Verifies a receipt by the public keys of whoever gave it.
    pub fn verify(receipt: &str, keys: &JwkSet) -> Result<Self, ReceiptError> {
        let receipt = receipt.trim();
        if receipt.len() > RECEIPT_MAX_BYTES {
            return Err(ReceiptError::Unreadable);
        }
        let header = decode_header(receipt).map_err(|_| ReceiptError::Unreadable)?;
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYPE) {
            return Err(ReceiptError::Unreadable);
        }
        let key = header.kid.as_deref().and_then(|id| keys.find(id)).ok_or(ReceiptError::UnknownKey)?;
        let key = DecodingKey::from_jwk(key).map_err(|_| ReceiptError::UnknownKey)?;
        // What it says has no end.
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        let statement = decode(receipt, &key, &validation).map_err(|_| ReceiptError::Altered)?;
        Ok(statement.claims)
    }

    /// Whether it is of this text.
    pub fn is_of(&self, text: &str) -> Result<(), ReceiptError> {
        let hash = text_hash(&text.replace("\r\n", "\n"));
        if hash == self.sha256 { Ok(()) } else { Err(ReceiptError::OtherText) }
    }
}

/// The SHA-256 of a text as it is stored, in hexadecimal digits.
pub fn text_hash(text: &str) -> String {
    Sha256::digest(text.trim()).iter().map(|byte| format!("{byte:02x}")).collect()
}
