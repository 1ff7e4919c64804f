//! What goes over to another customer when one is merged into it.

use crate::db::Tx;
use crate::with_tx;

/// Lets the other be found by the words of the one's name as well.
pub(super) async fn move_names(tx: &mut Tx, id: &str, into: &str) -> sqlx::Result<()> {
    let select = "select hash from customer_names where customer_id = $1 and hash not in (select hash from customer_names where customer_id = $2)";
    let hashes: Vec<String> =
        with_tx!(&mut *tx, conn => sqlx::query_scalar(select).bind(id).bind(into).fetch_all(conn).await)?;
    for hash in hashes {
        let insert = "insert into customer_names (hash, customer_id) values ($1, $2)";
        with_tx!(&mut *tx, conn => sqlx::query(insert).bind(&hash).bind(into).execute(conn).await.map(|_| ()))?;
        note(tx, id, "name", &hash).await?;
    }
    Ok(())
}

/// Notes what went over with a customer who was merged, so that it can go back.
pub(super) async fn note(tx: &mut Tx, id: &str, kind: &str, reference: &str) -> sqlx::Result<()> {
    let insert = "insert into customer_moves (customer_id, kind, reference) values ($1, $2, $3)";
    with_tx!(tx, conn => sqlx::query(insert).bind(id).bind(kind).bind(reference).execute(conn).await.map(|_| ()))
}
