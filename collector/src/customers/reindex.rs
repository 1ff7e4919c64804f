//! Entering the cases of a customer anew into the search index.

use crate::clock::Millis;
use crate::db::Tx;
use crate::db::jobs::{Kind, NewJob, enqueue};
use crate::with_tx;

/// Has all cases of a customer entered anew into the search index, since they are found by the tier that the customer has now.
pub(super) async fn reindex(tx: &mut Tx, customer_id: &str, now: Millis) -> sqlx::Result<()> {
    let select = "select id from cases where customer_id = $1 order by id";
    let ids: Vec<String> =
        with_tx!(&mut *tx, conn => sqlx::query_scalar(select).bind(customer_id).fetch_all(conn).await)?;
    let jobs: Vec<NewJob> = ids.into_iter().map(|key| NewJob { key, payload: String::new(), due_at: now }).collect();
    enqueue(tx, Kind::Search, &jobs, now).await
}
