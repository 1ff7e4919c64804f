//! Proof of work, by the protocol of ALTCHA, version 2: the collector signs a challenge, the widget finds its number, and the collector
//! lets each solved challenge in once.
//!
//! The number is drawn here, so that the work has a bound and checking it is one comparison of hashes.

use std::collections::BTreeMap;

use altcha::{Challenge, CreateChallengeOptions, Payload, VerifySolutionOptions, create_challenge, verify_solution};
use anyhow::Context as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::problem::{ErrorCode, FieldError};

use super::submission_rate::Difficulty;
use crate::app::App;
use crate::clock::{MINUTE, Millis, SECOND};
use crate::http::refusals::RefusalKind;
use crate::http::{Error, Result};
use crate::keys::{Keys, Purpose, random_bytes};
use crate::sites::Site;
use crate::{with_db, with_write};

/// One round of SHA-256 for each number tried: what a page on plain http, without SubtleCrypto, can do in slices.
const ALGORITHM: &str = "SHA-256";
/// How long a challenge holds: as long as somebody may take to write.
const VALID_FOR: Millis = 10 * MINUTE;

/// A new challenge for a site.
pub fn challenge(keys: &Keys, site: &Site, difficulty: Difficulty, now: Millis) -> Result<Challenge> {
    let most = difficulty.max(Difficulty::LEAST).hashes();
    let drawn = most - u32::from_le_bytes(random_bytes()) % (most / 2);
    let options = CreateChallengeOptions {
        algorithm: ALGORITHM.to_owned(),
        cost: 1,
        counter: Some(drawn),
        data: Some(BTreeMap::from([("site".to_owned(), site.key().into())])),
        expires_at: Some((now + VALID_FOR) / SECOND),
        hmac_signature_secret: Some(signature_secret(keys)),
        hmac_key_signature_secret: Some(key_secret(keys)),
        ..CreateChallengeOptions::default()
    };
    Ok(create_challenge(options).context("a challenge can't be made")?)
}

/// Lets a solved challenge in, for this request of the site and for no other.
pub async fn check(app: &App, site: &Site, key: &IdempotencyKey, proof: Option<&str>) -> Result<()> {
    let proof =
        proof.ok_or_else(|| proof_error(ErrorCode::Required, "this site is busy and asks for a solved challenge"))?;
    let now = app.clock.now();
    let payload = verify(&app.keys, site, proof, now).map_err(|detail| {
        app.refusals.note(RefusalKind::Proof);
        proof_error(ErrorCode::Invalid, detail)
    })?;
    let parameters = payload.challenge.parameters;
    let expires_at = expiry(parameters.expires_at);
    if use_up(app, &parameters.nonce, &format!("{}/{}", site.id(), key.as_str()), expires_at).await? {
        Ok(())
    } else {
        app.refusals.note(RefusalKind::Proof);
        Err(proof_error(ErrorCode::Invalid, "the challenge has been used; ask for another"))
    }
}

fn proof_error(code: ErrorCode, detail: &str) -> Error {
    Error::field(FieldError::new("/proof", code, detail))
}

/// Checks everything that needs no database; the error is a sentence for programmers.
fn verify(keys: &Keys, site: &Site, proof: &str, now: Millis) -> Result<Payload, &'static str> {
    let json = STANDARD.decode(proof).map_err(|_| "must be base64")?;
    let payload: Payload = serde_json::from_slice(&json).map_err(|_| "must be a payload of ALTCHA, version 2")?;
    let options = VerifySolutionOptions {
        hmac_key_signature_secret: Some(key_secret(keys)),
        ..VerifySolutionOptions::new(&payload.challenge, &payload.solution, signature_secret(keys))
    };
    let result = verify_solution(options).map_err(|_| "the challenge is not one of this collector")?;
    let parameters = &payload.challenge.parameters;
    // By our own clock too, which tests move.
    if result.expired || expiry(parameters.expires_at) <= now {
        return Err("the challenge has expired; ask for another");
    }
    if result.invalid_signature != Some(false) {
        return Err("the challenge is not one of this collector");
    }
    let of_site = parameters.data.as_ref().and_then(|data| data.get("site")).and_then(|key| key.as_str());
    if of_site != Some(site.key()) {
        return Err("the challenge is for another site");
    }
    if result.verified { Ok(payload) } else { Err("the solution is wrong") }
}

/// When a challenge ends. The number may be anybody's, since it is read before the signature is believed.
fn expiry(seconds: Option<i64>) -> Millis {
    seconds.unwrap_or_default().saturating_mul(SECOND)
}

/// Notes that a challenge was used by a request. Whether it may: a repeat of that very request may, another may not. In the database,
/// so that it holds for every replica and after a restart.
async fn use_up(app: &App, nonce: &str, used_by: &str, expires_at: Millis) -> Result<bool> {
    let insert =
        "insert into used_challenges (nonce, used_by, expires_at) values ($1, $2, $3) on conflict (nonce) do nothing";
    let rows = with_write!(&app.db, pool => sqlx::query(insert).bind(nonce).bind(used_by).bind(expires_at).execute(pool).await.map(|done| done.rows_affected()))?;
    if rows == 1 {
        return Ok(true);
    }
    let select = "select used_by from used_challenges where nonce = $1";
    let known: Option<String> =
        with_db!(&app.db, pool => sqlx::query_scalar(select).bind(nonce).fetch_optional(pool).await)?;
    Ok(known.as_deref() == Some(used_by))
}

fn signature_secret(keys: &Keys) -> String {
    keys.hash(Purpose::Challenge, "signature")
}

fn key_secret(keys: &Keys) -> String {
    keys.hash(Purpose::Challenge, "key signature")
}
