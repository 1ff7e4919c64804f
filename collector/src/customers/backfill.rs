//! The customers of cases from before there were customers.

use std::sync::Arc;

use super::assign::{Assigned, Which, assign_case, unassigned};
use super::handles::Countries;
use crate::cases::search;
use crate::clock::Millis;
use crate::db::{Db, is_deadlock};
use crate::keys::Keys;
use crate::sites::Site;
use crate::with_db;

/// Cases of one step. It is one transaction, for which customers may have to wait.
const BATCH: i64 = 64;

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
            Ok(changed) => {
                search::refresh(db, &changed).await?;
                return Ok(ids.into_iter().next_back());
            }
        }
    }
}

/// Gives the cases that have changed.
async fn assign_all(
    db: &Db,
    keys: &Keys,
    countries: &Countries,
    ids: &[String],
    now: Millis,
) -> sqlx::Result<Vec<String>> {
    let cases = unassigned(db, ids, Which::WithoutCustomer).await?;
    let mut changed = Vec::new();
    if cases.is_empty() {
        return Ok(changed);
    }
    let mut tx = db.begin().await?;
    for case in &cases {
        if assign_case(&mut tx, keys, countries, case, now).await? != Assigned::Nothing {
            changed.push(case.id.clone());
        }
    }
    tx.commit().await?;
    Ok(changed)
}
