//! Deciding over a case in quarantine.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use sayso_shared::Problem;
use sayso_shared::fields::Fields;
use sayso_shared::problem::ErrorCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::actions::after_step;
use super::bodies::AfterStep;
use super::patch::key_of;
use super::read;
use super::refusals::{BodyRefusals, TokenRefusals};
use crate::app::App;
use crate::auth::bearer::MayWrite;
use crate::cases::moderation;
use crate::http::Result;
use crate::http::body::JsonBody;

/// What becomes of a case in quarantine.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = StaffQuarantineWord)]
enum Decision {
    /// It is one like any other: all that happened to it is forwarded now.
    Release,
    /// It is spam: it is closed, and stays out of sight.
    Discard,
}

// For the description of the API; the handler reads it.
/// What becomes of a case in quarantine.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffQuarantineDecision)]
struct DecisionBody {
    decision: Decision,
}

/// Release a case from quarantine, or discard it.
#[utoipa::path(
    post,
    path = "/api/v1/cases/{id}/quarantine",
    tag = "cases",
    security(("token" = ["cases:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The case's identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
    ),
    request_body = DecisionBody,
    responses(
        (status = 200, body = AfterStep, description = "The case as it stands now"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such case"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It is not in quarantine"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, or a key used for something else"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn decide(
    State(app): State<App>,
    MayWrite(token): MayWrite,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Json<AfterStep>> {
    let (case, key) = (read::find(&app, &id).await?, key_of(&headers)?);
    match read_decision(body)? {
        Decision::Release => moderation::release(&app, &case.id, &token.actor(), &key).await?,
        Decision::Discard => moderation::discard(&app, &case.id, &token.actor(), &key).await?,
    }
    after_step(&app, &token, &case.id).await
}

fn read_decision(body: Value) -> Result<Decision> {
    let mut fields = Fields::new(body, "");
    let is_given = fields.peek("decision").is_some_and(|decision| !decision.is_null());
    let parse = |word: &str| match word {
        "release" => Some(Decision::Release),
        "discard" => Some(Decision::Discard),
        _ => None,
    };
    let decision = fields.word("decision", parse, "release or discard");
    if !is_given {
        fields.refuse("decision", ErrorCode::Required, "is required");
    }
    let errors = fields.into_errors();
    match decision {
        Some(decision) if errors.is_empty() => Ok(decision),
        _ => Err(errors.into()),
    }
}
