//! What a customer said when they were called and asked whether they were helped, for their export.

use serde::Serialize;

use crate::app::App;
use crate::cases::Case;
use crate::clock::{Millis, rfc3339};
use crate::http::Result;
use crate::with_db;

/// A check call that was made.
#[derive(Serialize)]
pub(super) struct ExportedCall {
    /// The code of the case that it was about.
    pub(super) case: String,
    /// What it found, one of [`CallResult`](crate::calls::CallResult).
    pub(super) result: String,
    pub(super) score: Option<i64>,
    pub(super) at: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    case_id: String,
    result: String,
    score: Option<i64>,
    called_at: Option<Millis>,
}

/// All of a customer's, and of those who were merged into them, the oldest first.
pub(super) async fn calls(app: &App, id: &str) -> Result<Vec<ExportedCall>> {
    let select = "select case_id, result, score, called_at from check_calls where result is not null \
        and (customer_id = $1 or customer_id in (select id from customers where merged_into = $1)) order by called_at, id";
    let rows: Vec<Row> = with_db!(&app.db, pool => sqlx::query_as(select).bind(id).fetch_all(pool).await)?;
    let mut calls = Vec::with_capacity(rows.len());
    for Row { case_id, result, score, called_at } in rows {
        let case = Case::by_id(app, &case_id).await?.code(&app.keys)?;
        calls.push(ExportedCall { case, result, score, at: called_at.map(rfc3339) });
    }
    Ok(calls)
}
