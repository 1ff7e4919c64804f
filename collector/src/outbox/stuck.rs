//! What does not get out: deliveries that were tried again and again, and those that were given up.

use crate::clock::Millis;
use crate::db::Db;
use crate::sites::targets::Channel;
use crate::with_db;

/// Deliveries to one destination that did not get there.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Stuck {
    /// Their destination; that of all members together is `member`.
    pub destination: String,
    /// Whether they are tried again (`pending`), wait for a target that is off (`suspended`), or were given up (`failed`).
    pub state: String,
    /// How many there are.
    pub count: i64,
    /// When the first of them was planned.
    pub since: Millis,
    /// Why the latest attempt of one of them did not work, in English.
    pub error: Option<String>,
}

/// Mails that were tried three times or more: how many, and when the first of them was planned. None where all is well.
pub async fn mails(db: &Db) -> sqlx::Result<Option<(u64, Millis)>> {
    let select = "select count(*), coalesce(min(created_at), 0) from deliveries \
        where state = 'pending' and attempts >= 3 and channel = $1";
    let (count, since): (i64, Millis) =
        with_db!(db, pool => sqlx::query_as(select).bind(Channel::Email.as_str()).fetch_one(pool).await)?;
    Ok((count > 0).then(|| (count.unsigned_abs(), since)))
}

/// Everything that is stuck, by where it goes; the most of it first.
pub async fn all(db: &Db) -> sqlx::Result<Vec<Stuck>> {
    let select = "select case when destination like 'member%' then 'member' else destination end as destination, state, count(*) as count, \
        min(created_at) as since, max(last_error) as error from deliveries \
        where (state = 'pending' and attempts >= 3 or state = 'failed' or state = 'suspended') and subject <> 'target_test' \
        group by 1, 2 order by 3 desc, 1, 2";
    with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)
}
