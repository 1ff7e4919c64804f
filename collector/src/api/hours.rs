//! Hours on duty for programs, such as a roster: `GET` and `POST /api/v1/hours`.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use sayso_shared::Problem;
use sayso_shared::fields::Fields;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::parameters::{each_once, unknown, wrong};
use super::refusals::{BodyRefusals, TokenRefusals};
use super::rows::rows;
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::Member;
use crate::auth::bearer::{MayReadService, MayWriteService};
use crate::calendars;
use crate::duty::{self, Typed};
use crate::http::Result;
use crate::http::body::JsonBody;

/// Entries of one request.
const ROWS_MAX: usize = 1_000;

/// How long a member was on duty from one day to another.
#[derive(Serialize, ToSchema)]
#[schema(as = DutyHours)]
struct RowBody {
    /// The address of the member.
    #[schema(example = "mei@shop.example")]
    member: String,
    /// The first day.
    #[schema(format = Date, example = "2026-11-30")]
    from: String,
    /// The last day; the first one unless given.
    #[schema(format = Date, example = "2026-12-06")]
    to: Option<String>,
    /// How many hours; null takes away what was entered of these days.
    #[schema(minimum = 0, example = 37.5)]
    hours: Option<f64>,
}

// For the description of the API; `read` is what reads it.
/// Entries; each replaces what was entered of any of its days.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDutyHours)]
struct NewBody {
    #[schema(min_items = 1, max_items = 1_000)]
    rows: Vec<RowBody>,
}

/// What was entered, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = DutyHoursList)]
pub struct ListBody {
    rows: Vec<RowBody>,
}

/// Say how long members were on duty, all entries or none. Reports of work use it instead of the calendar of the team.
#[utoipa::path(
    post,
    path = "/api/v1/hours",
    tag = "reports",
    security(("token" = ["service:write"])),
    request_body = NewBody,
    responses(
        (status = 204, description = "They are stored"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, or not UTF-8"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn add(
    State(app): State<App>,
    MayWriteService(token): MayWriteService,
    JsonBody(body): JsonBody,
) -> Result<StatusCode> {
    let members = Member::all(&app.db).await?;
    let rows = read(body, &members)?;
    let stamp = Stamp::token(&token.id, app.clock.now());
    let mut tx = app.db.begin().await?;
    for (member_id, typed) in rows {
        duty::put(&mut tx, &member_id, typed, &stamp).await?;
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How long members were on duty, as it was entered.
#[utoipa::path(
    get,
    path = "/api/v1/hours",
    tag = "reports",
    security(("token" = ["service:read"])),
    params(
        ("from" = Option<String>, Query, format = Date, description = "The first day"),
        ("to" = Option<String>, Query, format = Date, description = "The last day"),
    ),
    responses(
        (status = 200, body = ListBody, description = "The entries"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        TokenRefusals,
    )
)]
pub async fn list(
    State(app): State<App>,
    _: MayReadService,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<ListBody>> {
    let (parameters, mut errors) = each_once(parameters);
    let (mut from, mut to) = (None, None);
    for (name, value) in parameters {
        match (name.as_str(), calendars::date(&value)) {
            ("from", Some(day)) => from = Some(day),
            ("to", Some(day)) => to = Some(day),
            ("from" | "to", None) => errors.push(wrong(&name, "a day such as 2026-11-29")),
            _ => errors.push(unknown(&name)),
        }
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let members = Member::all(&app.db).await?;
    let row = |entry: duty::Entry| {
        let member = members.iter().find(|member| member.id == entry.member_id)?.email.clone();
        let (from, to) = (entry.first.to_string(), Some(entry.last.to_string()));
        Some(RowBody { member, from, to, hours: Some(entry.minutes as f64 / 60.0) })
    };
    let rows = duty::between(&app.db, from, to).await?.into_iter().filter_map(row).collect();
    Ok(Json(ListBody { rows }))
}

/// Reads the body, with everything that is wrong with it.
fn read(body: Value, members: &[Member]) -> Result<Vec<(String, Typed)>> {
    let mut fields = Fields::new(body, "");
    let rows = rows(&mut fields, ROWS_MAX);
    let mut errors = fields.into_errors();
    let mut read = Vec::with_capacity(rows.len());
    for (at, row) in rows.into_iter().enumerate() {
        let mut fields = Fields::new(row, &format!("/rows/{at}"));
        let [member, from, to] = ["member", "from", "to"].map(|name| fields.string(name).unwrap_or_default());
        let hours = match fields.value("hours") {
            Some(Value::Number(hours)) => hours.to_string(),
            None | Some(Value::Null) => String::new(),
            Some(_) => "?".to_owned(),
        };
        let mut of_row = fields.into_errors();
        let known = members.iter().find(|known| known.email == member);
        if known.is_none() {
            let pointer = format!("/rows/{at}/member");
            of_row.push(FieldError::new(pointer, ErrorCode::Invalid, "must be the address of a member"));
        }
        match (duty::read(&from, &to, &hours), known) {
            (Ok(typed), Some(known)) => read.push((known.id.clone(), typed)),
            (Ok(_), None) => {}
            (Err(wrong), _) => of_row.extend(wrong.into_iter().map(|error| {
                let pointer = format!("/rows/{at}/{}", error.field());
                FieldError::new(pointer, ErrorCode::Invalid, format!("must be {}", error.expected()))
            })),
        }
        errors.extend(of_row);
    }
    if errors.is_empty() { Ok(read) } else { Err(errors.into()) }
}
