//! Giving all customers of one representative to another, or to nobody when they leave.

use serde_json::json;

use crate::audit::{self, Change, Stamp};
use crate::clock::Millis;
use crate::db::{Db, Tx};
use crate::with_tx;

/// Gives all customers of a member to another one, or to nobody; gives how many they are. Before anything that writes the audit log: whoever changes a customer
/// locks in this order.
pub async fn move_all(tx: &mut Tx, from: &str, to: Option<&str>, now: Millis) -> sqlx::Result<u64> {
    let count = "select count(*) from customers where representative_id = $1 and merged_into is null";
    let update = "update customers set representative_id = $1, version = version + 1, updated_at = $2 where representative_id = $3";
    let own: i64 = with_tx!(&mut *tx, conn => sqlx::query_scalar(count).bind(from).fetch_one(conn).await)?;
    // Those who were merged as well: they may be taken apart again.
    with_tx!(&mut *tx, conn => sqlx::query(update).bind(to).bind(now).bind(from).execute(conn).await.map(|_| ()))?;
    Ok(own.unsigned_abs())
}

/// Notes it: once for all of them, whom the new representative's list names.
pub async fn note(tx: &mut Tx, from: &str, to: Option<&str>, customers: u64, stamp: &Stamp) -> sqlx::Result<()> {
    let change = Change {
        action: "customer.handover",
        object: format!("member/{from}"),
        before: json!({"representative": from, "customers": customers}),
        after: json!({"representative": to}),
    };
    audit::append(tx, stamp, &change).await
}

/// Gives all customers of a member to another one; gives how many they are.
pub async fn hand_over(db: &Db, from: &str, to: &str, stamp: &Stamp) -> sqlx::Result<u64> {
    let mut tx = db.begin().await?;
    let customers = move_all(&mut tx, from, Some(to), stamp.at).await?;
    if customers > 0 {
        note(&mut tx, from, Some(to), customers, stamp).await?;
    }
    tx.commit().await?;
    Ok(customers)
}
