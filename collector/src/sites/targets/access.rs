//! Where a target is, and what signs for it: encrypted together, since the address of a chat room is a secret.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::clock::{DAY, Millis};
use crate::db::Db;
use crate::keys::Keys;
use crate::{with_db, with_write};

/// Targets that one step of [`seal_batch`] encrypts.
const SEALED_AT_ONCE: i64 = 100;

/// Where a target is, and what signs for it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// An e-mail address or a URL.
    pub address: String,
    /// The secret that signs, or that a template may name.
    pub secret: Option<String>,
    /// The secret of a webhook before that one, which signs as well until its receiver has had time to change over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousSecret>,
}

/// A secret that was replaced.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    secret: String,
    until: Millis,
}

impl Access {
    /// Where a target is, and its secret.
    pub fn new(address: impl Into<String>, secret: Option<String>) -> Self {
        Self { address: address.into(), secret, previous: None }
    }

    /// The same with another secret; the one that it had signs beside it for a day.
    pub fn with_new_secret(self, secret: String, now: Millis) -> Self {
        let previous = self.secret.map(|secret| PreviousSecret { secret, until: now + DAY });
        Self { secret: Some(secret), previous, ..self }
    }

    /// The secrets that sign at a time, the newest first.
    pub fn signing_secrets(&self, now: Millis) -> Vec<&str> {
        let previous = self.previous.as_ref().filter(|previous| now < previous.until);
        self.secret.as_deref().into_iter().chain(previous.map(|previous| previous.secret.as_str())).collect()
    }

    /// Where it leads as far as anybody may see it: all of a mailbox, and of a URL the server, since the rest may be a secret, such as that of a chat room.
    pub fn server(&self) -> String {
        match Url::parse(&self.address) {
            Ok(url) if url.has_host() => format!("{}/…", url.origin().ascii_serialization()),
            _ => self.address.clone(),
        }
    }

    /// Decrypts the access of a target; none if it was made with another key.
    pub fn decrypt(keys: &Keys, target_id: &str, cipher: &str) -> Option<Self> {
        serde_json::from_slice(&keys.decrypt(&context(target_id), cipher)?).ok()
    }

    /// Encrypts it for a target.
    pub fn encrypt(&self, keys: &Keys, target_id: &str) -> String {
        let text = serde_json::to_vec(self).expect("two texts are plain data");
        keys.encrypt(&context(target_id), &text)
    }
}

// An address may be a secret itself.
impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Access(…)")
    }
}

/// Encrypts the access of targets that an older version stored in the clear, from the identifier `after` on; gives where the next batch begins.
pub async fn seal_batch(db: &Db, keys: &Keys, after: &str) -> anyhow::Result<Option<String>> {
    let select =
        "select id, address, secret_cipher from targets where access_cipher is null and id > $1 order by id limit $2";
    let rows: Vec<(String, String, Option<String>)> =
        with_db!(db, pool => sqlx::query_as(select).bind(after).bind(SEALED_AT_ONCE).fetch_all(pool).await)?;
    for (id, address, secret_cipher) in &rows {
        let decrypt = |cipher: &String| keys.decrypt_text(&format!("targets/{id}/secret"), cipher);
        let secret = secret_cipher.as_ref().map(decrypt);
        if secret == Some(None) {
            // It stays as it is, for the key that it was made with. `sayso doctor` names it.
            tracing::error!(target_id = id, "the secret of a target can't be decrypted with the keys at hand");
            continue;
        }
        let cipher = Access::new(address.as_str(), secret.flatten()).encrypt(keys, id);
        let update = "update targets set access_cipher = $1, address = '', secret_cipher = null where id = $2";
        with_write!(db, pool => sqlx::query(update).bind(&cipher).bind(id).execute(pool).await.map(|_| ()))?;
    }
    Ok(rows.into_iter().next_back().map(|(id, _, _)| id))
}

/// Where alone the ciphertext can be decrypted.
pub fn context(id: &str) -> String {
    format!("targets/{id}/access")
}

#[cfg(test)]
mod tests {
    use super::Access;

    #[test]
    fn of_a_webhook_only_its_server_is_shown() {
        let server = |address: &str| Access::new(address, None).server();
        assert_eq!(server("https://u:p@hooks.example:8443/T0/B0/key?token=x"), "https://hooks.example:8443/…");
        assert_eq!(server("team@acme.example"), "team@acme.example");
    }
}
