//! The keys that sign receipts: one signs, those before it go on to verify.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use jsonwebtoken::EncodingKey;
use jsonwebtoken::jwk::{Jwk, JwkSet, ThumbprintHash};
use serde_json::{Value, json};

use crate::audit::{self, Change, Stamp};
use crate::clock::Millis;
use crate::db::{Db, Tx};
use crate::keys::{Keys, random_bytes};
use crate::{with_db, with_tx};

/// The key that signs.
pub struct SigningKey {
    /// By which it is found among the public ones.
    pub id: String,
    /// Its private half.
    pub private: EncodingKey,
}

/// The public keys, the newest first, as a JSON Web Key Set (RFC 7517).
pub async fn known(db: &Db) -> anyhow::Result<JwkSet> {
    let select = "select id, public_key from signing_keys order by created_at desc, id";
    let rows: Vec<(String, String)> = with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)?;
    let keys = rows.iter().map(|(id, public)| jwk(id, public)).collect::<Result<_, _>>()?;
    Ok(JwkSet { keys })
}

/// The key that signs now; the first one is made here.
pub async fn current(db: &Db, keys: &Keys, now: Millis) -> anyhow::Result<SigningKey> {
    let select =
        "select id, private_cipher from signing_keys where retired_at is null order by created_at desc, id limit 1";
    loop {
        let row: Option<(String, String)> = with_db!(db, pool => sqlx::query_as(select).fetch_optional(pool).await)?;
        if let Some((id, cipher)) = row {
            let seed = keys.decrypt(&context(&id), &cipher).and_then(|seed| <[u8; 32]>::try_from(seed).ok());
            let seed = seed.ok_or_else(|| anyhow::anyhow!("the key {id} that signs receipts can't be decrypted"))?;
            let der = ed25519_dalek::SigningKey::from_bytes(&seed).to_pkcs8_der()?;
            return Ok(SigningKey { id, private: EncodingKey::from_ed_der(der.as_bytes()) });
        }
        let mut tx = db.begin().await?;
        add(&mut tx, keys, &Stamp::system(now)).await?;
        tx.commit().await?;
    }
}

/// Retires the key that signs, whose private half is destroyed, and makes another one; gives its identifier.
pub async fn rotate(db: &Db, keys: &Keys, stamp: &Stamp) -> anyhow::Result<String> {
    let mut tx = db.begin().await?;
    audit::lock(&mut tx).await?;
    let update = "update signing_keys set retired_at = $1, private_cipher = null where retired_at is null";
    with_tx!(&mut tx, conn => sqlx::query(update).bind(stamp.at).execute(conn).await.map(|_| ()))?;
    let id = add(&mut tx, keys, stamp).await?;
    tx.commit().await?;
    Ok(id)
}

/// Where the ciphertext of a private key belongs.
pub fn context(id: &str) -> String {
    format!("signing-key/{id}")
}

async fn add(tx: &mut Tx, keys: &Keys, stamp: &Stamp) -> anyhow::Result<String> {
    let seed: [u8; 32] = random_bytes();
    let public = URL_SAFE_NO_PAD.encode(ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().as_bytes());
    let id = jwk("", &public)?.thumbprint(ThumbprintHash::SHA256)?;
    let insert = "insert into signing_keys (id, public_key, private_cipher, created_at) values ($1, $2, $3, $4)";
    with_tx!(&mut *tx, conn => sqlx::query(insert).bind(&id).bind(&public).bind(keys.encrypt(&context(&id), &seed))
        .bind(stamp.at).execute(conn).await.map(|_| ()))?;
    let change = Change {
        action: "receipt.key",
        object: format!("signing-key/{id}"),
        before: Value::Null,
        after: json!({"public_key": public}),
    };
    audit::append(tx, stamp, &change).await?;
    Ok(id)
}

fn jwk(id: &str, public: &str) -> serde_json::Result<Jwk> {
    serde_json::from_value(
        json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": id, "x": public}),
    )
}
