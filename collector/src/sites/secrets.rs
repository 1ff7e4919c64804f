//! The secrets with which sites sign identities, encrypted. Two are valid at a time, so that one can take over from the other.

use anyhow::ensure;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::Site;
use super::identity::SiteSecret;
use crate::audit::{self, Change, Stamp};
use crate::clock::Millis;
use crate::db::Db;
use crate::keys::{Keys, new_id, random_bytes};
use crate::{with_db, with_tx};

/// How many secrets of a site are valid at the same time.
const VALID: i64 = 2;

/// A secret as people know it: not by what it is.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Listed {
    /// Its identifier.
    pub id: String,
    /// When it was made.
    pub created_at: Millis,
}

/// Makes a secret; gives its identifier and the secret, which is not shown again.
pub async fn add(db: &Db, keys: &Keys, site: &Site, stamp: &Stamp) -> anyhow::Result<(String, SiteSecret)> {
    let id = new_id();
    let secret = format!("idsec_{}", URL_SAFE_NO_PAD.encode(random_bytes::<32>()));
    let cipher = keys.encrypt(&context(&id), secret.as_bytes());
    let mut tx = db.begin().await?;
    // Locks the site, so that two commands at once can't make three secrets.
    let lock = "update sites set updated_at = updated_at where id = $1";
    with_tx!(&mut tx, conn => sqlx::query(lock).bind(site.id()).execute(conn).await.map(|_| ()))?;
    let select = "select count(*) from site_secrets where site_id = $1";
    let valid: i64 = with_tx!(&mut tx, conn => sqlx::query_scalar(select).bind(site.id()).fetch_one(conn).await)?;
    ensure!(
        valid < VALID,
        "the site {} has {valid} secrets already; remove the older one first (`sayso site secret list {}` shows them)",
        site.key(),
        site.key()
    );
    let insert = "insert into site_secrets (id, site_id, secret_cipher, created_at) values ($1, $2, $3, $4)";
    with_tx!(&mut tx, conn => sqlx::query(insert).bind(&id).bind(site.id()).bind(&cipher).bind(stamp.at).execute(conn).await.map(|_| ()))?;
    let object = format!("site/{}", site.key());
    let change = Change { action: "site.secret.add", object, before: Value::Null, after: json!({"secret": id}) };
    audit::append(&mut tx, stamp, &change).await?;
    tx.commit().await?;
    Ok((id, SiteSecret::new(secret)))
}

/// The secrets of a site, oldest first.
pub async fn list(db: &Db, site: &Site) -> sqlx::Result<Vec<Listed>> {
    let select = "select id, created_at from site_secrets where site_id = $1 order by id";
    with_db!(db, pool => sqlx::query_as(select).bind(site.id()).fetch_all(pool).await)
}

/// Makes a secret invalid, at once and for good.
pub async fn remove(db: &Db, id: &str, stamp: &Stamp) -> anyhow::Result<()> {
    let mut tx = db.begin().await?;
    let site =
        "select sites.key from site_secrets join sites on sites.id = site_secrets.site_id where site_secrets.id = $1";
    let site: Option<String> = with_tx!(&mut tx, conn => sqlx::query_scalar(site).bind(id).fetch_optional(conn).await)?;
    let delete = "delete from site_secrets where id = $1";
    let rows =
        with_tx!(&mut tx, conn => sqlx::query(delete).bind(id).execute(conn).await.map(|done| done.rows_affected()))?;
    ensure!(rows == 1, "there is no secret {id}; `sayso site secret list KEY` shows the secrets of a site");
    let object = format!("site/{}", site.unwrap_or_default());
    let change = Change { action: "site.secret.remove", object, before: json!({"secret": id}), after: Value::Null };
    audit::append(&mut tx, stamp, &change).await?;
    Ok(tx.commit().await?)
}

/// The secrets that are valid for a site at present.
pub async fn valid(db: &Db, keys: &Keys, site: &Site) -> anyhow::Result<Vec<SiteSecret>> {
    let select = "select id, secret_cipher from site_secrets where site_id = $1 order by id";
    let rows: Vec<(String, String)> =
        with_db!(db, pool => sqlx::query_as(select).bind(site.id()).fetch_all(pool).await)?;
    let decrypt = |(id, cipher): (String, String)| {
        let secret = keys.decrypt_text(&context(&id), &cipher).map(SiteSecret::new);
        secret.ok_or_else(|| anyhow::anyhow!("the site secret {id} can't be decrypted with the keys at hand"))
    };
    rows.into_iter().map(decrypt).collect()
}

/// Where alone the ciphertext of a secret can be decrypted.
pub fn context(id: &str) -> String {
    format!("site_secrets/{id}/secret")
}
