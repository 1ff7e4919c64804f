//! The search index in the background: into a form that is fast, and anew when its format has changed.

use std::time::Duration;

use crate::app::App;
use crate::cases::search;
use crate::db::search::FORMAT;
use crate::{with_db, with_write};

/// How often it is looked whether there is something to do.
const POLL: Duration = Duration::from_secs(2);
/// Cases that are indexed anew at once.
const BATCH: i64 = 64;
/// The fact about this database that says in which format all of its cases are indexed.
const FACT: &str = "search_format";

/// Works until `app.shutdown` is cancelled.
pub(super) async fn run(app: &App) {
    let mut is_current = false;
    let mut after = None;
    while !app.shutdown.is_cancelled() {
        if let Err(error) = step(app, &mut is_current, &mut after).await {
            tracing::error!(error = %error, "the search index can't be kept; trying again");
        } else if !is_current {
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = app.shutdown.cancelled() => {}
        }
    }
}

async fn step(app: &App, is_current: &mut bool, after: &mut Option<String>) -> sqlx::Result<()> {
    search::compact(app).await?;
    if *is_current {
        return Ok(());
    }
    let select = "select value from meta where name = $1";
    let format: Option<String> =
        with_db!(&app.db, pool => sqlx::query_scalar(select).bind(FACT).fetch_optional(pool).await)?;
    if format.as_deref() != Some(FORMAT.to_string().as_str()) {
        *after = search::reindex_batch(app, after.as_deref(), BATCH).await?;
        if after.is_some() {
            return Ok(());
        }
        let upsert =
            "insert into meta (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value";
        let format = FORMAT.to_string();
        with_write!(&app.db, pool => sqlx::query(upsert).bind(FACT).bind(format).execute(pool).await.map(|_| ()))?;
    }
    *is_current = true;
    Ok(())
}
