//! Tokens: programs that act for the staff. A token is `sayso_`, 40 random letters and digits, and 6 more that check them, so that a
//! mistyped one is known without the database and scanners of source code find one that was lost.

use std::collections::HashMap;
use std::fmt;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::audit::{self, Change, Stamp};
use crate::cases::status::words;
use crate::clock::{MINUTE, Millis};
use crate::db::Db;
use crate::keys::{Keys, Purpose, new_id, random_bytes};
use crate::{with_db, with_tx, with_write};

use super::member::Name;

const PREFIX: &str = "sayso_";
const RANDOM: usize = 40;
const CHECK: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The use of a token is noted no more often than this.
const NOTED_EVERY: Millis = MINUTE;

words! {
    /// What a program may do.
    Scope {
        /// Enter feedback.
        FeedbackWrite = "feedback:write",
        /// Read cases.
        CasesRead = "cases:read",
        /// Change cases.
        CasesWrite = "cases:write",
        /// Read customers.
        CustomersRead = "customers:read",
        /// Change customers.
        CustomersWrite = "customers:write",
        /// Read what the service is made of.
        ServiceRead = "service:read",
        /// Change what the service is made of.
        ServiceWrite = "service:write",
        /// Read reports.
        ReportsRead = "reports:read",
        /// Read the audit log.
        AuditRead = "audit:read",
    }
}

/// A token as it is shown once: whoever has it may do what its scopes say.
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer(String);

/// A token as it is kept: by a hash.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Token {
    /// Its identifier.
    pub id: String,
    /// What it is called.
    pub name: String,
    scopes: String,
    /// When it was made.
    pub created_at: Millis,
    /// When it was used last, by the minute.
    pub last_used_at: Option<Millis>,
}

impl Bearer {
    /// A new one.
    pub fn random() -> Self {
        let mut random = String::with_capacity(RANDOM);
        while random.len() < RANDOM {
            // The bytes that would make the first symbols likelier than the others are thrown away.
            let fair = random_bytes::<64>().into_iter().filter(|byte| usize::from(*byte) < 4 * ALPHABET.len());
            let symbols = fair.map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
            random.extend(symbols.take(RANDOM - random.len()));
        }
        let check = check(&random);
        Self(format!("{PREFIX}{random}{check}"))
    }

    /// Reads one; none if it can't be a token, which is known without looking for it.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        let holds = rest.len() == RANDOM + CHECK && rest.bytes().all(|byte| ALPHABET.contains(&byte));
        let (random, given) = rest.split_at_checked(RANDOM).filter(|_| holds)?;
        (check(random) == given).then(|| Self(text.to_owned()))
    }

    /// The text, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(…)")
    }
}

impl Token {
    /// Makes a token, which is shown this once. A name belongs to one token at a time.
    pub async fn add(db: &Db, keys: &Keys, name: &Name, scopes: &[Scope], stamp: &Stamp) -> anyhow::Result<Bearer> {
        ensure!(!scopes.is_empty(), "a token without a scope could do nothing; the scopes are {}", Scope::list());
        let bearer = Bearer::random();
        let words = serde_json::to_string(&scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>())?;
        let insert = "insert into tokens (id, token_hash, name, scopes, created_at) \
            select $1, $2, $3, $4, $5 where not exists (select 1 from tokens where name = $3 and removed_at is null)";
        let id = new_id();
        let mut tx = db.begin().await?;
        let rows = with_tx!(&mut tx, conn => sqlx::query(insert).bind(&id).bind(keys.hash(Purpose::Token, bearer.reveal()))
            .bind(name.as_str()).bind(&words).bind(stamp.at).execute(conn).await.map(|done| done.rows_affected()))?;
        ensure!(rows == 1, "there is already a token {}; remove it first, or take another name", name.as_str());
        let after =
            json!({"name": name.as_str(), "scopes": scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>()});
        let change = Change { action: "token.add", object: format!("token/{id}"), before: Value::Null, after };
        audit::append(&mut tx, stamp, &change).await?;
        tx.commit().await?;
        Ok(bearer)
    }

    /// All tokens that work, oldest first.
    pub async fn all(db: &Db) -> sqlx::Result<Vec<Token>> {
        let select =
            "select id, name, scopes, created_at, last_used_at from tokens where removed_at is null order by id";
        with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)
    }

    /// The names of all tokens that ever were, by identifier.
    pub async fn names(db: &Db) -> sqlx::Result<HashMap<String, String>> {
        let select = "select id, name from tokens";
        let rows: Vec<(String, String)> = with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)?;
        Ok(rows.into_iter().collect())
    }

    /// The token that somebody shows, unless it was removed. Looked up by a keyed hash, whose comparison tells nothing about the token.
    pub async fn by_bearer(db: &Db, keys: &Keys, bearer: &Bearer) -> sqlx::Result<Option<Token>> {
        let hash = keys.hash(Purpose::Token, bearer.reveal());
        let select = "select id, name, scopes, created_at, last_used_at from tokens where token_hash = $1 and removed_at is null";
        with_db!(db, pool => sqlx::query_as(select).bind(&hash).fetch_optional(pool).await)
    }

    /// Makes a token invalid, by its name or identifier. Its row stays, since what it did keeps its name.
    pub async fn remove(db: &Db, token: &str, stamp: &Stamp) -> anyhow::Result<()> {
        let mut tx = db.begin().await?;
        let update = "update tokens set removed_at = $1 where (id = $2 or name = $2) and removed_at is null returning id, name, scopes";
        let removed: Option<(String, String, String)> =
            with_tx!(&mut tx, conn => sqlx::query_as(update).bind(stamp.at).bind(token).fetch_optional(conn).await)?;
        let (id, name, scopes) =
            removed.with_context(|| format!("there is no token {token}; `sayso token list` shows the tokens"))?;
        let scopes: Value = serde_json::from_str(&scopes).unwrap_or_default();
        let before = json!({"name": name, "scopes": scopes});
        let change = Change { action: "token.remove", object: format!("token/{id}"), before, after: Value::Null };
        audit::append(&mut tx, stamp, &change).await?;
        Ok(tx.commit().await?)
    }

    /// Notes that the token is in use, once a minute: a write for each request would cost more than the request.
    pub async fn note_use(&self, db: &Db, now: Millis) -> sqlx::Result<()> {
        if self.last_used_at.is_some_and(|at| now < at + NOTED_EVERY) {
            return Ok(());
        }
        let update =
            "update tokens set last_used_at = $1 where id = $2 and (last_used_at is null or last_used_at <= $3)";
        with_write!(db, pool => sqlx::query(update).bind(now).bind(&self.id).bind(now - NOTED_EVERY).execute(pool).await.map(|_| ()))
    }

    /// What it may do.
    pub fn scopes(&self) -> Vec<Scope> {
        let words: Vec<String> = serde_json::from_str(&self.scopes).unwrap_or_default();
        words.iter().filter_map(|word| Scope::parse(word)).collect()
    }
}

impl Scope {
    /// Reads a scope as it is typed.
    pub fn read(word: &str) -> anyhow::Result<Self> {
        Self::parse(word).with_context(|| format!("the scopes are {}", Self::list()))
    }

    fn list() -> String {
        Self::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Six symbols that follow from the others.
fn check(random: &str) -> String {
    let digest = Sha256::digest(random.as_bytes());
    let mut rest = u64::from_be_bytes(digest[..8].try_into().expect("a digest has more than eight bytes"));
    (0..CHECK)
        .map(|_| {
            let symbol = ALPHABET[(rest % 62) as usize];
            rest /= 62;
            char::from(symbol)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_reads_back_and_is_not_shown() {
        let bearer = Bearer::random();
        assert_eq!((bearer.reveal().len(), Bearer::parse(bearer.reveal())), (52, Some(bearer.clone())));
        assert_ne!(bearer, Bearer::random());
        assert_eq!(format!("{bearer:?}"), "Bearer(…)");
    }

    #[test]
    fn scopes_are_named_when_one_is_unknown() {
        let error = Scope::read("cases").expect_err("it is half a scope").to_string();
        assert_eq!(
            error,
            "the scopes are feedback:write, cases:read, cases:write, customers:read, customers:write, service:read, service:write, reports:read, audit:read"
        );
    }

    proptest! {
        #[test]
        fn a_mistyped_token_is_known(at in 6usize..52, to in "[0-9A-Za-z]") {
            let bearer = Bearer::random();
            let typed = format!("{}{to}{}", &bearer.reveal()[..at], &bearer.reveal()[at + 1..]);
            prop_assert_eq!(Bearer::parse(&typed).is_some(), typed == bearer.reveal());
        }

        #[test]
        fn other_text_is_no_token(text in "\\PC{0,60}", tail in "[0-9A-Za-z]{46}") {
            prop_assert!(Bearer::parse(&text).is_none());
            let forged = format!("sayso_{tail}");
            prop_assert!(Bearer::parse(&forged).is_none() || check(&tail[..40]) == tail[40..]);
        }
    }
}
