//! Numbers that are counted up without gaps.

use super::Tx;
use crate::with_tx;

/// Takes the next `count` numbers, and gives the first of them. The row stays locked until the transaction ends, so that whoever comes next sees
/// everything that has a lower number.
pub async fn next(tx: &mut Tx, name: &str, count: i64) -> sqlx::Result<i64> {
    let update = "update counters set value = value + $1 where name = $2 returning value";
    let last: i64 = with_tx!(tx, conn => sqlx::query_scalar(update).bind(count).bind(name).fetch_one(conn).await)?;
    Ok(last - count + 1)
}

/// Takes the next number of a counter that begins at 0 when it is first asked for.
pub async fn count_up(tx: &mut Tx, name: &str) -> sqlx::Result<i64> {
    let upsert = "insert into counters (name, value) values ($1, 0) on conflict (name) do update set value = counters.value + 1 returning value";
    with_tx!(tx, conn => sqlx::query_scalar(upsert).bind(name).fetch_one(conn).await)
}

/// Locks a counter for the rest of the transaction.
pub async fn lock(tx: &mut Tx, name: &str) -> sqlx::Result<()> {
    next(tx, name, 0).await.map(|_| ())
}
