//! Exposure: how many orders, visits or accounts there were on a day, so that complaints can be said per thousand of them.

pub mod commands;
pub mod row;
mod store;

pub use row::{Exposed, RowError};
pub use store::{Counts, store};

use crate::clock::Millis;
use crate::db::{Db, Tx};
use crate::{with_db, with_tx};

/// What became of a row that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is the first one of its day and kind.
    New,
    /// Another number was there.
    Replaced,
    /// The same number was there.
    Same,
}

/// Which days are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The identifier of a site; all of them without one.
    pub site_id: Option<&'a str>,
    /// The kind; all of them without one.
    pub kind: Option<&'a str>,
    /// From which day until which, both included.
    pub days: (Option<&'a str>, Option<&'a str>),
}

/// The exposure of a day.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Sum {
    /// The identifier of the site.
    pub site_id: String,
    /// What is counted, such as `orders`.
    pub kind: String,
    /// The day, as `2026-11-29`.
    pub day: String,
    /// How many.
    pub found: i64,
}

/// Stores a row in the place of the one that was there for its day and kind.
pub async fn put(tx: &mut Tx, site_id: &str, row: &Exposed, now: Millis) -> sqlx::Result<Outcome> {
    let select = "select number from exposure where site_id = $1 and kind = $2 and day = $3";
    let day = row.day.to_string();
    let known: Option<i64> = with_tx!(&mut *tx, conn => sqlx::query_scalar(select).bind(site_id).bind(&row.kind).bind(&day)
        .fetch_optional(conn).await)?;
    if known == Some(row.number) {
        return Ok(Outcome::Same);
    }
    let upsert = "insert into exposure (site_id, kind, day, number, updated_at) values ($1, $2, $3, $4, $5) \
        on conflict (site_id, kind, day) do update set number = excluded.number, updated_at = excluded.updated_at";
    with_tx!(tx, conn => sqlx::query(upsert).bind(site_id).bind(&row.kind).bind(&day).bind(row.number).bind(now)
        .execute(conn).await.map(|_| ()))?;
    Ok(if known.is_some() { Outcome::Replaced } else { Outcome::New })
}

/// Where a page of sums begins, and how many it has.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The kind and the day that the page before ended with.
    pub after: Option<(&'a str, &'a str)>,
    /// How many.
    pub limit: usize,
}

/// What was stored, by site, kind and day.
pub async fn sums(db: &Db, wanted: &Wanted<'_>) -> sqlx::Result<Vec<Sum>> {
    page(db, wanted, Page { after: None, limit: usize::MAX }).await
}

/// The same page by page, of one site.
pub async fn page(db: &Db, wanted: &Wanted<'_>, page: Page<'_>) -> sqlx::Result<Vec<Sum>> {
    let select = "select site_id, kind, day, number as found from exposure where ($1 = '' or site_id = $1) and day >= $2 and day <= $3 \
        and ($4 = '' or kind = $4) and (kind > $5 or kind = $5 and day > $6) order by site_id, kind, day limit $7";
    let (from, to) = (wanted.days.0.unwrap_or(""), wanted.days.1.unwrap_or("9999-99-99"));
    let (kind, day) = page.after.unwrap_or(("", ""));
    let limit = i64::try_from(page.limit).unwrap_or(i64::MAX);
    with_db!(db, pool => sqlx::query_as(select).bind(wanted.site_id.unwrap_or("")).bind(from).bind(to)
        .bind(wanted.kind.unwrap_or("")).bind(kind).bind(day).bind(limit).fetch_all(pool).await)
}

/// What was counted of a site, or of any.
pub async fn kinds(db: &Db, site_id: Option<&str>) -> sqlx::Result<Vec<String>> {
    let select = "select distinct kind from exposure where ($1 = '' or site_id = $1) order by kind";
    with_db!(db, pool => sqlx::query_scalar(select).bind(site_id.unwrap_or("")).fetch_all(pool).await)
}

/// What complaints are held against where nobody says it: orders where a site has some, else the first kind by its name. Orders and visits do not add up, and
/// a kind that comes to them later must not change what was reported before. None where nothing was said.
pub async fn usual_kind(db: &Db, site_id: Option<&str>) -> sqlx::Result<Option<String>> {
    let select = "select kind from exposure where ($1 = '' or site_id = $1) group by kind order by case when kind = $2 then 0 else 1 end, kind limit 1";
    with_db!(db, pool => sqlx::query_scalar(select).bind(site_id.unwrap_or("")).bind(row::ORDERS).fetch_optional(pool).await)
}
