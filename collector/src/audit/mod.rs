//! The audit log: what members, tokens, commands and the system changed. What customers submit is not in here; that is the timeline of the case.
//!
//! Entries are only appended, by one function, in the transaction that makes the change. Each holds the hash of the one before it (a hash chain, as
//! in Haber and Stornetta, 1991), so an entry that is altered, removed or slipped in breaks the chain. Entries cut off at the end
//! are noticed by whoever kept the head elsewhere (`sayso audit anchor`).
//!
//! Nothing can be taken out of the chain again, so entries hold nothing personal: members, tokens and customers stand in them by identifier, and addresses of
//! mail that a setting has are taken out by `redact`. Names are looked up when entries are shown.

pub mod commands;
pub mod find;
mod redact;
mod verify;

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub use verify::{Verdict, head, verify};

use crate::clock::Millis;
use crate::db::{Tx, counters};
use crate::with_tx;
use redact::Addresses;

/// What the entry before the first one would have as its hash.
pub const GENESIS: &str = "";
/// The counter of the entries, whose row is the lock that keeps the chain one.
const COUNTER: &str = "audit_log";

/// Who changed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A member of the staff, by identifier.
    Member(String),
    /// A program, by the identifier of its token.
    Token(String),
    /// Somebody at the command line of the server.
    Command,
    /// Sayso itself.
    System,
}

impl Actor {
    /// The word in the database.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Member(_) => "member",
            Self::Token(_) => "token",
            Self::Command => "command",
            Self::System => "system",
        }
    }

    fn id(&self) -> Option<&str> {
        match self {
            Self::Member(id) | Self::Token(id) => Some(id),
            Self::Command | Self::System => None,
        }
    }
}

/// Who changes something, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Who.
    pub actor: Actor,
    /// When, in Unix milliseconds.
    pub at: Millis,
}

impl Stamp {
    /// A command at `at`.
    pub const fn command(at: Millis) -> Self {
        Self { actor: Actor::Command, at }
    }

    /// A member of the staff at `at`.
    pub fn member(id: &str, at: Millis) -> Self {
        Self { actor: Actor::Member(id.to_owned()), at }
    }

    /// A program at `at`, by the identifier of its token.
    pub fn token(id: &str, at: Millis) -> Self {
        Self { actor: Actor::Token(id.to_owned()), at }
    }

    /// Sayso itself at `at`.
    pub const fn system(at: Millis) -> Self {
        Self { actor: Actor::System, at }
    }
}

/// What was changed. Secrets, names of people and what customers wrote must not be in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The action, such as `site.set`.
    pub action: &'static str,
    /// What it was done to, such as `site/acme`.
    pub object: String,
    /// How that was before; null where it was not there.
    pub before: Value,
    /// How it is now; null where it is no more.
    pub after: Value,
}

/// Locks the log for the rest of the transaction, for changes that must not be made by two at a time.
pub async fn lock(tx: &mut Tx) -> sqlx::Result<()> {
    counters::lock(tx, COUNTER).await
}

/// Appends an entry in the transaction of the change.
pub async fn append(tx: &mut Tx, stamp: &Stamp, change: &Change) -> sqlx::Result<()> {
    let number = counters::next(tx, COUNTER, 1).await?;
    let select = "select hash from audit_log where number = $1";
    let previous: Option<String> =
        with_tx!(&mut *tx, conn => sqlx::query_scalar(select).bind(number - 1).fetch_optional(conn).await)?;
    let addresses = Addresses::of(tx, [&change.before, &change.after], &change.object).await?;
    let (before, after) = (addresses.redact(&change.before), addresses.redact(&change.after));
    let entry = Entry {
        number,
        at: stamp.at,
        actor: stamp.actor.as_str().to_owned(),
        actor_id: stamp.actor.id().map(str::to_owned),
        action: change.action.to_owned(),
        object: addresses.redact_text(&change.object),
        details: json!({"before": before, "after": after}).to_string(),
        previous_hash: previous.unwrap_or_else(|| GENESIS.to_owned()),
    };
    let insert = "insert into audit_log (number, at, actor, actor_id, action, object, details, previous_hash, hash) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    with_tx!(&mut *tx, conn => sqlx::query(insert).bind(entry.number).bind(entry.at).bind(&entry.actor).bind(&entry.actor_id)
        .bind(&entry.action).bind(&entry.object).bind(&entry.details).bind(&entry.previous_hash).bind(entry.hash())
        .execute(conn).await.map(|_| ()))
}

/// What the hash of an entry is taken of, in this order.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Entry {
    /// Counted up from 1.
    pub number: i64,
    /// When, in Unix milliseconds.
    pub at: Millis,
    /// The word for who did it.
    pub actor: String,
    /// The identifier of the member or token.
    pub actor_id: Option<String>,
    /// What was done.
    pub action: String,
    /// What it was done to.
    pub object: String,
    /// JSON with `before` and `after`.
    pub details: String,
    /// The hash of the entry before.
    pub previous_hash: String,
}

impl Entry {
    /// SHA-256 of the entry as compact JSON, in hexadecimal digits.
    pub fn hash(&self) -> String {
        let json = serde_json::to_vec(self).expect("an entry is plain text and numbers");
        // By hand, since a million of them are made again when the chain is followed.
        let digits = Sha256::digest(&json).into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])).collect()
    }
}
