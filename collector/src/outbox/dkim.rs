//! DKIM (RFC 6376): our mails are signed, and receivers find the key in the DNS of the sender's domain. Without it, large providers have no button to unsubscribe
//! with, and take our mails for spam sooner.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::message::dkim::{
    DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm, DkimSigningKey,
};
use lettre::message::header::HeaderName;
use rsa::RsaPrivateKey;
use rsa::pkcs1::{EncodeRsaPrivateKey as _, LineEnding};
use rsa::pkcs8::EncodePublicKey as _;
use rsa::rand_core::OsRng;
use serde_json::{Value, json};

use crate::audit::{self, Change, Stamp};
use crate::clock::{MINUTE, Millis};
use crate::db::Db;
use crate::keys::{Keys, new_id};
use crate::{with_db, with_tx};

/// What receivers take, and what fits into a record of the DNS (RFC 8301).
const BITS: usize = 2_048;
/// A key that was added or chosen since counts after this time at the latest.
const KEPT: Millis = MINUTE;
/// What is signed, where a mail has it. `List-*` has to be, for the button to unsubscribe with (RFC 8058). `Content-Type` can't be: lettre has it with the body,
/// and signs that there is none, which no receiver would find true.
const SIGNED: [&str; 12] = [
    "From",
    "Subject",
    "Date",
    "To",
    "Reply-To",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
];

/// A key, without its private half.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DkimKey {
    /// The domain of the sender.
    pub domain: String,
    /// By which receivers find it.
    pub selector: String,
    /// The public half, in base64.
    pub public_key: String,
    /// Whether mails are signed with it.
    pub signs: bool,
    /// When it was made.
    pub created_at: Millis,
}

impl DkimKey {
    /// Where its record stands in the DNS, and what it says.
    pub fn record(&self) -> (String, String) {
        let name = format!("{}._domainkey.{}", self.selector, self.domain);
        (name, format!("v=DKIM1; k=rsa; p={}", self.public_key))
    }
}

/// The keys of a domain, the oldest first.
pub async fn keys_of(db: &Db, domain: &str) -> sqlx::Result<Vec<DkimKey>> {
    let select = "select domain, selector, public_key, signs, created_at from dkim_keys where domain = $1 order by created_at, selector";
    with_db!(db, pool => sqlx::query_as(select).bind(domain).fetch_all(pool).await)
}

/// Makes a key for a domain. The first one signs at once: a signature that nobody can check yet is as good as none. Those that follow sign once they are
/// chosen, when their record has had its time to spread.
pub async fn add(db: &Db, keys: &Keys, domain: &str, stamp: &Stamp) -> anyhow::Result<DkimKey> {
    let private = tokio::task::spawn_blocking(|| RsaPrivateKey::new(&mut OsRng, BITS)).await??;
    let public_key = STANDARD.encode(private.to_public_key().to_public_key_der()?.as_bytes());
    let pem = private.to_pkcs1_pem(LineEnding::LF)?;
    let id = new_id();
    let mut tx = db.begin().await?;
    audit::lock(&mut tx).await?;
    let select = "select count(*) from dkim_keys where domain = $1";
    let known: i64 = with_tx!(&mut tx, conn => sqlx::query_scalar(select).bind(domain).fetch_one(conn).await)?;
    let key = DkimKey {
        domain: domain.to_owned(),
        selector: format!("sayso{}", known + 1),
        public_key,
        signs: known == 0,
        created_at: stamp.at,
    };
    let insert = "insert into dkim_keys (id, domain, selector, public_key, private_cipher, signs, created_at) values ($1, $2, $3, $4, $5, $6, $7)";
    with_tx!(&mut tx, conn => sqlx::query(insert).bind(&id).bind(domain).bind(&key.selector).bind(&key.public_key)
        .bind(keys.encrypt(&context(&id), pem.as_bytes())).bind(key.signs).bind(stamp.at).execute(conn).await.map(|_| ()))?;
    note(&mut tx, stamp, "dkim.add", &key).await?;
    tx.commit().await?;
    Ok(key)
}

/// Lets a key of a domain sign, and no other one.
pub async fn choose(db: &Db, domain: &str, selector: &str, stamp: &Stamp) -> anyhow::Result<DkimKey> {
    let known = keys_of(db, domain).await?;
    let key = known.into_iter().find(|key| key.selector == selector);
    let key = key.with_context(|| format!("{domain} has no key {selector}; `sayso mail dkim` lists them"))?;
    let mut tx = db.begin().await?;
    audit::lock(&mut tx).await?;
    let update = "update dkim_keys set signs = (selector = $2) where domain = $1";
    with_tx!(&mut tx, conn => sqlx::query(update).bind(domain).bind(selector).execute(conn).await.map(|_| ()))?;
    note(&mut tx, stamp, "dkim.use", &key).await?;
    tx.commit().await?;
    Ok(DkimKey { signs: true, ..key })
}

/// Where the ciphertext of a private half belongs.
pub fn context(id: &str) -> String {
    format!("dkim-key/{id}")
}

async fn note(tx: &mut crate::db::Tx, stamp: &Stamp, action: &'static str, key: &DkimKey) -> sqlx::Result<()> {
    let object = format!("domain/{}", key.domain);
    let after = json!({"selector": key.selector, "public_key": key.public_key});
    audit::append(tx, stamp, &Change { action, object, before: Value::Null, after }).await
}

/// What signs the mails of a process; it follows the keys of the database.
#[derive(Default)]
pub struct Signer {
    /// By domain.
    read: Mutex<HashMap<String, Read>>,
}

struct Read {
    at: Millis,
    config: Option<Arc<DkimConfig>>,
}

impl Signer {
    /// What signs the mails of a domain at a time; none where it has no key.
    pub async fn of(&self, db: &Db, keys: &Keys, domain: &str, now: Millis) -> anyhow::Result<Option<Arc<DkimConfig>>> {
        if let Some(read) = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(domain)
            && (read.at..read.at + KEPT).contains(&now)
        {
            return Ok(read.config.clone());
        }
        let config = load(db, keys, domain).await?.map(Arc::new);
        let read = Read { at: now, config: config.clone() };
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(domain.to_owned(), read);
        Ok(config)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(…)")
    }
}

async fn load(db: &Db, keys: &Keys, domain: &str) -> anyhow::Result<Option<DkimConfig>> {
    let select = "select id, selector, private_cipher from dkim_keys where domain = $1 and signs = true";
    let row: Option<(String, String, String)> =
        with_db!(db, pool => sqlx::query_as(select).bind(domain).fetch_optional(pool).await)?;
    let Some((id, selector, cipher)) = row else { return Ok(None) };
    let pem = keys.decrypt_text(&context(&id), &cipher);
    let pem = pem.with_context(|| format!("the key {selector} that signs mails can't be decrypted"))?;
    let private = DkimSigningKey::new(&pem, DkimSigningAlgorithm::Rsa)?;
    let relaxed =
        DkimCanonicalization { header: DkimCanonicalizationType::Relaxed, body: DkimCanonicalizationType::Relaxed };
    let signed = SIGNED.map(HeaderName::new_from_ascii_str).to_vec();
    Ok(Some(DkimConfig::new(selector, domain.to_owned(), private, signed, relaxed)))
}
