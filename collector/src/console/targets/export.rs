//! All that a target was told, or is to be told, as a file.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use futures_util::stream;
use serde_json::{Value, json};

use super::access::find;
use crate::app::App;
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::clock::{Millis, rfc3339};
use crate::db::Db;
use crate::export::{FormatQuery, Rows, Table};
use crate::http::Result;
use crate::with_db;

/// Deliveries of a chunk.
const CHUNK: i64 = 500;

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    subject: String,
    number: Option<i64>,
    event: Option<String>,
    state: String,
    attempts: i64,
    last_error: Option<String>,
    created_at: Millis,
    sent_at: Option<Millis>,
}

/// `GET /staff/targets/{key}/deliveries`.
pub(super) async fn export(
    State(app): State<App>,
    who: SignedIn,
    Path(key): Path<String>,
    Query(query): Query<FormatQuery>,
) -> Result<Response> {
    let target = find(&app, &who, &key, Action::ReadService).await?;
    let first = Some((Millis::MAX, String::new()));
    let rows = stream::try_unfold((app, target.id, first), |(app, target_id, after)| async move {
        let Some((at, id)) = after else { return Ok(None) };
        let found = before(&app.db, &target_id, at, &id).await?;
        let is_full = i64::try_from(found.len()).is_ok_and(|len| len >= CHUNK);
        let next = found.last().filter(|_| is_full).map(|last| (last.created_at, last.id.clone()));
        let rows: Rows = found.iter().map(Row::cells).collect();
        Ok(Some((rows, (app, target_id, next))))
    });
    let table = Table { name: "deliveries", columns: COLUMNS.to_vec(), describe };
    Ok(table.download(query.format(), rows))
}

/// The newest deliveries to a target before one.
async fn before(db: &Db, target_id: &str, at: Millis, id: &str) -> sqlx::Result<Vec<Row>> {
    let select = "select deliveries.id, deliveries.subject, case_numbers.number, events.type as event, deliveries.state, deliveries.attempts, \
        deliveries.last_error, deliveries.created_at, deliveries.sent_at from deliveries \
        left join events on events.case_id = deliveries.order_key and events.seq = deliveries.order_no and deliveries.subject = 'event' \
        left join case_numbers on case_numbers.case_id = deliveries.order_key \
        where deliveries.destination = $1 and (deliveries.created_at < $2 or deliveries.created_at = $2 and deliveries.id < $3) \
        order by deliveries.created_at desc, deliveries.id desc limit $4";
    with_db!(db, pool => sqlx::query_as(select).bind(target_id).bind(at).bind(id).bind(CHUNK).fetch_all(pool).await)
}

impl Row {
    fn cells(&self) -> Vec<Value> {
        vec![
            json!(self.id),
            json!(self.event.as_deref().unwrap_or(&self.subject)),
            json!(self.number),
            json!(self.state),
            json!(self.attempts),
            json!(self.last_error),
            json!(rfc3339(self.created_at)),
            json!(self.sent_at.map(rfc3339)),
        ]
    }
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
