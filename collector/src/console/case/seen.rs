//! What of a case its reader has seen, so that nobody answers what they have not read.

use crate::app::App;
use crate::cases::{Case, Status};
use crate::clock::Millis;
use crate::with_db;

/// What stands before the time at which something was erased.
const ERASED: &str = "-erased-";

/// What was on the page: where the case stands, and how much was said. That the customer got a receipt changes nothing for an answer.
pub(super) async fn marker(app: &App, case: &Case) -> sqlx::Result<String> {
    let status = match case.status() {
        Status::Acknowledged => Status::New,
        other => other,
    };
    let count = "select count(*) from messages where case_id = $1";
    let messages: i64 = with_db!(&app.db, pool => sqlx::query_scalar(count).bind(&case.id).fetch_one(pool).await)?;
    let erased = match erased(app, case).await? {
        Some(at) => format!("{ERASED}{at}"),
        None => String::new(),
    };
    Ok(format!("{}-{messages}{erased}", status.as_str()))
}

/// When something of a case was erased last.
async fn erased(app: &App, case: &Case) -> sqlx::Result<Option<Millis>> {
    let select = "select max(coalesce(texts_at, contacts_at)) from erasures where case_id = $1";
    with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&case.id).fetch_one(pool).await)
}

/// Whether something of a case was erased since a form was handed out.
pub(super) async fn is_erased_since(app: &App, case: &Case, seen: &str) -> sqlx::Result<bool> {
    let before = seen.split_once(ERASED).map(|(_, at)| at.to_owned());
    let now = erased(app, case).await?.map(|at| at.to_string());
    Ok(!seen.is_empty() && now != before)
}

/// Whether the case has changed since a form was handed out. A form that does not say what was seen is not held up.
pub(super) async fn is_outdated(app: &App, case: &Case, seen: &str) -> sqlx::Result<bool> {
    Ok(!seen.is_empty() && seen != marker(app, case).await?)
}
