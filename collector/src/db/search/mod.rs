//! The search index: which cases have which tokens, newest first, made for a million of them.
//!
//! Neither FTS5 nor `tsvector` knows an order in which it could stop after a page, and their notions of a word differ. So the index is
//! rows of our own, the same on both databases. Cases are gathered in *segments* of up to 65,536, in the order of their identifiers; a
//! segment never changes, and for each of its tokens one row holds the set of places of the cases that have it. A search intersects such
//! sets, segment by segment, newest first, and stops when the page is full. What a case says anew is first a row of `case_search_fresh`,
//! which is read whole; when there are some hundreds of them they become a small segment, and small segments are merged into larger
//! ones, in the background. A case that changes is marked as gone in the segment where it was.
//!
//! Beside the words of a case stand its *facets*, such as its status or its owner: tokens that no text has.

mod bits;
mod compact;
mod evaluate;
mod find;
mod fold;
mod highlight;
mod numbers;
mod phrase;
mod query;
mod request;
mod rows;
mod stems;
mod term;
mod tokens;
mod umlauts;
mod write;

pub use compact::{Progress, Rest, compact, purge};
pub use evaluate::{Verdict, evaluate};
pub use find::{between_sql, find, sets_sql};
pub use fold::{fold, runs};
pub use highlight::hits;
pub use phrase::Phrase;
pub use query::{Last, Text};
pub use request::{Found, Loose, Order, Request};
pub use term::Term;
pub use tokens::Tokens;
pub use write::{Entry, index, index_all, is_indexed};

use sqlx::AssertSqlSafe;

use crate::db::alone::execute_alone;
use crate::db::copy::Snapshot;
use crate::db::{Db, Tx};
use crate::{with_db, with_tx};

/// The version of what an entry holds. Raise it when tokens or facets change: all cases are indexed again, in the background.
pub const FORMAT: i64 = 5;

/// The tables, with `$bytes` and `$ordered` as the databases name them: bytes, and texts in the order of their bytes.
const TABLES: [&str; 7] = [
    // What versions before the first release had in their place.
    "drop table if exists case_search",
    "drop table if exists case_search_numbers",
    // Which cases are indexed: as of which event, in which format, and whether they said more than an entry holds.
    "create table if not exists case_search_cases (case_id $ordered primary key not null, seq bigint not null, format bigint not null, \
     is_cut boolean not null)",
    "create table if not exists case_search_fresh (case_id $ordered primary key not null, version bigint not null, tokens text not null)",
    // State 0 is under construction, 1 is searched, 2 is to be removed.
    "create table if not exists case_search_segments (id bigint primary key not null, cases bigint not null, state bigint not null, \
     started_at bigint not null, first_id $ordered not null, last_id $ordered not null)",
    // The identifiers of a segment's cases in their order, in pieces.
    "create table if not exists case_search_ids (segment bigint not null, piece bigint not null, first_id $ordered not null, ids $bytes not null, \
     primary key (segment, piece))",
    "create table if not exists case_search_places (segment bigint not null, token $ordered not null, places $bytes not null, \
     primary key (segment, token))",
];

/// Makes the tables. They differ, since neither database knows the other's type of bytes.
pub(super) async fn prepare(db: &Db) -> sqlx::Result<()> {
    let statement = |table: &str| match db {
        Db::Sqlite(_) => {
            let kind = if table.starts_with("create") { " without rowid" } else { "" };
            table.replace("$bytes", "blob").replace("$ordered", "text") + kind
        }
        Db::Postgres(_) => table.replace("$bytes", "bytea").replace("$ordered", "text collate \"C\""),
    };
    execute_alone(db, 7_229_715, TABLES.map(statement)).await
}

/// Forgets what is indexed.
pub async fn clear(tx: &mut Tx) -> sqlx::Result<()> {
    lock(tx).await?;
    for table in ["cases", "fresh", "segments", "ids", "places"] {
        let delete = AssertSqlSafe(format!("delete from case_search_{table}"));
        with_tx!(tx, conn => sqlx::query(delete).execute(conn).await.map(|_| ()))?;
    }
    Ok(())
}

/// How many cases are indexed, in any format.
pub async fn count(db: &Db) -> sqlx::Result<i64> {
    with_db!(db, pool => sqlx::query_scalar("select count(*) from case_search_cases").fetch_one(pool).await)
}

/// How much of the cases the index covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// How many cases are indexed in the current format.
    pub indexed: i64,
    /// How many of them said more than an entry holds.
    pub cut: i64,
    /// How many cases there are.
    pub cases: i64,
}

/// How much of the cases the index covers; it counts, so it is for those who have time.
pub async fn coverage(db: &Db) -> sqlx::Result<Coverage> {
    let select = "select (select count(*) from case_search_cases where format = $1), \
        (select count(*) from case_search_cases where format = $1 and is_cut), (select count(*) from cases)";
    let (indexed, cut, cases) = with_db!(db, pool => sqlx::query_as(select).bind(FORMAT).fetch_one(pool).await)?;
    Ok(Coverage { indexed, cut, cases })
}

/// One writes the index at a time: on SQLite that is so anyway.
async fn lock(tx: &mut Tx) -> sqlx::Result<()> {
    match tx {
        Tx::Sqlite(_) => Ok(()),
        Tx::Postgres(tx) => sqlx::query("select pg_advisory_xact_lock(7229716)").execute(&mut **tx).await.map(|_| ()),
    }
}

/// A transaction that sees the index as it was when it began, while others merge its segments.
pub async fn reading(db: &Db) -> sqlx::Result<Tx> {
    Ok(match db.snapshot().await? {
        Snapshot::Sqlite(tx) => Tx::Sqlite(tx),
        Snapshot::Postgres(tx) => Tx::Postgres(tx),
    })
}
