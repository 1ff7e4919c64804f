//! Giving the receipt of a case, to whoever asks for it and with the mail that says that it was received.

use super::keys;
use super::statement::{Statement, text_hash};
use crate::app::App;
use crate::cases::Case;
use crate::clock::rfc3339;
use crate::http::{Error, Result};
use crate::with_db;

/// The receipt of a case, as a file.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// What the file is called.
    pub name: String,
    /// What is in it: a JWS in its compact form.
    pub jws: String,
}

impl Receipt {
    /// The type of the file.
    pub const MEDIA_TYPE: &'static str = "application/jose";
}

/// Signs the receipt of a case.
pub async fn give(app: &App, case: &Case) -> Result<Receipt> {
    let site = app.sites.by_id(&case.site_id).await?;
    let site = site.ok_or_else(|| Error::Internal(anyhow::anyhow!("the site of case {} is gone", case.id)))?;
    let statement = Statement {
        iss: app.config.url(""),
        code: case.code(&app.keys)?,
        site: site.key().to_owned(),
        kind: submitted_kind(app, case).await?,
        received_at: rfc3339(case.received_at),
        sha256: hash_of(app, case).await?,
    };
    let key = keys::current(&app.db, &app.keys, app.clock.now()).await?;
    Ok(Receipt { name: format!("sayso-{}.jws", statement.code), jws: statement.sign(&key)? })
}

/// What the customer said that it is: the staff may have corrected it since.
async fn submitted_kind(app: &App, case: &Case) -> sqlx::Result<String> {
    let select = "select kind from feedback where id = $1";
    with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&case.id).fetch_one(pool).await)
}

/// The hash of what the customer wrote, also where the text itself was erased since.
async fn hash_of(app: &App, case: &Case) -> Result<String> {
    let select = "select text_hash_cipher from erasures where case_id = $1 and text_hash_cipher is not null";
    let kept: Option<String> =
        with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&case.id).fetch_optional(pool).await)?;
    let Some(cipher) = kept else { return Ok(text_hash(&case.message)) };
    let hash = app.keys.decrypt_text(&hash_context(&case.id), &cipher);
    hash.ok_or_else(|| Error::Internal(anyhow::anyhow!("the hash of case {} can't be decrypted", case.id)))
}

/// Where the ciphertext of the hash of a text that was erased belongs.
pub fn hash_context(case_id: &str) -> String {
    format!("erasure/{case_id}/text-hash")
}
