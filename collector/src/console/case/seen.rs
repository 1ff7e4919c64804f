//! What of a case its reader has seen, so that nobody answers what they have not read.

use crate::app::App;
use crate::cases::{Case, Status};
use crate::with_db;

/// What was on the page: where the case stands, and how much was said. That the customer got a receipt changes nothing for an answer.
pub(super) async fn marker(app: &App, case: &Case) -> sqlx::Result<String> {
    let status = match case.status() {
        Status::Acknowledged => Status::New,
        other => other,
    };
    let count = "select count(*) from messages where case_id = $1";
    let messages: i64 = with_db!(&app.db, pool => sqlx::query_scalar(count).bind(&case.id).fetch_one(pool).await)?;
    Ok(format!("{}-{messages}", status.as_str()))
}

/// Whether the case has changed since a form was handed out. A form that does not say what was seen is not held up.
pub(super) async fn is_outdated(app: &App, case: &Case, seen: &str) -> sqlx::Result<bool> {
    Ok(!seen.is_empty() && seen != marker(app, case).await?)
}
