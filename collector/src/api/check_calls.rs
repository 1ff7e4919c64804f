//! Check calls: drawing a sample of customers whose cases were resolved, and what these calls found.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use sayso_shared::Problem;
use sayso_shared::fields::Fields;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::parameters::{each_once, unknown, wrong};
use super::patch::key_of;
use super::refusals::{BodyRefusals, TokenRefusals};
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::bearer::{MayDrawCheckCalls, MayReadCustomers, MayWriteCustomers};
use crate::calls::{self, CallResult, CheckCall, Found, Round, Sample, SampleError};
use crate::cases::staff::Body;
use crate::clock::rfc3339;
use crate::http::body::JsonBody;
use crate::http::{Error, Result};

/// The days that a sample goes back unless it says so.
const DAYS: i64 = 30;
/// Why work on a case begins again where nothing was noted.
const NOT_SOLVED: &str = "In a check call the customer said that it is not solved.";

/// A call to a customer who was drawn.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffCheckCall)]
pub struct CallBody {
    id: String,
    /// The identifier of the sample.
    round: String,
    /// The identifier of the customer.
    customer: String,
    /// The identifier of the case that they are asked about.
    case: String,
    /// The identifier of the member who calls; null for whoever comes to it.
    #[schema(required = true)]
    caller: Option<String>,
    /// How often nobody was reached.
    tries: i64,
    /// What came of it; null while it is to be made.
    #[schema(required = true)]
    result: Option<CallResult>,
    /// How content the customer is, from 1 to 5.
    #[schema(required = true)]
    score: Option<i64>,
    #[schema(required = true, format = DateTime)]
    called_at: Option<String>,
    #[schema(format = DateTime)]
    drawn_at: String,
}

/// Calls that are to be made, or those of a sample.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffCheckCalls)]
pub struct PageBody {
    check_calls: Vec<CallBody>,
    /// Always null: a sample has 500 calls at most, and of those that are to be made the oldest 200 are given.
    #[schema(required = true)]
    next: Option<String>,
}

/// A sample that was drawn.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffCheckRound)]
pub struct RoundBody {
    id: String,
    seed: String,
    /// From when on the cases of these customers were resolved.
    #[schema(format = DateTime)]
    resolved_from: String,
    #[schema(format = DateTime)]
    resolved_to: String,
    /// How many customers could have been drawn.
    candidates: i64,
    /// How many were.
    drawn: i64,
    check_calls: Vec<CallBody>,
}

// For the description of the API; `read_sample` is what reads it.
/// What a sample is drawn by. The same seed draws the same customers out of the same ones.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffSample)]
struct SampleBody {
    /// The key of a site.
    site: String,
    /// Customers at most.
    #[schema(minimum = 1, maximum = 500)]
    size: i64,
    /// The share of those who could be drawn, in per cent.
    #[schema(minimum = 1, maximum = 100)]
    percent: Option<i64>,
    /// How many days ago the cases were resolved at most; 30 unless given.
    #[schema(minimum = 1, maximum = 366)]
    days: Option<i64>,
    #[schema(min_length = 1, max_length = 100)]
    seed: String,
}

// For the description of the API; `read_found` is what reads it.
/// What came of a call.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffCallResult)]
struct FoundBody {
    result: CallResult,
    /// How content the customer is.
    #[schema(minimum = 1, maximum = 5)]
    score: Option<i64>,
    /// What was said, in one line; it is noted with the case.
    #[schema(max_length = 200)]
    note: Option<String>,
}

/// The calls that are to be made, the oldest first, or all of a sample.
#[utoipa::path(
    get,
    path = "/api/v1/check-calls",
    tag = "customers",
    security(("token" = ["customers:read"])),
    params(("round" = Option<String>, Query, format = "uuid", description = "The identifier of a sample")),
    responses(
        (status = 200, body = PageBody, description = "The calls"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such sample"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        TokenRefusals,
    )
)]
pub async fn list(
    State(app): State<App>,
    _: MayReadCustomers,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<PageBody>> {
    let (parameters, mut errors) = each_once(parameters);
    let mut round = None;
    for (name, value) in parameters {
        match (name.as_str(), uuid::Uuid::parse_str(&value)) {
            ("round", Ok(id)) => round = Some(id.to_string()),
            ("round", Err(_)) => errors.push(wrong("round", "the identifier of a sample")),
            _ => errors.push(unknown(&name)),
        }
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let calls = match round {
        None => calls::open_calls(&app.db, None).await?,
        Some(id) => match Round::by_id(&app.db, &id).await? {
            Some(round) => calls::calls_of(&app.db, &round.id).await?,
            None => return Err(Error::NotFound("there is no such sample")),
        },
    };
    Ok(Json(PageBody { check_calls: calls.into_iter().map(CallBody::from).collect(), next: None }))
}

/// Draw a sample of customers whose cases were resolved lately: at random, reproducibly, and no customer twice within a quarter of a year.
#[utoipa::path(
    post,
    path = "/api/v1/check-calls",
    tag = "customers",
    security(("token" = ["customers:write"])),
    params(("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it draws nothing more")),
    request_body = SampleBody,
    responses(
        (status = 201, body = RoundBody, description = "The sample, with its calls"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key that is none"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn draw(
    State(app): State<App>,
    MayDrawCheckCalls(token): MayDrawCheckCalls,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<RoundBody>)> {
    let key = key_of(&headers)?;
    let (site, sample) = read_sample(body)?;
    let Some(site) = app.sites.by_key(&site).await? else {
        return Err(Error::field(wrong("site", "the key of a site")));
    };
    let round = calls::draw(&app, key.as_str(), &site, &sample, &Stamp::token(&token.id, app.clock.now())).await?;
    let check_calls = calls::calls_of(&app.db, &round.id).await?.into_iter().map(CallBody::from).collect();
    let body = RoundBody {
        seed: round.seed,
        resolved_from: rfc3339(round.resolved_from),
        resolved_to: rfc3339(round.resolved_to),
        candidates: round.candidates,
        drawn: round.drawn,
        id: round.id,
        check_calls,
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Say what came of a call. One at which nobody was reached stays to be made, three times at most; a case that is not solved is worked on again.
#[utoipa::path(
    patch,
    path = "/api/v1/check-calls/{id}",
    tag = "customers",
    security(("token" = ["customers:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The call's identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes"),
    ),
    request_body = FoundBody,
    responses(
        (status = 200, body = CallBody, description = "The call as it stands now"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such call"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Its result was noted already, or its case can't be worked on"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, or a key used for something else"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn record(
    State(app): State<App>,
    MayWriteCustomers(token): MayWriteCustomers,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Json<CallBody>> {
    let (key, id) = (key_of(&headers)?, uuid::Uuid::parse_str(&id).map(|id| id.to_string()).unwrap_or_default());
    let none = || Error::NotFound("there is no such call");
    let call = CheckCall::by_id(&app.db, &id).await?.ok_or_else(none)?;
    calls::record(&app, &call, &token.actor(), &read_found(body)?, &key).await?;
    let call = CheckCall::by_id(&app.db, &id).await?.ok_or_else(none)?;
    Ok(Json(call.into()))
}

impl From<CheckCall> for CallBody {
    fn from(call: CheckCall) -> Self {
        Self {
            result: call.found(),
            called_at: call.called_at.map(rfc3339),
            drawn_at: rfc3339(call.created_at),
            id: call.id,
            round: call.round_id,
            customer: call.customer_id,
            case: call.case_id,
            caller: call.caller_id,
            tries: call.tries,
            score: call.score,
        }
    }
}

/// The key of the site, and what is drawn.
fn read_sample(body: Value) -> Result<(String, Sample)> {
    let mut fields = Fields::new(body, "");
    let site = fields.required_text::<64>("site");
    let mut number = |name: &str| match fields.value(name) {
        None | Some(Value::Null) => None,
        // What is no whole number fits nowhere.
        Some(given) => Some(given.as_i64().unwrap_or_default()),
    };
    let (size, percent, days) = (number("size").unwrap_or_default(), number("percent"), number("days").unwrap_or(DAYS));
    let seed = fields.string("seed").unwrap_or_default();
    let sample = Sample::new(size, percent, days, &seed);
    let mut errors = fields.into_errors();
    let of_sample = sample.as_ref().err().into_iter().flatten();
    errors.extend(of_sample.map(|error| wrong(error.field(), expected(*error))));
    match (site, sample) {
        (Some(site), Ok(sample)) if errors.is_empty() => Ok((site.into_string(), sample)),
        _ => Err(errors.into()),
    }
}

const fn expected(error: SampleError) -> &'static str {
    match error {
        SampleError::Size => "a whole number from 1 to 500",
        SampleError::Percent => "a whole number from 1 to 100",
        SampleError::Days => "a whole number from 1 to 366",
        SampleError::Seed => "1 to 100 characters",
    }
}

fn read_found(body: Value) -> Result<Found> {
    let mut fields = Fields::new(body, "");
    let result = fields.required_text::<16>("result").and_then(|word| {
        let result = CallResult::parse(word.as_str());
        if result.is_none() {
            let words = CallResult::ALL.iter().map(|result| result.as_str()).collect::<Vec<_>>().join(", ");
            fields.refuse("result", ErrorCode::Invalid, format!("must be one of {words}"));
        }
        result
    });
    let score = match fields.value("score") {
        None | Some(Value::Null) => None,
        Some(given) => {
            let score = given.as_i64().filter(|score| (1..=5).contains(score));
            if score.is_none() {
                fields.refuse("score", ErrorCode::Invalid, "must be a whole number from 1 to 5");
            }
            score
        }
    };
    let note = fields.text::<200>("note");
    let errors: Vec<FieldError> = fields.into_errors();
    let reason = Body::parse(note.as_ref().map_or(NOT_SOLVED, |note| note.as_str()));
    match (result, reason) {
        (Some(result), Ok(reason)) if errors.is_empty() => Ok(Found { result, score, note, reason }),
        _ => Err(errors.into()),
    }
}
