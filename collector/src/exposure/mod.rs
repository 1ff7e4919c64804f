//! Exposure: how many orders, visits or accounts there were on a day, so that complaints can be said per thousand of them.

pub mod commands;
pub mod row;

use sqlx::AssertSqlSafe;

pub use row::{Exposed, RowError};

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
    /// The kind; the first one by its name of each site without one, since orders and visits do not add up.
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

/// What was stored, by site, kind and day.
pub async fn sums(db: &Db, wanted: &Wanted<'_>) -> sqlx::Result<Vec<Sum>> {
    let kind = match wanted.kind {
        Some(_) => "exposure.kind = $4",
        None => {
            "exposure.kind = (select min(first.kind) from exposure first where first.site_id = exposure.site_id and $4 = '')"
        }
    };
    let select = AssertSqlSafe(format!(
        "select site_id, kind, day, number as found from exposure where ($1 = '' or site_id = $1) and day >= $2 and day <= $3 and {kind} \
         order by site_id, kind, day"
    ));
    let (from, to) = (wanted.days.0.unwrap_or(""), wanted.days.1.unwrap_or("9999-99-99"));
    with_db!(db, pool => sqlx::query_as(select).bind(wanted.site_id.unwrap_or("")).bind(from).bind(to)
        .bind(wanted.kind.unwrap_or("")).fetch_all(pool).await)
}
