//! Addresses that get no mail, since mails to them come back for good: providers stop taking mail from whoever goes on sending it. They are known by a keyed
//! hash.

use std::collections::HashSet;

use serde_json::json;

use crate::audit::{self, Change, Stamp};
use crate::clock::{DAY, Millis, rfc3339};
use crate::db::Db;
use crate::keys::{Keys, Purpose};
use crate::{with_db, with_tx, with_write};

/// So many bounces that may pass, in a row, suspend an address.
const BOUNCES: i64 = 3;
/// Bounces further apart than this are not in a row.
const IN_A_ROW: Millis = 30 * DAY;
/// How long an address gets no mail: mailboxes are opened again, and nobody may be there to say so.
const SUSPENDED: Millis = 90 * DAY;

/// What a bounce says of the address (RFC 3463).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is no such mailbox, or it was closed.
    NoMailbox,
    /// It takes no mail at present, such as a mailbox that is full.
    TakesNone,
    /// Nothing: it is about this mail or about us.
    NotTheAddress,
}

impl Verdict {
    /// By an enhanced status code such as `5.1.1`, or the code of SMTP where there is no other.
    pub fn of(status: &str) -> Self {
        let mut parts = status.split('.');
        let detail: (&str, Option<&str>, Option<&str>) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        match detail {
            // 5.1.7 and 5.1.8 are about the sender's address.
            ("5", Some("1"), Some("7" | "8")) => Self::NotTheAddress,
            ("5", Some("1"), _) | ("5", Some("2"), Some("1")) => Self::NoMailbox,
            // Too large for the server, content, security and policy.
            ("5", Some("3" | "6" | "7"), _) | ("5", Some("2"), Some("3")) => Self::NotTheAddress,
            ("5", _, _) | ("550" | "551" | "553", None, None) => Self::TakesNone,
            _ => Self::NotTheAddress,
        }
    }
}

/// By what an address is known here. What follows a `+` belongs to it: that may be what does not exist.
pub fn address_hash(keys: &Keys, address: &str) -> String {
    keys.hash(Purpose::Recipient, &format!("address/{}", address.to_lowercase()))
}

/// Since when an address gets no mail; none if it gets some.
pub async fn suspended_since(db: &Db, keys: &Keys, address: &str, now: Millis) -> sqlx::Result<Option<Millis>> {
    let select = "select suspended_at from bounced_addresses where address = $1 and suspended_at > $2";
    let hash = address_hash(keys, address);
    with_db!(db, pool => sqlx::query_scalar(select).bind(&hash).bind(now - SUSPENDED).fetch_optional(pool).await)
}

/// The hashes of all addresses that get no mail.
pub async fn suspended(db: &Db, now: Millis) -> sqlx::Result<HashSet<String>> {
    let select = "select address from bounced_addresses where suspended_at > $1";
    let hashes: Vec<String> =
        with_db!(db, pool => sqlx::query_scalar(select).bind(now - SUSPENDED).fetch_all(pool).await)?;
    Ok(hashes.into_iter().collect())
}

/// Lets an address have mail again, since a person says so; `object` is what the audit log calls whoever has it. Gives whether it had none before.
pub async fn resume(db: &Db, keys: &Keys, address: &str, object: String, stamp: &Stamp) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    audit::lock(&mut tx).await?;
    let delete = "delete from bounced_addresses where address = $1 returning suspended_at";
    let hash = address_hash(keys, address);
    let gone: Option<Option<Millis>> =
        with_tx!(&mut tx, conn => sqlx::query_scalar(delete).bind(&hash).fetch_optional(conn).await)?;
    let since = gone.flatten();
    if let Some(since) = since {
        let change = Change {
            action: "address.resume",
            object,
            before: json!({"suspended_at": rfc3339(since)}),
            after: json!({"suspended_at": null}),
        };
        audit::append(&mut tx, stamp, &change).await?;
    }
    tx.commit().await?;
    Ok(since.is_some())
}

/// Forgets the bounces of an address that has sent mail itself.
pub async fn forget(db: &Db, keys: &Keys, address: &str) -> sqlx::Result<()> {
    let hash = address_hash(keys, address);
    let select = "select count(*) from bounced_addresses where address = $1";
    // Looked at before, since most addresses have never bounced, and writing waits for others.
    let known: i64 = with_db!(db, pool => sqlx::query_scalar(select).bind(&hash).fetch_one(pool).await)?;
    if known > 0 {
        let delete = "delete from bounced_addresses where address = $1";
        with_write!(db, pool => sqlx::query(delete).bind(&hash).execute(pool).await.map(|_| ()))?;
    }
    Ok(())
}

/// Forgets bounces that have had their time.
pub const FORGET_OLD: &str = "delete from bounced_addresses where last_at <= $1";
/// How long they have.
pub const KEPT: Millis = 2 * SUSPENDED;

/// Counts a bounce of an address; gives whether it is suspended now.
pub(super) async fn count(db: &Db, recipient: &str, verdict: Verdict, now: Millis) -> sqlx::Result<bool> {
    let enough = match verdict {
        Verdict::NoMailbox => 1,
        Verdict::TakesNone => BOUNCES,
        Verdict::NotTheAddress => return Ok(false),
    };
    let upsert = "insert into bounced_addresses (address, bounces, last_at) values ($1, 1, $2) on conflict (address) do update set \
        bounces = case when bounced_addresses.last_at <= $3 then 1 else bounced_addresses.bounces + 1 end, last_at = excluded.last_at";
    with_write!(db, pool => sqlx::query(upsert).bind(recipient).bind(now).bind(now - IN_A_ROW).execute(pool).await.map(|_| ()))?;
    let update = "update bounced_addresses set suspended_at = $1 where address = $2 and bounces >= $3";
    with_write!(db, pool => sqlx::query(update).bind(now).bind(recipient).bind(enough).execute(pool).await
        .map(|done| done.rows_affected() == 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_is_said_of_the_address_counts_against_it() {
        use Verdict::{NoMailbox, NotTheAddress, TakesNone};
        for (status, expected) in [
            ("5.1.1", NoMailbox),
            ("5.1.10", NoMailbox),
            ("5.2.1", NoMailbox),
            ("5.2.2", TakesNone),
            ("5.4.1", TakesNone),
            ("5.0.0", TakesNone),
            ("550", TakesNone),
            ("5.1.8", NotTheAddress),
            ("5.2.3", NotTheAddress),
            ("5.3.4", NotTheAddress),
            ("5.7.1", NotTheAddress),
            ("552", NotTheAddress),
            ("554", NotTheAddress),
            ("4.2.2", NotTheAddress),
            ("", NotTheAddress),
        ] {
            assert_eq!(Verdict::of(status), expected, "{status}");
        }
    }

    proptest! {
        #[test]
        fn what_passes_says_nothing_of_an_address(subject in 0_u16..1_000, detail in 0_u16..1_000, class in "[0-46-9]") {
            prop_assert_eq!(Verdict::of(&format!("{class}.{subject}.{detail}")), Verdict::NotTheAddress);
        }
    }
}
