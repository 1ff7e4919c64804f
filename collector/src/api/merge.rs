//! `POST /api/v1/cases/{id}/merge` and `/unmerge`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use sayso_shared::Problem;
use sayso_shared::fields::Fields;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::Serialize;
use utoipa::ToSchema;

use super::actions::after_step;
use super::bodies::AfterStep;
use super::patch::key_of;
use super::read::find;
use super::refusals::{BodyRefusals, TokenRefusals};
use super::versions::version;
use crate::app::App;
use crate::auth::bearer::MayWrite;
use crate::cases::merge;
use crate::http::body::JsonBody;
use crate::http::{Error, Result};

// For the description of the API; `merge` is what reads it.
/// The case that goes on.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffMerge)]
struct MergeBody {
    /// Its identifier.
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    into: String,
}

/// Merge a case into another one of the same site, both of them open. Its customer then gets the answers of the other one, under their own code.
#[utoipa::path(
    post,
    path = "/api/v1/cases/{id}/merge",
    tag = "cases",
    security(("token" = ["cases:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The case's identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
        ("If-Match" = Option<String>, Header, nullable = false, pattern = "^((W/)?\"[0-9]{1,15}\"|[0-9]{1,15})$", description = "The version that was read, in quotes or without"),
    ),
    request_body = MergeBody,
    responses(
        (status = 200, body = AfterStep, description = "The case as it stands now, with `merged_into`"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key or version that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such case"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "One of them is not open, in quarantine, merged already or of another site"),
        (status = 412, body = Problem, content_type = "application/problem+json", description = "Somebody else has changed it; says who changed what"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "No such other case, or a key used for something else"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn merge(
    State(app): State<App>,
    MayWrite(token): MayWrite,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Json<AfterStep>> {
    let case = find(&app, &id).await?;
    let (key, version) = (key_of(&headers)?, version(&headers)?);
    let mut fields = Fields::new(body, "");
    let into = fields.required_text::<64>("into");
    let errors = fields.into_errors();
    let Some(into) = into.filter(|_| errors.is_empty()) else { return Err(errors.into()) };
    let other = find(&app, into.as_str()).await.map_err(|error| match error {
        Error::NotFound(_) => Error::field(FieldError::new("/into", ErrorCode::Invalid, "is no case")),
        error => error,
    })?;
    merge::merge(&app, &case.id, &other.id, &token.actor(), version, &key).await?;
    after_step(&app, &token, &id).await
}

/// Take a case that was merged apart again: it stands where it stood, and its clocks go on.
#[utoipa::path(
    post,
    path = "/api/v1/cases/{id}/unmerge",
    tag = "cases",
    security(("token" = ["cases:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The case's identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
        ("If-Match" = Option<String>, Header, nullable = false, pattern = "^((W/)?\"[0-9]{1,15}\"|[0-9]{1,15})$", description = "The version that was read, in quotes or without"),
    ),
    responses(
        (status = 200, body = AfterStep, description = "The case as it stands now"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "A key or version that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such case"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It was not merged"),
        (status = 412, body = Problem, content_type = "application/problem+json", description = "Somebody else has changed it; says who changed what"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A key used for something else"),
        TokenRefusals,
    )
)]
pub async fn unmerge(
    State(app): State<App>,
    MayWrite(token): MayWrite,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<AfterStep>> {
    let case = find(&app, &id).await?;
    merge::unmerge(&app, &case.id, &token.actor(), version(&headers)?, &key_of(&headers)?).await?;
    after_step(&app, &token, &id).await
}
