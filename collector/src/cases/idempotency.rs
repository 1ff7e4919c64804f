//! Recognising repeated requests by their idempotency key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sayso_shared::id::IdempotencyKey;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::error::{CaseError, Result};
use crate::clock::Millis;
use crate::db::{Db, Tx};
use crate::{with_db, with_tx, with_write};

/// The form that is hashed: JSON without what is absent, with addresses, numbers and pages in their canonical forms. A hash says which it is of, so that another form never makes a repeat look like something else.
const HASH_VERSION: &str = "2:";

/// A hash of what a request means, with the version of the form that was hashed. [`is_same_request`] compares two.
pub fn request_hash(request: &impl Serialize) -> String {
    format!("{HASH_VERSION}{}", content_hash(request))
}

/// A hash of what a request says, of no version.
pub fn content_hash(request: &impl Serialize) -> String {
    bytes_hash(&serde_json::to_vec(request).expect("requests are plain data"))
}

/// A hash of what came, byte for byte.
pub fn bytes_hash(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}

/// Whether a request is the one whose hash was stored. A hash of another version can't be compared; the key, which the client drew at random, is
/// believed then.
pub fn is_same_request(stored: &str, hash: &str) -> bool {
    stored == hash || !stored.starts_with(HASH_VERSION)
}

/// What a repeated submission is recognised by: the site and the client's key in one short text, since it is indexed.
pub fn submission_key(site_id: &str, key: &IdempotencyKey) -> String {
    let digest = Sha256::new().chain_update(site_id).chain_update([0]).chain_update(key.as_str()).finalize();
    URL_SAFE_NO_PAD.encode(&digest[..16])
}

/// Whether a request has been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// It is new, and its key is noted in this transaction.
    New,
    /// It is a repeat of what has been done.
    Repeated,
}

/// Whether something was asked about a case with this key before.
pub async fn is_known(db: &Db, case_id: &str, key: &IdempotencyKey) -> sqlx::Result<bool> {
    let select = "select count(*) from idempotency_keys where scope = $1 and key = $2";
    let count: i64 =
        with_db!(db, pool => sqlx::query_scalar(select).bind(case_id).bind(key.as_str()).fetch_one(pool).await)?;
    Ok(count > 0)
}

/// What was made or changed by a request with this key that is about no case, such as the key of a problem; none if it is new. The same key for another
/// request is refused.
pub async fn recognise(db: &Db, scope: &str, key: &IdempotencyKey, request_hash: &str) -> Result<Option<String>> {
    let select = "select request_hash, case_id from idempotency_keys where scope = $1 and key = $2";
    let known: Option<(String, String)> =
        with_db!(db, pool => sqlx::query_as(select).bind(scope).bind(key.as_str()).fetch_optional(pool).await)?;
    match known {
        None => Ok(None),
        Some((known, object)) if is_same_request(&known, request_hash) => Ok(Some(object)),
        Some(_) => Err(CaseError::KeyReused),
    }
}

/// Notes what a request with this key has made or changed, for [`recognise`].
pub async fn note(
    db: &Db,
    scope: &str,
    key: &IdempotencyKey,
    request_hash: &str,
    object: &str,
    now: Millis,
) -> Result<()> {
    let insert = "insert into idempotency_keys (scope, key, request_hash, case_id, created_at) values ($1, $2, $3, $4, $5) \
        on conflict (scope, key) do nothing";
    with_write!(db, pool => sqlx::query(insert).bind(scope).bind(key.as_str()).bind(request_hash).bind(object).bind(now)
        .execute(pool).await.map(|_| ()))?;
    Ok(())
}

/// Notes the key of a request about a case. The same key for another request is refused.
pub async fn record_key(
    tx: &mut Tx,
    case_id: &str,
    key: &IdempotencyKey,
    request_hash: &str,
    now: Millis,
) -> Result<KeyStatus> {
    let insert = "insert into idempotency_keys (scope, key, request_hash, case_id, created_at) values ($1, $2, $3, $1, $4) \
        on conflict (scope, key) do nothing";
    let rows = with_tx!(tx, conn => sqlx::query(insert).bind(case_id).bind(key.as_str()).bind(request_hash).bind(now)
        .execute(conn).await.map(|done| done.rows_affected()))?;
    if rows == 1 {
        return Ok(KeyStatus::New);
    }
    let select = "select request_hash from idempotency_keys where scope = $1 and key = $2";
    let known: String =
        with_tx!(tx, conn => sqlx::query_scalar(select).bind(case_id).bind(key.as_str()).fetch_one(conn).await)?;
    if is_same_request(&known, request_hash) { Ok(KeyStatus::Repeated) } else { Err(CaseError::KeyReused) }
}
