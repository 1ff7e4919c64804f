//! The master key, and everything that derives from it.
//!
//! Contacts and codes are encrypted with XChaCha20-Poly1305 (RFC 8439 with an extended nonce), what has to be looked up is an
//! HMAC-SHA-256, and each purpose has a key of its own by HKDF (RFC 5869). A ciphertext names its key, so that keys rotate: the first
//! key given encrypts, all of them decrypt, and the last one, which is the oldest, goes on to derive the look-ups.

mod file;
mod signed;

pub use signed::SignedId;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sayso_shared::id::IdempotencyKey;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

pub use self::file::{KEY_FILE, key_of, written};
use self::file::{is_in_environment, make_key_file, text_at_hand, words};
use crate::clock::Millis;
use crate::db::Db;
use crate::{with_db, with_write};

/// The key file is read again no more often than this: what names no key of ours may come in numbers.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(1);

/// The keys of this installation. `Debug` shows none of them.
pub struct Keys {
    ring: RwLock<Arc<Vec<RingKey>>>,
    lookup: [u8; 32],
    /// Where they were read, and when that was looked at last; none for those of the environment.
    file: Option<(PathBuf, Mutex<Instant>)>,
}

struct RingKey {
    id: String,
    cipher: XChaCha20Poly1305,
}

/// What a look-up hash is for; each purpose has its own key, so that equal texts do not give equal hashes.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// The tracking code of a case.
    Code,
    /// Making the tracking code of a new case.
    NewCode,
    /// A one-time link.
    Link,
    /// A session.
    Session,
    /// A browser in which a member has signed in before.
    Device,
    /// A form of a page, against forged requests.
    Form,
    /// When the entry form was handed out.
    Entry,
    /// The address of a client, on one day.
    Client,
    /// A challenge for a proof of work.
    Challenge,
    /// A file that waits for its submission.
    Upload,
    /// Whom a site vouched for.
    Subject,
    /// The token of a program.
    Token,
    /// A row of an imported file.
    ImportedRow,
    /// A backup, against alterations.
    Backup,
    /// Whom mails go to.
    Recipient,
    /// What a customer is recognised by: an identity, an address or a phone number.
    Customer,
    /// A word of a customer's name.
    CustomerName,
    /// Which case a mail is about.
    MailAddress,
    /// A mail that came in.
    Mail,
    /// A code for a member who has lost their second factor.
    Recovery,
    /// Who was asked by a survey, and who of them is drawn.
    Survey,
    /// The link that stops a member's digests.
    Digest,
    /// The link by which somebody becomes a member.
    Invitation,
    /// A link by which a member sets a forgotten password anew.
    PasswordLink,
}

impl Keys {
    /// Reads the keys: from `SAYSO_MASTER_KEY`, else from the key file, which is made if `db` is SQLite and new.
    pub async fn load(db: &Db, data: &Path) -> anyhow::Result<Self> {
        let path = data.join(KEY_FILE);
        let is_in_file = !is_in_environment();
        let text = match text_at_hand(&path)? {
            Some(text) => text,
            _ if matches!(db, Db::Postgres(_)) => bail!(
                "no master key: on PostgreSQL set SAYSO_MASTER_KEY (32 random bytes in base64, such as `openssl rand -base64 32`), \
                 the same for every replica, or put it into {}",
                path.display()
            ),
            _ => {
                ensure!(
                    db.master_key_check().await?.is_none(),
                    "the master key is missing: this database was made with one. Restore {} or set SAYSO_MASTER_KEY",
                    path.display()
                );
                make_key_file(&path, random_bytes())?
            }
        };
        let mut keys = Self::parse(&text)?;
        if is_in_file {
            keys.file = Some((path, Mutex::new(Instant::now() - LOOKED_AT_EVERY)));
        }
        keys.check_against(db).await?;
        Ok(keys)
    }

    /// Reads the key file again, in case another process has put a new key into it. Whatever can't be read leaves the keys as they are.
    pub fn reload(&self) {
        let Some((path, _)) = &self.file else { return };
        let Some(read) = fs::read_to_string(path).ok().and_then(|text| Self::parse(&text).ok()) else { return };
        // Keys of another installation would find nothing any more.
        if bool::from(read.lookup.ct_eq(&self.lookup)) {
            *self.ring.write().unwrap_or_else(PoisonError::into_inner) = read.ring();
        }
    }

    /// Makes a new key the one that encrypts: it is put at the beginning of the key file, in which the others stay.
    pub fn rotate(&self, data: &Path) -> anyhow::Result<()> {
        file::put_first(data, random_bytes())?;
        self.reload();
        Ok(())
    }

    /// The identifier of the key that encrypts, with which its ciphertexts begin after `1.`.
    pub fn current_id(&self) -> String {
        self.ring()[0].id.clone()
    }

    /// How many keys there are.
    pub fn count(&self) -> usize {
        self.ring().len()
    }

    /// Whether a ciphertext was made with the key that encrypts now.
    pub fn is_current(&self, text: &str) -> bool {
        text.split('.').nth(1) == Some(self.ring()[0].id.as_str())
    }

    /// The keys in the environment or in the data folder, if there are any, without asking a database.
    pub fn at_hand(data: &Path) -> anyhow::Result<Option<Self>> {
        text_at_hand(&data.join(KEY_FILE))?.map(|text| Self::parse(&text)).transpose()
    }

    /// What tells whether these keys are those of a database: it is stored there, and says nothing about them.
    pub fn check_value(&self) -> String {
        self.hash(Purpose::Code, "check value of the master key")
    }

    /// Reads one or more keys of 32 bytes in base64, separated by white space or commas; the first one encrypts.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mut ring = Vec::new();
        let mut lookup = None;
        for word in words(text) {
            let master = key_of(word)?;
            let id = URL_SAFE_NO_PAD.encode(&derive(&master, "key id")[..6]);
            let cipher = XChaCha20Poly1305::new(&Key::from(derive(&master, "encryption")));
            ring.push(RingKey { id, cipher });
            lookup = Some(derive(&master, "look-up"));
        }
        let lookup = lookup.context("the master key is empty")?;
        Ok(Self { ring: RwLock::new(Arc::new(ring)), lookup, file: None })
    }

    /// Encrypts `plain` for the place `context` (such as `feedback/{id}/contact`), where alone it can be decrypted.
    pub fn encrypt(&self, context: &str, plain: &[u8]) -> String {
        let ring = self.ring();
        let key = &ring[0];
        let nonce: [u8; 24] = random_bytes();
        let payload = Payload { msg: plain, aad: context.as_bytes() };
        let sealed = key
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .expect("the message is far below the limit of the cipher");
        format!("1.{}.{}", key.id, URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Decrypts what [`Keys::encrypt`] gave for the same place; none if it was made with another key or altered.
    pub fn decrypt(&self, context: &str, text: &str) -> Option<Vec<u8>> {
        let mut parts = text.splitn(3, '.');
        let (version, id, sealed) = (parts.next()?, parts.next()?, parts.next()?);
        let ring = self.ring_with(id);
        let key = ring.iter().find(|key| key.id == id).filter(|_| version == "1")?;
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = sealed.split_at_checked(24)?;
        let nonce: [u8; 24] = nonce.try_into().ok()?;
        key.cipher.decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: context.as_bytes() }).ok()
    }

    /// Decrypts text.
    pub fn decrypt_text(&self, context: &str, text: &str) -> Option<String> {
        String::from_utf8(self.decrypt(context, text)?).ok()
    }

    /// The keyed hash by which `text` is looked up.
    pub fn hash(&self, purpose: Purpose, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(purpose, text))
    }

    /// The same, as a number of 128 bits: for what is only counted.
    pub fn short_hash(&self, purpose: Purpose, text: &str) -> u128 {
        let mac = self.mac(purpose, text);
        u128::from_be_bytes(mac[..16].try_into().expect("a hash has 256 bits"))
    }

    /// An idempotency key for what is done by `text`, the same whenever it is tried.
    pub fn request_key(&self, purpose: Purpose, text: &str) -> IdempotencyKey {
        let key = Uuid::from_u128(self.short_hash(purpose, text)).to_string();
        IdempotencyKey::parse(&key).expect("a UUID is a key")
    }

    /// What `text` comes to under the key of a purpose: to whoever has not got the key it is random.
    pub fn mac(&self, purpose: Purpose, text: &str) -> [u8; 32] {
        let name = match purpose {
            Purpose::Code => "code",
            Purpose::NewCode => "new code",
            Purpose::Link => "link",
            Purpose::Session => "session",
            Purpose::Device => "device",
            Purpose::Form => "form",
            Purpose::Entry => "entry",
            Purpose::Client => "client",
            Purpose::Challenge => "challenge",
            Purpose::Upload => "upload",
            Purpose::Subject => "subject",
            Purpose::Token => "token",
            Purpose::ImportedRow => "imported row",
            Purpose::Backup => "backup",
            Purpose::Recipient => "recipient",
            Purpose::Survey => "survey",
            Purpose::Digest => "digest",
            Purpose::Invitation => "invitation",
            Purpose::PasswordLink => "password link",
            Purpose::Customer => "customer",
            Purpose::CustomerName => "customer name",
            Purpose::MailAddress => "mail address",
            Purpose::Mail => "mail",
            Purpose::Recovery => "recovery",
        };
        let mut mac =
            <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&self.lookup).expect("HMAC takes keys of any length");
        mac.update(name.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// When the key that encrypts was exported, to be kept elsewhere; none if it never was.
    pub async fn exported_at(&self, db: &Db) -> sqlx::Result<Option<Millis>> {
        let select = "select value from meta where name = $1";
        let name = self.export_name();
        let at: Option<String> =
            with_db!(db, pool => sqlx::query_scalar(select).bind(&name).fetch_optional(pool).await)?;
        Ok(at.and_then(|at| at.parse().ok()))
    }

    /// Notes that the key that encrypts was exported.
    pub async fn note_export(&self, db: &Db, now: Millis) -> sqlx::Result<()> {
        let upsert =
            "insert into meta (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value";
        let name = self.export_name();
        with_write!(db, pool => sqlx::query(upsert).bind(&name).bind(now.to_string()).execute(pool).await.map(|_| ()))
    }

    fn export_name(&self) -> String {
        format!("key_exported/{}", self.current_id())
    }

    fn ring(&self) -> Arc<Vec<RingKey>> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys. Where none is the one that a ciphertext names, another process may have made it: the file is read again.
    fn ring_with(&self, id: &str) -> Arc<Vec<RingKey>> {
        let ring = self.ring();
        if let Some((_, looked_at)) = &self.file
            && ring.iter().all(|key| key.id != id)
        {
            let mut looked_at = looked_at.lock().unwrap_or_else(PoisonError::into_inner);
            if looked_at.elapsed() >= LOOKED_AT_EVERY {
                *looked_at = Instant::now();
                self.reload();
            }
        }
        self.ring()
    }

    /// Compares the database's check value with these keys, or stores it in a new database.
    async fn check_against(&self, db: &Db) -> anyhow::Result<()> {
        let own = self.check_value();
        if db.master_key_check().await?.is_none() {
            let insert = "insert into meta (name, value) values ('master_key_check', $1) on conflict (name) do nothing";
            with_write!(db, pool => sqlx::query(insert).bind(&own).execute(pool).await.map(|_| ()))?;
        }
        let stored = db.master_key_check().await?.unwrap_or_default();
        ensure!(
            equal(&stored, &own),
            "the master key is not the one that this database was made with; contacts and codes would be unreadable"
        );
        Ok(())
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// Compares two secrets in time that does not depend on where they differ.
pub fn equal(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// Random bytes from the operating system.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has random numbers");
    bytes
}

/// A new token of 256 random bits that fits into an address.
pub fn random_token() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

/// A new identifier whose order is that of its making.
pub fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// A new identifier whose place in the order is that of another time.
pub fn new_id_at(millis: Millis) -> String {
    uuid::Builder::from_unix_timestamp_millis(millis.unsigned_abs(), &random_bytes()).into_uuid().to_string()
}

/// The lowest identifier of a time: whatever was made then or later has a higher one.
pub fn first_id_of(millis: Millis) -> String {
    uuid::Builder::from_unix_timestamp_millis(millis.max(0).unsigned_abs(), &[0; 10]).into_uuid().to_string()
}

fn derive(master: &[u8; 32], purpose: &str) -> [u8; 32] {
    let mut derived = [0; 32];
    let kdf = Hkdf::<Sha256>::new(Some(b"sayso"), master);
    kdf.expand(purpose.as_bytes(), &mut derived).expect("32 bytes are within the limit of HKDF");
    derived
}

impl Db {
    /// The check value of the keys that this database was made with; none if it has not met any yet.
    pub async fn master_key_check(&self) -> sqlx::Result<Option<String>> {
        let select = "select value from meta where name = 'master_key_check'";
        with_db!(self, pool => sqlx::query_scalar(select).fetch_optional(pool).await)
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use proptest::prelude::*;

    fn keys(seed: u8) -> String {
        STANDARD.encode([seed; 32])
    }

    proptest! {
        #[test]
        fn decrypts_only_in_its_place(plain: Vec<u8>, other in "[a-z]{1,5}") {
            let ring = Keys::parse(&keys(1)).expect("a key");
            let sealed = ring.encrypt("feedback/1/contact", &plain);
            prop_assert_eq!(ring.decrypt("feedback/1/contact", &sealed), Some(plain));
            prop_assert_eq!(ring.decrypt(&other, &sealed), None);
        }

        #[test]
        fn never_panics(text in "\\PC{0,80}") {
            prop_assert_eq!(Keys::parse(&keys(1)).expect("a key").decrypt("x", &text), None);
        }
    }

    #[test]
    fn keys_rotate() {
        let old = Keys::parse(&keys(1)).expect("a key");
        let both = Keys::parse(&format!("{},{}", keys(2), keys(1))).expect("two keys");
        let sealed = old.encrypt("c", b"text");
        assert_eq!(both.decrypt_text("c", &sealed).as_deref(), Some("text"));
        assert_eq!(old.decrypt("c", &both.encrypt("c", b"text")), None, "the new key encrypts");
        assert_eq!(both.hash(Purpose::Code, "x"), old.hash(Purpose::Code, "x"), "look-ups stay");
    }

    #[test]
    fn refuses_what_is_no_key() {
        for wrong in ["", "short", "!!!!"] {
            assert!(Keys::parse(wrong).is_err());
        }
    }
}
