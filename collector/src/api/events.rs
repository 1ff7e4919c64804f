//! Events: the timeline of one case, and those of all cases in one order, for whoever keeps a copy of everything.

use std::collections::HashMap;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sayso_shared::Problem;
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;

use super::bodies::Around;
use super::parameters::{each_once, unknown, wrong};
use super::refusals::TokenRefusals;
use crate::app::App;
use crate::auth::Token;
use crate::auth::bearer::MayRead;
use crate::cases::EventType;
use crate::clock::{Millis, rfc3339};
use crate::http::Result;
use crate::with_db;

/// Events of a page, unless fewer are asked for.
const PAGE: i64 = 100;
/// Most events of a page.
const PAGE_MAX: i64 = 1_000;
/// Longest time that a request waits for something new, in seconds.
const WAIT_MAX: u64 = 30;
/// Another collector on the same database may have dispatched what is waited for.
const LOOK: Duration = Duration::from_secs(1);
/// What a cursor says before the position.
const CURSOR: &str = "events/";

/// An event of a case.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffEvent)]
pub struct EventBody {
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    id: String,
    /// Its number in the case.
    seq: i64,
    #[serde(rename = "type")]
    kind: EventType,
    /// `customer`, `member` or `system`; a program of the staff is `system`, with its name.
    actor: String,
    /// The member, or the token of the program, that did it.
    #[schema(required = true)]
    name: Option<String>,
    /// The details, by type.
    #[schema(value_type = Object)]
    data: Value,
    #[schema(format = DateTime)]
    at: String,
}

/// An event, and the case that it is of.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffEventOfCase)]
struct OfCaseBody {
    /// The identifier of the case.
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    case: String,
    /// The number of the case.
    #[schema(required = true)]
    number: Option<i64>,
    #[serde(flatten)]
    event: EventBody,
}

/// A page of events.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffEvents)]
pub struct PageBody {
    events: Vec<OfCaseBody>,
    /// Where to go on, now or later: the `after` of the next request. Null as long as there is no event at all.
    #[schema(required = true)]
    next: Option<String>,
}

/// Every event of every case, in the order in which they became visible: whoever has read up to one misses none before it.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    tag = "cases",
    security(("token" = ["cases:read"])),
    params(
        ("after" = Option<String>, Query, description = "What the page before said in `next`; from the first event on if it is absent"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 1000, description = "Events of a page; 100 unless given"),
        ("wait" = Option<u64>, Query, minimum = 0, maximum = 30, description = "If there is nothing new, how many seconds to wait for it"),
    ),
    responses(
        (status = 200, body = PageBody, description = "A page of events; an empty one if nothing came in time"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        TokenRefusals,
    )
)]
pub async fn list(
    State(app): State<App>,
    _: MayRead,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<PageBody>> {
    let query = EventsQuery::read(parameters)?;
    let rows = query.find(&app).await?;
    let position = rows.last().map_or(query.after, |row| row.position);
    let around = Around::read(&app, &[]).await?;
    let tokens = Token::names(&app.db).await?;
    let events = rows.into_iter().filter_map(|row| {
        let event = row.event.into_body(&around, &tokens)?;
        Some(OfCaseBody { case: row.case_id, number: row.number, event })
    });
    Ok(Json(PageBody { events: events.collect(), next: (position > 0).then(|| cursor(position)) }))
}

/// The timeline of a case, oldest first.
pub async fn of_case(app: &App, case_id: &str, around: &Around) -> Result<Vec<EventBody>> {
    let select = "select id, seq, type, actor, member_id, data, created_at from events where case_id = $1 order by seq";
    let rows: Vec<EventRow> = with_db!(&app.db, pool => sqlx::query_as(select).bind(case_id).fetch_all(pool).await)?;
    let tokens = Token::names(&app.db).await?;
    Ok(rows.into_iter().filter_map(|row| row.into_body(around, &tokens)).collect())
}

#[derive(sqlx::FromRow)]
struct EventRow {
    id: String,
    seq: i64,
    #[sqlx(rename = "type")]
    kind: String,
    actor: String,
    member_id: Option<String>,
    data: String,
    created_at: Millis,
}

#[derive(sqlx::FromRow)]
struct PlacedRow {
    position: i64,
    case_id: String,
    number: Option<i64>,
    #[sqlx(flatten)]
    event: EventRow,
}

impl EventRow {
    /// None for a type of a newer version.
    fn into_body(self, around: &Around, tokens: &HashMap<String, String>) -> Option<EventBody> {
        let data: Value = serde_json::from_str(&self.data).unwrap_or_default();
        let token = data["token"].as_str().and_then(|id| tokens.get(id)).map(String::as_str);
        let name = self.member_id.as_deref().and_then(|id| around.name_of(id)).or(token).map(str::to_owned);
        let kind = EventType::parse(&self.kind)?;
        Some(EventBody {
            id: self.id,
            seq: self.seq,
            kind,
            actor: self.actor,
            name,
            data,
            at: rfc3339(self.created_at),
        })
    }
}

/// What is asked for.
struct EventsQuery {
    after: i64,
    limit: i64,
    wait: Duration,
}

impl EventsQuery {
    fn read(parameters: Vec<(String, String)>) -> Result<Self> {
        let mut query = Self { after: 0, limit: PAGE, wait: Duration::ZERO };
        let (parameters, mut errors) = each_once(parameters);
        for (name, value) in parameters {
            match (name.as_str(), value.parse::<i64>()) {
                ("after", _) => match position(&value) {
                    Some(position) => query.after = position,
                    None => errors.push(wrong(&name, "what a page said in `next`")),
                },
                ("limit", Ok(limit)) if (1..=PAGE_MAX).contains(&limit) => query.limit = limit,
                ("limit", _) => errors.push(wrong(&name, &format!("1 to {PAGE_MAX}"))),
                ("wait", Ok(seconds)) if u64::try_from(seconds).is_ok_and(|seconds| seconds <= WAIT_MAX) => {
                    query.wait = Duration::from_secs(seconds.unsigned_abs());
                }
                ("wait", _) => errors.push(wrong(&name, &format!("0 to {WAIT_MAX} seconds"))),
                _ => errors.push(unknown(&name)),
            }
        }
        if errors.is_empty() { Ok(query) } else { Err(errors.into()) }
    }

    /// The events of the page; waits for the first one, if that is wanted.
    async fn find(&self, app: &App) -> Result<Vec<PlacedRow>> {
        let select = "select events.position, events.case_id, case_numbers.number, events.id, events.seq, events.type, events.actor, \
            events.member_id, events.data, events.created_at from events left join case_numbers on case_numbers.case_id = events.case_id \
            where events.position > $1 order by events.position limit $2";
        let end = Instant::now() + self.wait;
        loop {
            // Listens before it looks, so that nothing falls in between.
            let dispatched = app.dispatched.notified();
            tokio::pin!(dispatched);
            dispatched.as_mut().enable();
            let rows: Vec<PlacedRow> = with_db!(&app.db, pool => sqlx::query_as(select).bind(self.after).bind(self.limit).fetch_all(pool).await)?;
            if !rows.is_empty() || Instant::now() >= end || app.shutdown.is_cancelled() {
                return Ok(rows);
            }
            let look = end.min(Instant::now() + LOOK);
            tokio::select! {
                _ = timeout_at(look, dispatched) => {}
                () = app.shutdown.cancelled() => {}
            }
        }
    }
}

fn cursor(position: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{CURSOR}{position}"))
}

fn position(cursor: &str) -> Option<i64> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    text.strip_prefix(CURSOR)?.parse().ok().filter(|position| *position >= 0)
}
