//! Whether an ID token is believed (OpenID Connect Core 1.0, section 3.1.3.7): pure, without I/O and clock.

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};

use crate::clock::{Millis, SECOND};
use crate::json::Object;
use crate::keys::equal;

/// How far the clocks of a provider and of the collector may differ.
const LEEWAY: Millis = 60 * SECOND;
/// The longest subject, in bytes, as the standard has it.
const SUBJECT_MAX: usize = 255;
/// What may sign: pairs of keys of which the collector has the public half. Neither `none` nor HMAC, whose key the client would share.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What a token has to say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Who issued it.
    pub issuer: &'a str,
    /// Whom it is for.
    pub client_id: &'a str,
    /// Which sign-in it answers.
    pub nonce: &'a str,
    /// The time, in Unix milliseconds.
    pub now: Millis,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disbelief {
    /// It names a key that is not among those at hand: the provider may have a new one.
    UnknownKey,
    /// Anything else, by the word for it.
    Wrong(&'static str),
}

/// What a token claims, if one of `keys` signed it and it says what is expected.
pub fn verify(token: &str, keys: &[Jwk], expected: Expected<'_>) -> Result<Map<String, Value>, Disbelief> {
    let claims = signed_claims(token, keys)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let refuse = |holds: bool, why| if holds { Ok(()) } else { Err(Disbelief::Wrong(why)) };
    refuse(text("iss") == Some(expected.issuer), "issuer")?;
    refuse(is_for(&claims, expected.client_id), "audience")?;
    let expires = seconds(&claims, "exp").ok_or(Disbelief::Wrong("expiry"))?;
    refuse(expected.now < expires.saturating_add(LEEWAY), "expiry")?;
    for from in ["iat", "nbf"] {
        let is_there = claims.contains_key(from);
        let is_past = seconds(&claims, from).is_some_and(|from| from <= expected.now.saturating_add(LEEWAY));
        refuse(is_past || !is_there, "not_yet_valid")?;
    }
    refuse(text("nonce").is_some_and(|nonce| equal(nonce, expected.nonce)), "nonce")?;
    // No column takes NUL, and no provider needs it.
    let is_subject = |subject: &str| (1..=SUBJECT_MAX).contains(&subject.len()) && !subject.contains(char::is_control);
    refuse(text("sub").is_some_and(is_subject), "subject")?;
    Ok(claims)
}

/// A time of the claims, in Unix milliseconds. Some providers write fractions of seconds.
pub fn seconds(claims: &Map<String, Value>, name: &str) -> Option<Millis> {
    let value = claims.get(name)?;
    let whole = value.as_i64().or_else(|| value.as_f64().filter(|time| time.abs() < 1e15).map(|time| time as i64));
    whole.map(|seconds| seconds.saturating_mul(SECOND))
}

/// Whether the client is whom a token is for, and whom it was given to.
fn is_for(claims: &Map<String, Value>, client_id: &str) -> bool {
    let (is_named, others) = match claims.get("aud") {
        Some(Value::String(audience)) => (audience == client_id, false),
        Some(Value::Array(all)) => (all.iter().any(|one| one.as_str() == Some(client_id)), all.len() > 1),
        _ => (false, false),
    };
    let party = claims.get("azp");
    is_named && party.map_or(!others, |party| party.as_str() == Some(client_id))
}

fn signed_claims(token: &str, keys: &[Jwk]) -> Result<Map<String, Value>, Disbelief> {
    // An algorithm that the library does not know, such as `none`, makes the header unreadable.
    let header = decode_header(token).map_err(|_| Disbelief::Wrong("header"))?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Disbelief::Wrong("algorithm"));
    }
    // What a verifier has to understand (RFC 7515, section 4.1.11): we understand nothing of the kind.
    if header.crit.is_some() {
        return Err(Disbelief::Wrong("critical_header"));
    }
    let fitting = keys.iter().filter(|key| fits(key, header.alg));
    let named: Vec<&Jwk> = match &header.kid {
        Some(kid) => fitting.filter(|key| key.common.key_id.as_ref() == Some(kid)).collect(),
        None => fitting.collect(),
    };
    // A token that names no key is of the only one that there is (section 10.1).
    let [key] = named.as_slice() else { return Err(Disbelief::UnknownKey) };
    let key = DecodingKey::from_jwk(key).map_err(|_| Disbelief::Wrong("key"))?;
    let mut validation = Validation::new(header.alg);
    // All of them are compared above, with our clock.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    decode(token, &key, &validation)
        .map(|token| token.claims)
        .map(|Object(claims)| claims)
        .map_err(|_| Disbelief::Wrong("signature"))
}

/// Whether a key is for signatures by this algorithm, by what it says of itself and by its kind.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let is_for_signing = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let said = key.common.key_algorithm;
    let is_said = said.is_none_or(|said| said.to_string().parse().is_ok_and(|said: Algorithm| said == algorithm));
    let is_kind = DecodingKey::from_jwk(key).is_ok_and(|key| key.family() == algorithm.family());
    is_for_signing && is_said && is_kind
}
