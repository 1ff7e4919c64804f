//! All that a target was told, or is to be told, as a file.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use futures_util::stream;
use serde_json::{Value, json};

use super::access::find;
use crate::app::App;
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::cases::query::numbers;
use crate::clock::rfc3339;
use crate::export::{FormatQuery, Rows, Table};
use crate::http::Result;
use crate::outbox::list::{Filter, Listed, list};

/// Deliveries of a chunk.
const CHUNK: i64 = 500;

/// `GET /staff/targets/{key}/deliveries`.
pub(super) async fn export(
    State(app): State<App>,
    who: SignedIn,
    Path(key): Path<String>,
    Query(query): Query<FormatQuery>,
) -> Result<Response> {
    let target = find(&app, &who, &key, Action::ReadService).await?;
    let destination = Some(target.id.clone());
    let rows = stream::try_unfold((app, vec![target], Some(None)), move |(app, targets, after)| {
        let destination = destination.clone();
        async move {
            let Some(after) = after else { return Ok(None) };
            let filter = Filter { destination, after, limit: CHUNK, ..Filter::default() };
            let found = list(&app.db, &targets, &filter).await?;
            let is_full = i64::try_from(found.len()).is_ok_and(|len| len >= CHUNK);
            let next = found.last().filter(|_| is_full).map(|last| Some((last.created_at, last.id.clone())));
            let cases: Vec<String> = found.iter().filter_map(|one| one.case.clone()).collect();
            let numbers = numbers(&app.db, &cases).await?;
            let rows: Rows = found.iter().map(|one| cells(one, &numbers)).collect();
            Ok(Some((rows, (app, targets, next))))
        }
    });
    let table = Table { name: "deliveries", columns: COLUMNS.to_vec(), describe };
    Ok(table.download(query.format(), rows))
}

fn cells(one: &Listed, numbers: &HashMap<String, i64>) -> Vec<Value> {
    vec![
        json!(one.id),
        json!(one.event.as_deref().unwrap_or(&one.subject)),
        json!(one.case.as_ref().and_then(|id| numbers.get(id))),
        json!(one.state),
        json!(one.attempts),
        json!(one.last_error),
        json!(rfc3339(one.created_at)),
        json!(one.sent_at.map(rfc3339)),
    ]
}

const COLUMNS: [&str; 8] = ["id", "about", "case", "state", "attempts", "error", "planned_at", "sent_at"];

fn describe(column: &str) -> Option<&'static str> {
    Some(match column {
        "id" => "The identifier of the delivery",
        "about" => "The type of the event, or what else it tells of",
        "case" => "The number of the case",
        "state" => "pending, sent, failed or dropped, as sayso deliveries has it",
        "attempts" => "How often it was tried",
        "error" => "Why the last try failed",
        "planned_at" => "When it was planned (RFC 3339, UTC)",
        "sent_at" => "When it was sent (RFC 3339, UTC)",
        _ => return None,
    })
}
