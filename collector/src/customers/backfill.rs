//! The customers of cases from before there were customers, and by what names are found from before they were found so.

use std::sync::Arc;

use super::assign::{Assigned, Which, assign, unassigned};
use super::customer::lock;
use super::handles::Countries;
use super::moves::move_names;
use super::names;
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

/// Keeps by what the names of the next customers after `after` are found, which is empty at the beginning; gives the last of them, or none when all are done.
pub async fn names_batch(db: &Db, keys: &Keys, after: &str) -> anyhow::Result<Option<String>> {
    let select = "select id from customers where id > $1 order by id limit $2";
    let ids: Vec<String> =
        with_db!(db, pool => sqlx::query_scalar(select).bind(after).bind(BATCH).fetch_all(pool).await)?;
    loop {
        match keep_names(db, keys, &ids).await {
            // Customers are merged at the same time.
            Err(error) if is_deadlock(&error) => {}
            Err(error) => return Err(error.into()),
            Ok(()) => return Ok(ids.into_iter().next_back()),
        }
    }
}

async fn keep_names(db: &Db, keys: &Keys, ids: &[String]) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    for id in ids {
        // Locked, since nothing of who is erased meanwhile may come back.
        let Some(customer) = lock(&mut tx, id).await?.filter(|customer| customer.erased_at.is_none()) else { continue };
        let into = match &customer.merged_into {
            Some(into) => lock(&mut tx, into).await?,
            None => None,
        };
        // The one into whom they were merged first, so that what both names have in common stays when they are taken apart.
        for named in into.iter().chain([&customer]) {
            let name = named.name(keys).unwrap_or_default();
            names::add(&mut tx, keys, &[(&named.id, &name)]).await?;
        }
        if let Some(into) = into {
            move_names(&mut tx, &customer.id, &into.id).await?;
        }
    }
    tx.commit().await
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
