//! The customers of cases from before there were customers.

use std::sync::Arc;

use super::assign::{Assigned, Which, assign, unassigned};
use super::handles::Countries;
use crate::cases::search;
use crate::clock::Millis;
use crate::db::search::is_indexed;
use crate::db::{Db, is_deadlock};
use crate::keys::Keys;
use crate::sites::Site;
use crate::with_db;

/// Cases of one step. It is one transaction, for which customers may have to wait.
pub const BATCH: i64 = 256;

/// Finds or makes the customers of the next cases after `after`, oldest first, which is empty at the beginning; gives the last of them, or none when
/// all are done. What was promised and routed stays as it was.
pub async fn batch(db: &Db, keys: &Keys, now: Millis, after: &str) -> anyhow::Result<Option<String>> {
    let select = "select id from cases where id > $1 order by id limit $2";
    let ids: Vec<String> =
        with_db!(db, pool => sqlx::query_scalar(select).bind(after).bind(BATCH).fetch_all(pool).await)?;
    let sites: Vec<Arc<Site>> = Site::all(db).await?.into_iter().map(Arc::new).collect();
    let countries = Countries::of(&sites);
    loop {
        match assign_all(db, keys, &countries, &ids, now).await {
            // A new case of the same customer comes at the same time.
            Err(error) if is_deadlock(&error) => {}
            Err(error) => return Err(error.into()),
            Ok(()) => return Ok(ids.into_iter().next_back()),
        }
    }
}

async fn assign_all(db: &Db, keys: &Keys, countries: &Countries, ids: &[String], now: Millis) -> sqlx::Result<()> {
    let cases = unassigned(db, ids, Which::WithoutCustomer).await?;
    if cases.is_empty() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    let assigned = assign(&mut tx, keys, countries, &cases, now).await?;
    let changed: Vec<String> = assigned.into_iter().map(|Assigned { case_id, .. }| case_id).collect();
    // The index of all cases comes after their customers; what is in it already has come since.
    let indexed: Vec<String> = is_indexed(&mut tx, &changed).await?.into_iter().collect();
    search::refresh_in(&mut tx, &indexed).await?;
    tx.commit().await
}
