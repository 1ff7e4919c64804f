//! `POST /api/v1/cases/{id}/split`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use sayso_shared::fields::Fields;
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::{Kind, Problem};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::actions::after_step;
use super::bodies::AfterStep;
use super::patch::key_of;
use super::read::find;
use super::refusals::{BodyRefusals, TokenRefusals};
use super::versions::version;
use crate::app::App;
use crate::auth::bearer::MayWrite;
use crate::http::body::JsonBody;
use crate::http::{Error, Result};
use crate::split::{self, Part, SplitError};

// For the description of the API; `read` is what reads it.
/// What of a case becomes one of its own.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffSplit)]
struct SplitBody {
    /// What the customer wrote of it: each line stands in what they have written in this case.
    #[schema(min_length = 1, max_length = 10_000)]
    message: String,
    /// What it is; what the case is unless given.
    kind: Option<Kind>,
    /// The key of one of the site's categories.
    category: Option<String>,
}

/// Split a case: a part of what the customer wrote becomes a case of its own, of the same customer, who is told its tracking code.
#[utoipa::path(
    post,
    path = "/api/v1/cases/{id}/split",
    tag = "cases",
    security(("token" = ["cases:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The case's identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it makes no further case"),
        ("If-Match" = Option<String>, Header, nullable = false, pattern = "^((W/)?\"[0-9]{1,15}\"|[0-9]{1,15})$", description = "The version that was read, in quotes or without"),
    ),
    request_body = SplitBody,
    responses(
        (status = 201, body = AfterStep, description = "The new case"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key or version that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such case"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The case is in quarantine, or was merged into another one"),
        (status = 412, body = Problem, content_type = "application/problem+json", description = "Somebody else has changed it; says who changed what"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, words that the customer did not write, or a key used for something else"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "Busy; see Retry-After"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn split(
    State(app): State<App>,
    MayWrite(token): MayWrite,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<AfterStep>)> {
    let case = find(&app, &id).await?;
    let (key, version, part) = (key_of(&headers)?, version(&headers)?, read(body, case.kind())?);
    let new = split::split(&app, &case, &part, &token.actor(), version, &key).await.map_err(|error| match error {
        SplitError::NotTheirWords => Error::field(FieldError::new("/message", ErrorCode::Invalid, error.to_string())),
        error => error.into(),
    })?;
    Ok((StatusCode::CREATED, after_step(&app, &token, &new).await?))
}

fn read(body: Value, kind_before: Kind) -> Result<Part> {
    let mut fields = Fields::new(body, "");
    let text = fields.required_text("message");
    let is_said = fields.peek("kind").is_some_and(|kind| !kind.is_null());
    let said = fields.word("kind", Kind::parse, "complaint, suggestion, question or praise");
    let kind = if is_said { said } else { Some(kind_before) };
    let category = fields.text::<64>("category").map(|key| key.into_string());
    let errors = fields.into_errors();
    match (text, kind) {
        (Some(text), Some(kind)) if errors.is_empty() => Ok(Part { text, kind, category }),
        _ => Err(errors.into()),
    }
}
