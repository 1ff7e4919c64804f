//! What was forwarded and mailed, and how that went; sending it once more.

mod replay;

use axum::Json;
use axum::extract::{Path, Query, State};
use jiff::tz::TimeZone;
pub use replay::{__path_replay, __path_replay_one, replay, replay_one};
pub(super) use replay::{RepeatBody, replay_missed};
use sayso_shared::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::{each_once, position, unknown, wrong};
use super::refusals::TokenRefusals;
use crate::app::App;
use crate::auth::bearer::MayReadService;
use crate::cases::search;
use crate::clock::{Millis, rfc3339};
use crate::http::{Error, Result};
use crate::outbox::State as DeliveryState;
use crate::outbox::list::{self, Exchanged, Filter, Listed, STATES, destination};
use crate::reports::periods::{Edge, moment};
use crate::sites::targets::Target;

const PAGE: usize = 50;
const PAGE_MAX: usize = 100;

/// A delivery: something that was told to a target, a customer or a member, or is to be.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffDelivery)]
pub struct DeliveryBody {
    /// Its identifier.
    id: String,
    /// The key of its target, `customer`, or `member` for somebody of the staff.
    #[schema(example = "ops-room")]
    target: String,
    /// How it gets there.
    #[schema(example = "feishu")]
    channel: String,
    /// The type of its event; null for what tells of several, or of none.
    #[schema(required = true, example = "case.created")]
    event: Option<String>,
    /// The identifier of the case.
    #[schema(required = true)]
    case: Option<String>,
    /// `pending`, `sent`, `failed` (given up), `dropped` (nobody to send it to) or `suspended` (the target is off).
    #[schema(example = "sent")]
    state: &'static str,
    /// Attempts so far.
    attempts: i64,
    /// Why the last attempt did not work.
    #[schema(required = true)]
    last_error: Option<String>,
    /// Milliseconds that the last attempt took.
    #[schema(required = true)]
    took: Option<Millis>,
    /// When it was planned.
    #[schema(format = DateTime)]
    planned_at: String,
    /// When it is due, while it is pending.
    #[schema(required = true, format = DateTime)]
    due_at: Option<String>,
    /// When it was sent.
    #[schema(required = true, format = DateTime)]
    sent_at: Option<String>,
}

/// A delivery with what was said and answered.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffDeliveryWithRequests)]
pub struct FullBody {
    delivery: DeliveryBody,
    /// The latest attempts by HTTP, the newest first, for 30 days: without secrets, addresses, and what anybody wrote.
    requests: Vec<RequestBody>,
}

/// An attempt by HTTP.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffDeliveryRequest)]
struct RequestBody {
    #[schema(format = DateTime)]
    made_at: String,
    /// Milliseconds.
    took: Millis,
    /// What was asked: the method, the server and the headers.
    request: String,
    /// The head of the answer; empty if there was none.
    answer: String,
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffDeliveries)]
pub struct PageBody {
    deliveries: Vec<DeliveryBody>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required = true)]
    next: Option<String>,
}

/// What was forwarded and mailed, or is to be, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/deliveries",
    tag = "service",
    security(("token" = ["service:read"])),
    params(
        ("state" = Option<String>, Query, description = "`pending`, `sent`, `failed`, `dropped` or `suspended`"),
        ("target" = Option<String>, Query, description = "The key of a target, or `customer`"),
        ("case" = Option<String>, Query, description = "The identifier or the number of a case"),
        ("since" = Option<String>, Query, description = "Planned at this time or later: RFC 3339, or a day in UTC"),
        ("until" = Option<String>, Query, description = "Planned before this time, or until the end of this day in UTC"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 100, description = "Deliveries of a page; 50 unless given"),
        ("cursor" = Option<String>, Query, description = "What the page before said in `next`"),
    ),
    responses(
        (status = 200, body = PageBody, description = "A page of deliveries"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        TokenRefusals,
    )
)]
pub async fn list(
    State(app): State<App>,
    _: MayReadService,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<PageBody>> {
    let targets = Target::all(&app.db).await?;
    let (filter, limit) = read(&app, &targets, parameters).await?;
    let mut found = list::list(&app.db, &targets, &filter).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| has_more).map(|last| format!("{}.{}", last.created_at, last.id));
    Ok(Json(PageBody { deliveries: found.into_iter().map(DeliveryBody::from).collect(), next }))
}

/// A delivery, with what was said and answered at each attempt.
#[utoipa::path(
    get,
    path = "/api/v1/deliveries/{id}",
    tag = "service",
    security(("token" = ["service:read"])),
    params(("id" = String, Path, format = "uuid", description = "The delivery's identifier")),
    responses(
        (status = 200, body = FullBody, description = "The delivery"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such delivery"),
        TokenRefusals,
    )
)]
pub async fn read_one(State(app): State<App>, _: MayReadService, Path(id): Path<String>) -> Result<Json<FullBody>> {
    Ok(Json(full(&app, &id).await?))
}

/// A delivery as it stands, with its requests.
pub(super) async fn full(app: &App, id: &str) -> Result<FullBody> {
    let targets = Target::all(&app.db).await?;
    let found = list::find(&app.db, &targets, id).await?.ok_or(Error::NotFound("there is no such delivery"))?;
    let requests = list::exchanged(&app.db, &found.id).await?;
    Ok(FullBody { delivery: found.into(), requests: requests.into_iter().map(RequestBody::from).collect() })
}

async fn read(app: &App, targets: &[Target], parameters: Vec<(String, String)>) -> Result<(Filter, usize)> {
    let (parameters, mut errors) = each_once(parameters);
    let (mut filter, mut limit) = (Filter::default(), PAGE);
    for (name, value) in parameters {
        match name.as_str() {
            "state" => match STATES.into_iter().find(|state| state.as_str() == value) {
                Some(state) => filter.state = Some(state),
                None => {
                    errors.push(wrong("state", &format!("one of {}", STATES.map(DeliveryState::as_str).join(", "))))
                }
            },
            "target" => match destination(targets, &value) {
                Some(destination) => filter.destination = Some(destination),
                None => errors.push(wrong("target", "the key of a target, or customer")),
            },
            "case" => match value.strip_prefix('#').unwrap_or(&value).parse() {
                // No case has the empty identifier, and so no delivery.
                Ok(number) => filter.case_id = Some(search::by_number(&app.db, number).await?.unwrap_or("-".into())),
                Err(_) => filter.case_id = Some(value),
            },
            "since" | "until" => {
                let edge = if name == "since" { Edge::First } else { Edge::Last };
                match (moment(&value, edge, &TimeZone::UTC), edge) {
                    (Some(at), Edge::First) => filter.planned.start = at,
                    (Some(at), _) => filter.planned.end = at,
                    (None, _) => {
                        errors.push(wrong(&name, "a day, or a time as in RFC 3339, such as 2026-11-22T10:00:00Z"))
                    }
                }
            }
            "limit" => match value.parse() {
                Ok(wanted) if (1..=PAGE_MAX).contains(&wanted) => limit = wanted,
                _ => errors.push(wrong("limit", &format!("1 to {PAGE_MAX}"))),
            },
            "cursor" => match position(&value) {
                Some(after) => filter.after = Some(after),
                None => errors.push(wrong("cursor", "what a page said in `next`")),
            },
            _ => errors.push(unknown(&name)),
        }
    }
    // One more than is shown says whether there is a next page.
    filter.limit = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    if errors.is_empty() { Ok((filter, limit)) } else { Err(errors.into()) }
}

impl From<Listed> for DeliveryBody {
    fn from(listed: Listed) -> Self {
        Self {
            id: listed.id,
            target: listed.target,
            channel: listed.channel,
            event: listed.event,
            case: listed.case,
            state: listed.state,
            attempts: listed.attempts,
            last_error: listed.last_error,
            took: listed.took,
            planned_at: rfc3339(listed.created_at),
            due_at: listed.due_at.map(rfc3339),
            sent_at: listed.sent_at.map(rfc3339),
        }
    }
}

impl From<Exchanged> for RequestBody {
    fn from(exchanged: Exchanged) -> Self {
        let Exchanged { made_at, took, request, answer } = exchanged;
        Self { made_at: rfc3339(made_at), took, request, answer }
    }
}
