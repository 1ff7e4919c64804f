//! Proving that the chain of the audit log is whole.

use super::{COUNTER, Entry, GENESIS};
use crate::db::Db;
use crate::with_db;

/// Entries read at once.
const PAGE: i64 = 500;

/// What a look at the whole chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every entry follows from the one before.
    Whole {
        /// How many there are.
        entries: i64,
        /// The hash of the last one.
        head: String,
    },
    /// The chain is broken at this entry.
    Broken {
        /// The number of the first entry that does not fit.
        number: i64,
        /// What does not fit.
        reason: &'static str,
    },
}

/// An entry with its hash.
#[derive(sqlx::FromRow)]
pub(super) struct Link {
    #[sqlx(flatten)]
    pub(super) entry: Entry,
    pub(super) hash: String,
}

/// The next entries after a number, in their order.
pub(super) async fn links_after(db: &Db, number: i64) -> sqlx::Result<Vec<Link>> {
    let select = "select number, at, actor, actor_id, action, object, details, previous_hash, hash from audit_log \
        where number > $1 order by number limit $2";
    with_db!(db, pool => sqlx::query_as(select).bind(number).bind(PAGE).fetch_all(pool).await)
}

/// Follows the chain from its first entry to its last one.
pub async fn verify(db: &Db) -> sqlx::Result<Verdict> {
    let (mut last, mut head) = (0, GENESIS.to_owned());
    let mut links = links_after(db, last).await?;
    while let Some(end) = links.last().map(|link| link.entry.number) {
        // The next ones are read while these are hashed.
        let followed = tokio::task::spawn_blocking(move || follow(links, last, head));
        links = links_after(db, end).await?;
        match followed.await.expect("hashing does not panic") {
            Ok(link) => (last, head) = link,
            Err((number, reason)) => return Ok(Verdict::Broken { number, reason }),
        }
    }
    let select = "select value from counters where name = $1";
    let counted: Option<i64> =
        with_db!(db, pool => sqlx::query_scalar(select).bind(COUNTER).fetch_optional(pool).await)?;
    if counted.unwrap_or(0) > last {
        return Ok(Verdict::Broken { number: last + 1, reason: "it is missing" });
    }
    Ok(Verdict::Whole { entries: last, head })
}

/// The number and the hash of the last entry.
pub async fn head(db: &Db) -> sqlx::Result<(i64, String)> {
    let select = "select number, hash from audit_log order by number desc limit 1";
    let last = with_db!(db, pool => sqlx::query_as(select).fetch_optional(pool).await)?;
    Ok(last.unwrap_or_else(|| (0, GENESIS.to_owned())))
}

/// Follows some entries from the number and the hash of the one before them to those of the last one; else which does not fit, and why.
fn follow(links: Vec<Link>, mut last: i64, mut head: String) -> Result<(i64, String), (i64, &'static str)> {
    for link in links {
        if let Some(reason) = misfit(&link, last, &head) {
            return Err((last + 1, reason));
        }
        (last, head) = (link.entry.number, link.hash);
    }
    Ok((last, head))
}

fn misfit(link: &Link, last: i64, head: &str) -> Option<&'static str> {
    if link.entry.number != last + 1 {
        Some("it is missing")
    } else if link.entry.previous_hash != head {
        Some("it does not follow the entry before")
    } else if link.entry.hash() != link.hash {
        Some("it was altered")
    } else {
        None
    }
}
