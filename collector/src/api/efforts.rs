//! Efforts for cases.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use sayso_shared::Problem;
use sayso_shared::fields::Fields;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::actions::after_step;
use super::bodies::AfterStep;
use super::patch::key_of;
use super::read::find;
use super::refusals::{BodyRefusals, TokenRefusals};
use crate::app::App;
use crate::auth::bearer::MayWrite;
use crate::cases::efforts::{self, EffortKind, EffortResult, MINUTES_MAX, NewEffort};
use crate::cases::idempotency::request_hash;
use crate::http::body::JsonBody;
use crate::http::{Error, Result};

// For the description of the API; `read` is what reads it.
/// What the staff did for a case beside writing.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffNewEffort)]
struct NewEffortBody {
    kind: EffortKind,
    /// What came of it.
    result: Option<EffortResult>,
    /// How long it took.
    #[schema(minimum = 1, maximum = 1_440)]
    minutes: Option<i64>,
    /// What was said or found, in one line.
    #[schema(max_length = 200)]
    note: Option<String>,
}

/// Note what was done for a case beside writing, such as a call.
#[utoipa::path(
    post,
    path = "/api/v1/cases/{id}/efforts",
    tag = "cases",
    security(("token" = ["cases:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The case's identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
    ),
    request_body = NewEffortBody,
    responses(
        (status = 201, body = AfterStep, description = "The case as it stands now"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such case"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The case is in quarantine, or was merged into another one"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, or a key used for something else"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn add(
    State(app): State<App>,
    MayWrite(token): MayWrite,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<AfterStep>)> {
    let case = find(&app, &id).await?;
    let (key, hash) = (key_of(&headers)?, request_hash(&("effort", &body)));
    efforts::add(&app, &case.id, &token.actor(), &read(body)?, (&key, &hash)).await?;
    Ok((StatusCode::CREATED, after_step(&app, &token, &id).await?))
}

fn read(body: Value) -> Result<NewEffort> {
    let mut fields = Fields::new(body, "");
    let kind = fields.required_text::<16>("kind").and_then(|word| {
        let kind = EffortKind::parse(word.as_str());
        if kind.is_none() {
            fields.refuse("kind", ErrorCode::Invalid, "must be call, visit, mail or other");
        }
        kind
    });
    let result = fields.word("result", EffortResult::parse, "reached, not_reached or later");
    let minutes = match fields.value("minutes") {
        None | Some(Value::Null) => None,
        Some(given) => {
            let minutes = given.as_i64().filter(|minutes| (1..=MINUTES_MAX).contains(minutes));
            if minutes.is_none() {
                fields.refuse("minutes", ErrorCode::Invalid, format!("must be a whole number from 1 to {MINUTES_MAX}"));
            }
            minutes
        }
    };
    let note = fields.text("note");
    let errors: Vec<FieldError> = fields.into_errors();
    match kind {
        Some(kind) if errors.is_empty() => Ok(NewEffort { kind, result, minutes, note }),
        _ => Err(Error::Invalid(errors)),
    }
}
