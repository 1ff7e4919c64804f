//! The cases of problems.

use std::collections::HashMap;

use sayso_shared::id::IdempotencyKey;
use sqlx::AssertSqlSafe;

use crate::cases::access::Visibility;
use crate::cases::conditions::{Conditions, bind_values};
use crate::db::Db;
use crate::with_db;

/// How many cases a problem has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All of them.
    pub cases: i64,
    /// Those that are not resolved yet.
    pub open: i64,
}

/// The counts of all problems that have cases, by key; for somebody who does not see all cases, of those that they see. Cases in quarantine do not count, nor
/// do merged ones, which go on in another case.
pub async fn count(db: &Db, visible: Option<&Visibility>) -> sqlx::Result<HashMap<String, Count>> {
    let mut conditions = Conditions { sql: "problem is not null and quarantine = ''".to_owned(), values: Vec::new() };
    if let Some(visible) = visible {
        conditions.and_visible(visible);
    }
    let select = AssertSqlSafe(format!(
        "select problem, count(*), cast(sum(case when status in ('resolved', 'closed') then 0 else 1 end) as bigint) from cases \
         where {} group by problem",
        conditions.sql
    ));
    let rows: Vec<(String, i64, i64)> = with_db!(db, pool => {
        bind_values!(sqlx::query_as(select), &conditions.values).fetch_all(pool).await
    })?;
    Ok(rows.into_iter().map(|(key, cases, open)| (key, Count { cases, open })).collect())
}

/// The open cases of a problem, the oldest first, at most `limit`.
pub(super) async fn open_cases(db: &Db, key: &str, limit: i64) -> sqlx::Result<Vec<String>> {
    let select = "select id from cases where problem = $1 and quarantine = '' and status not in ('resolved', 'closed') \
        order by id limit $2";
    with_db!(db, pool => sqlx::query_scalar(select).bind(key).bind(limit).fetch_all(pool).await)
}

/// The cases of a problem that were answered by a request with this key and are no longer open, the oldest first, with their versions.
pub(super) async fn answered_with(db: &Db, key: &str, request: &IdempotencyKey) -> sqlx::Result<Vec<(String, i64)>> {
    let select = "select cases.id, cases.version from idempotency_keys join cases on cases.id = idempotency_keys.scope \
        where idempotency_keys.key = $1 and cases.problem = $2 and cases.status in ('resolved', 'closed') order by cases.id";
    with_db!(db, pool => sqlx::query_as(select).bind(request.as_str()).bind(key).fetch_all(pool).await)
}
