//! Who a customer is, by the word of their site: a JWT (RFC 7519) that the site's own server signs with HS256 and a secret of the
//! site. What is not valid is refused, and never taken as if nobody had been named.

use std::fmt;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, TokenData, Validation, decode, decode_header};
use sayso_shared::contact::one_line;
use sayso_shared::limits::{EMAIL_MAX, IDENTITY_MAX_BYTES, NAME_MAX, SUBJECT_MAX, TIER_MAX};
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::text::Text;
use sayso_shared::{Contact, EmailAddress};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::value::CustomerValue;
use crate::clock::{HOUR, Millis, SECOND};
use crate::json::{Object, REPEATED};

/// How far the clocks of a site and of the collector may differ.
pub const LEEWAY: Millis = 60 * SECOND;

/// Whom a site vouched for. Personal data: stored encrypted, never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The site's own identifier of the customer.
    pub sub: String,
    /// What the customer is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where mail reaches the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What the customer is to the site, such as `gold`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// What the customer is worth to the site, as a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<CustomerValue>,
}

/// A text that a site signs with.
#[derive(Clone, PartialEq, Eq)]
pub struct SiteSecret(String);

/// Why a token is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityError {
    /// It never was valid; with a sentence that says why.
    Invalid(String),
    /// It was valid once.
    Expired,
}

/// How far ahead a token may end: whoever finds one must not be that customer for good.
pub const LONGEST: Millis = 24 * HOUR;

/// Whom `token` names, if one of `secrets` signed it for the site `key` and it has not expired at `now`.
pub fn verify(token: &str, secrets: &[SiteSecret], key: &str, now: Millis) -> Result<Identity, IdentityError> {
    if token.len() > IDENTITY_MAX_BYTES {
        return Err(invalid(format!("must be at most {IDENTITY_MAX_BYTES} bytes")));
    }
    let claims = signed_claims(token, secrets)?;
    let expires =
        time(&claims, "exp")?.ok_or_else(|| invalid("has no claim exp, which says until when it is valid"))?;
    if time(&claims, "nbf")?.is_some_and(|from| from > now.saturating_add(LEEWAY)) {
        return Err(invalid("is not valid yet, by its claim nbf"));
    }
    if expires > now.saturating_add(LONGEST + LEEWAY) {
        return Err(invalid("is valid for too long: its claim exp may be 24 hours ahead at most"));
    }
    if !is_for(&claims, key) {
        return Err(invalid("is for somebody else, by its claim aud: it must be the key of the site"));
    }
    let email = text::<EMAIL_MAX>(&claims, "email")?.map(|email| EmailAddress::parse(&email)).transpose();
    let email = email.map_err(|error| invalid(format!("has a claim email that {error}")))?;
    let name = text::<NAME_MAX>(&claims, "name")?.map(|name| one_line(&name)).transpose();
    let identity = Identity {
        sub: text::<SUBJECT_MAX>(&claims, "sub")?
            .ok_or_else(|| invalid("has no claim sub, which says who the customer is"))?,
        name: name.map_err(|error| invalid(format!("has a claim name that {error}")))?,
        email: email.map(EmailAddress::into_string),
        tier: text::<TIER_MAX>(&claims, "tier")?,
        value: value(&claims)?,
    };
    // Last, so that a token of which more is wrong is not called valid once.
    if now.saturating_sub(LEEWAY) >= expires { Err(IdentityError::Expired) } else { Ok(identity) }
}

impl Identity {
    /// How to reach the customer, for those who gave no contact of their own.
    pub fn contact(&self) -> Option<Contact> {
        (self.name.is_some() || self.email.is_some())
            .then(|| serde_json::from_value(json!({"name": self.name, "email": self.email})).ok())
            .flatten()
    }
}

impl SiteSecret {
    /// A secret as it is kept.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for those who sign with it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}

impl fmt::Debug for SiteSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SiteSecret(…)")
    }
}

impl IdentityError {
    /// What is said of the field `identity`.
    pub fn field_error(self) -> FieldError {
        let (code, detail) = match self {
            IdentityError::Invalid(why) => (ErrorCode::Invalid, why),
            IdentityError::Expired => {
                (ErrorCode::IdentityExpired, "has expired; the site must sign a new one".to_owned())
            }
        };
        FieldError::new("/identity", code, detail)
    }
}

fn invalid(why: impl Into<String>) -> IdentityError {
    IdentityError::Invalid(why.into())
}

/// What the token claims, if its signature is that of one of the secrets.
fn signed_claims(token: &str, secrets: &[SiteSecret]) -> Result<Map<String, Value>, IdentityError> {
    if secrets.is_empty() {
        return Err(invalid("can't be checked: this site has no secret for signed identities"));
    }
    // A header may name what a verifier has to understand (RFC 7515, section 4.1.11), and we understand nothing of the kind.
    if decode_header(token).is_ok_and(|header| header.crit.is_some()) {
        return Err(invalid("has a critical header that is not supported"));
    }
    let mut validation = Validation::new(Algorithm::HS256);
    // Times are compared below: with our clock, and strictly.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    // Compared below, where it is given: the secret is for this one purpose, so it says itself whom the token is for.
    validation.validate_aud = false;
    for secret in secrets {
        match decode(token, &DecodingKey::from_secret(secret.0.as_bytes()), &validation) {
            Ok(TokenData { claims: Object(claims), .. }) => return Ok(claims),
            Err(error) => match error.kind() {
                ErrorKind::InvalidSignature => {}
                ErrorKind::InvalidAlgorithm => return Err(invalid("must be signed with HS256")),
                ErrorKind::Json(error) if error.to_string().contains(REPEATED) => {
                    return Err(invalid("has a claim that is there more than once"));
                }
                _ => return Err(invalid("is not a JWT that is signed with HS256")),
            },
        }
    }
    Err(invalid("is not signed with a secret of this site"))
}

/// Whether the token is meant for this site: by its claim `aud`, one text or several, or because it has none.
fn is_for(claims: &Map<String, Value>, key: &str) -> bool {
    match claims.get("aud") {
        None | Some(Value::Null) => true,
        Some(Value::String(aud)) => aud == key,
        Some(Value::Array(all)) => all.iter().any(|aud| aud == key),
        Some(_) => false,
    }
}

/// A time claim, in milliseconds: seconds since 1970, perhaps with a fraction, of a time that there will be.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<Millis>, IdentityError> {
    /// The end of the year 9999.
    const LAST: f64 = 253_402_300_799.0;
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(seconds)) => match seconds.as_f64() {
            Some(seconds) if seconds <= LAST => Ok(Some((seconds.max(0.0) * 1_000.0) as Millis)),
            _ => Err(invalid(format!("has a claim {name} that is no time, in seconds since 1970"))),
        },
        Some(_) => Err(invalid(format!("has a claim {name} that is not a number of seconds"))),
    }
}

/// What the customer is worth, a number.
fn value(claims: &Map<String, Value>) -> Result<Option<CustomerValue>, IdentityError> {
    match claims.get("value") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => match number.as_f64().and_then(CustomerValue::new) {
            Some(value) => Ok(Some(value)),
            None => Err(invalid("has a claim value that is not a number from 0 to 1,000,000,000,000")),
        },
        Some(_) => Err(invalid("has a claim value that is not a number")),
    }
}

/// A text claim on one line; an empty one counts as absent.
fn text<const MAX: usize>(claims: &Map<String, Value>, name: &str) -> Result<Option<String>, IdentityError> {
    let typed = match claims.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(typed)) if typed.trim().is_empty() => return Ok(None),
        Some(Value::String(typed)) => typed,
        Some(_) => return Err(invalid(format!("has a claim {name} that is not a string"))),
    };
    if typed.chars().any(char::is_control) {
        return Err(invalid(format!("has a claim {name} that is not one line of text")));
    }
    let text =
        Text::<MAX>::parse(typed).map_err(|error| invalid(format!("has a claim {name} that {}", error.detail)))?;
    Ok(Some(text.into_string()))
}

#[cfg(test)]
mod tests;
