//! Changing many cases at once.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use sayso_shared::Problem;
use sayso_shared::fields::Fields;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::problem::ErrorCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::patch::{PatchBody, category_error, key_of, read};
use super::read::find;
use super::refusals::{BodyRefusals, TokenRefusals};
use crate::app::App;
use crate::auth::Token;
use crate::auth::bearer::MayWrite;
use crate::cases::properties::Patch;
use crate::cases::{idempotency, properties};
use crate::http::body::JsonBody;
use crate::http::{Error, Result};

/// Cases of one request.
const CASES_MAX: usize = 500;

// For the description of the API; `ids` and `read` are what reads it.
/// Cases, and what is to be another in each of them.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffBulk)]
struct BulkBody {
    #[schema(min_items = 1, max_items = 500)]
    ids: Vec<String>,
    patch: PatchBody,
}

/// What became of each case, in the order of the request.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffBulkResults)]
pub struct ResultsBody {
    pub(super) results: Vec<ResultBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StaffBulkResult)]
pub(super) struct ResultBody {
    id: String,
    /// As the request would have been answered for this case alone: 200, 404, 409 or 422.
    status: u16,
    /// The version that it is at now; null where nothing was done.
    #[schema(required = true)]
    version: Option<i64>,
    /// Why nothing was done.
    #[schema(required = true)]
    problem: Option<Problem>,
}

impl ResultBody {
    /// What became of a case: its version now, or why nothing was done. That something is wrong on our side is an error of the whole request.
    pub(super) fn of(id: String, result: Result<i64>) -> Result<Self> {
        match result {
            Ok(version) => Ok(Self { id, status: 200, version: Some(version), problem: None }),
            Err(error) if error.status().0.is_server_error() => Err(error),
            Err(error) => {
                Ok(Self { id, status: error.status().0.as_u16(), version: None, problem: Some(error.problem()) })
            }
        }
    }
}

/// Change what the staff sort cases by, of up to 500 cases: each for itself, so that one that can't be changed stops no other.
#[utoipa::path(
    post,
    path = "/api/v1/cases/bulk",
    tag = "cases",
    security(("token" = ["cases:write"])),
    params(("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing")),
    request_body = BulkBody,
    responses(
        (status = 200, body = ResultsBody, description = "What became of each"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key that is none"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "No cases, too many, or no patch"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn bulk(
    State(app): State<App>,
    MayWrite(token): MayWrite,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Json<ResultsBody>> {
    let key = key_of(&headers)?;
    let mut fields = Fields::new(body, "");
    let ids = ids(&mut fields);
    let patch = match fields.value("patch") {
        Some(patch @ Value::Object(_)) => Some(patch),
        given => {
            let code = if given.is_some() { ErrorCode::Invalid } else { ErrorCode::Required };
            fields.refuse("patch", code, "must be an object");
            None
        }
    };
    let mut errors = fields.into_errors();
    let (Some(ids), Some(body)) = (ids, patch) else { return Err(errors.into()) };
    let hash = idempotency::request_hash(&("patch", &body));
    let (patch, wrong) = read(&app, body, "/patch").await?;
    errors.extend(wrong);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let mut results = Vec::with_capacity(ids.len());
    for id in ids {
        let result = change(&app, &token, &id, &patch, (&key, &hash)).await;
        results.push(ResultBody::of(id, result)?);
    }
    Ok(Json(ResultsBody { results }))
}

/// Changes one of them; gives its version.
async fn change(app: &App, token: &Token, id: &str, patch: &Patch, key: (&IdempotencyKey, &str)) -> Result<i64> {
    let case = find(app, id).await?;
    if let Some(error) = category_error(app, &case, patch).await? {
        return Err(Error::field(error));
    }
    properties::patch(app, &case.id, &token.actor(), patch, None, key).await?;
    Ok(find(app, &case.id).await?.version)
}

/// The identifiers, each once.
fn ids(fields: &mut Fields) -> Option<Vec<String>> {
    let ids: Option<Vec<String>> = fields.value("ids").and_then(|ids| serde_json::from_value(ids).ok());
    let error = match &ids {
        None => Some((ErrorCode::Invalid, "must be a list of identifiers")),
        Some(ids) if ids.is_empty() => Some((ErrorCode::Required, "names no case")),
        Some(ids) if ids.len() > CASES_MAX => Some((ErrorCode::TooLong, "names more than 500 cases")),
        Some(_) => None,
    };
    if let Some((code, detail)) = error {
        fields.refuse("ids", code, detail);
        return None;
    }
    let mut seen = std::collections::HashSet::new();
    ids.map(|ids| ids.into_iter().filter(|id| seen.insert(id.clone())).collect())
}
