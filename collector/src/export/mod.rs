//! Export: cases as rows for spreadsheets and data people. One row a case, streamed in chunks by the identifiers of cases, so that neither memory nor a
//! transaction grows with their number.

mod columns;
pub mod commands;
mod names;
mod row;
mod table;
mod workbook;

use std::collections::HashMap;

use sqlx::AssertSqlSafe;

pub use columns::describe;
pub use names::Names;
pub use row::{Contacts, Format, columns, head, line};
pub use table::{FormatQuery, Rows, Table};
pub use workbook::{Description, Workbook};

use self::row::Rated;
use crate::cases::Case;
use crate::cases::case::SELECT;
use crate::clock::Millis;
use crate::db::Db;
use crate::db::rows::{chunks, placeholders};
use crate::keys::{Keys, first_id_of};
use crate::with_db;

/// Cases of a chunk.
pub const CHUNK: i64 = 1_000;

/// What is to be exported; cases in quarantine, and merged ones, never are.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The identifier of the site.
    pub site_id: Option<String>,
    /// Received from then on.
    pub from: Option<Millis>,
    /// Received before.
    pub to: Option<Millis>,
}

/// The next cases after one, the oldest first.
pub async fn chunk(db: &Db, wanted: &Wanted, after: &str) -> sqlx::Result<Vec<Case>> {
    // Identifiers have the order of their making, which is within the hour of the receipt.
    let low = wanted.from.map(|from| first_id_of(from - crate::clock::HOUR)).unwrap_or_default();
    let after = if after > low.as_str() { after } else { low.as_str() };
    let select = AssertSqlSafe(format!(
        "{SELECT} where cases.id > $1 and cases.quarantine = '' and ($2 = '' or cases.site_id = $2) and cases.received_at >= $3 \
         and cases.received_at < $4 order by cases.id limit $5"
    ));
    let (from, to) = (wanted.from.unwrap_or(Millis::MIN), wanted.to.unwrap_or(Millis::MAX));
    with_db!(db, pool => sqlx::query_as(select).bind(after).bind(wanted.site_id.as_deref().unwrap_or_default())
        .bind(from).bind(to).bind(CHUNK).fetch_all(pool).await)
}

/// The table of cases.
pub fn table(contacts: Contacts) -> Table {
    Table { name: "cases", columns: columns(contacts), describe }
}

/// The lines of some cases.
pub async fn lines(
    db: &Db,
    keys: &Keys,
    names: &Names,
    cases: &[Case],
    (format, contacts): (Format, Contacts),
) -> sqlx::Result<Vec<u8>> {
    let rated = ratings(db, cases).await?;
    let mut bytes = Vec::new();
    for case in cases {
        bytes.extend(line(&row::values(case, names, rated.get(&case.id), keys, contacts), format));
    }
    Ok(bytes)
}

/// The cells of some cases, for a workbook.
pub async fn cells(
    db: &Db,
    keys: &Keys,
    names: &Names,
    cases: &[Case],
    contacts: Contacts,
) -> sqlx::Result<Vec<Vec<serde_json::Value>>> {
    let rated = ratings(db, cases).await?;
    Ok(cases.iter().map(|case| row::values(case, names, rated.get(&case.id), keys, contacts)).collect())
}

async fn ratings(db: &Db, cases: &[Case]) -> sqlx::Result<HashMap<String, Rated>> {
    let ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    let mut all = HashMap::new();
    for chunk in chunks(&ids) {
        let select = AssertSqlSafe(format!(
            "select case_id, score, solved, comment from satisfactions where case_id in ({})",
            placeholders(0, chunk.len())
        ));
        let found: Vec<Rated> = with_db!(db, pool => {
            chunk.iter().fold(sqlx::query_as(select), |query, id| query.bind(*id)).fetch_all(pool).await
        })?;
        all.extend(found.into_iter().map(|rated| (rated.case_id.clone(), rated)));
    }
    Ok(all)
}
