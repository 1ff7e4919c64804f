//! Rotating the master key: everything that is encrypted is encrypted anew with the first key, in batches, from where the last run came to. Look-ups go on
//! to derive from the oldest key, so it stays.
//!
//! The command that rotates does it, and so does a server that finds something left, such as what another one wrote meanwhile with the key before.

pub mod commands;
mod escrow;
mod places;
mod words;

use serde::{Deserialize, Serialize};

use self::places::PLACES;
use crate::db::Db;
use crate::keys::Keys;
use crate::{with_db, with_write};

/// Under which name it is noted how far it has come.
const NOTED: &str = "key_rotation";

/// How far it has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
struct Progress {
    /// The key that everything is encrypted with anew.
    key: String,
    /// The place where the next batch is.
    place: usize,
    /// After what it begins.
    cursor: String,
    /// How often everything was looked at again.
    passes: usize,
}

/// So often everything is looked at again: a server that did not know the new key yet may have written with the one before.
const PASSES: usize = 2;

/// How much of a place is encrypted with the key that encrypts now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The place, such as `feedback.contact_cipher`.
    pub place: &'static str,
    /// What is encrypted with the key that encrypts now.
    pub current: i64,
    /// All that is encrypted there.
    pub all: i64,
}

/// Encrypts the next batch anew; false if nothing is left.
pub async fn step(db: &Db, keys: &Keys) -> anyhow::Result<bool> {
    let mut progress = load(db).await?;
    if progress.key != keys.current_id() {
        progress = Progress { key: keys.current_id(), ..Progress::default() };
    }
    let Some(place) = PLACES.get(progress.place) else { return Ok(false) };
    match place.encrypt_batch(db, keys, &progress.cursor).await? {
        Some(cursor) => progress.cursor = cursor,
        None => progress = Progress { place: progress.place + 1, cursor: String::new(), ..progress },
    }
    save(db, &progress).await?;
    Ok(progress.place < PLACES.len())
}

/// Looks at everything once more, for what another process wrote with an earlier key; false if that was done often enough.
pub async fn look_again(db: &Db, keys: &Keys) -> anyhow::Result<bool> {
    let done = load(db).await?;
    let is_behind = done.key != keys.current_id() || done.place < PLACES.len();
    if !is_behind && done.passes < PASSES {
        save(db, &Progress { place: 0, cursor: String::new(), passes: done.passes + 1, ..done }).await?;
        return Ok(true);
    }
    Ok(is_behind)
}

/// Begins with everything.
pub async fn begin_anew(db: &Db, keys: &Keys) -> anyhow::Result<()> {
    save(db, &Progress { key: keys.current_id(), ..Progress::default() }).await
}

/// How much of each place is encrypted with the key that encrypts now.
pub async fn shares(db: &Db, keys: &Keys) -> sqlx::Result<Vec<Share>> {
    let mut shares = Vec::with_capacity(PLACES.len());
    for place in &PLACES {
        let (all, current) = place.count(db, &keys.current_id()).await?;
        shares.push(Share { place: place.name, current, all });
    }
    Ok(shares)
}

async fn load(db: &Db) -> anyhow::Result<Progress> {
    let select = "select value from meta where name = $1";
    let noted: Option<String> =
        with_db!(db, pool => sqlx::query_scalar(select).bind(NOTED).fetch_optional(pool).await)?;
    Ok(noted.and_then(|noted| serde_json::from_str(&noted).ok()).unwrap_or_default())
}

async fn save(db: &Db, progress: &Progress) -> anyhow::Result<()> {
    let upsert =
        "insert into meta (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value";
    let value = serde_json::to_string(progress)?;
    Ok(with_write!(db, pool => sqlx::query(upsert).bind(NOTED).bind(&value).execute(pool).await.map(|_| ()))?)
}
