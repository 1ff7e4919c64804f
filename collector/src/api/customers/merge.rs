//! `POST /api/v1/customers/{id}/merge` and `/unmerge`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use sayso_shared::Problem;
use sayso_shared::fields::Fields;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::AfterChange;
use super::{answer, find};
use crate::api::patch::key_of;
use crate::api::refusals::{BodyRefusals, TokenRefusals};
use crate::app::App;
use crate::auth::bearer::MayWriteCustomers;
use crate::customers::merge;
use crate::http::body::JsonBody;
use crate::http::{Error, Result};

// For the description of the API; `merge` is what reads it.
/// The customer who goes on.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffCustomerMerge)]
struct MergeBody {
    /// Its identifier.
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    into: String,
}

/// Merge a customer into another one of the same site: what they are recognised by, and their cases, are the other one's from now on.
#[utoipa::path(
    post,
    path = "/api/v1/customers/{id}/merge",
    tag = "customers",
    security(("token" = ["customers:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The customer's identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
    ),
    request_body = MergeBody,
    responses(
        (status = 200, body = AfterChange, description = "The customer as they stand now, with `merged_into`"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such customer"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "They are of different sites, merged already, or erased"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "No such other customer, or a key used for something else"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn merge(
    State(app): State<App>,
    MayWriteCustomers(token): MayWriteCustomers,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Json<AfterChange>> {
    let customer = find(&app, &id).await?;
    let key = key_of(&headers)?;
    let mut fields = Fields::new(body, "");
    let into = fields.required_text::<64>("into");
    let errors = fields.into_errors();
    let Some(into) = into.filter(|_| errors.is_empty()) else { return Err(errors.into()) };
    let other = find(&app, into.as_str()).await.map_err(|error| match error {
        Error::NotFound(_) => Error::field(FieldError::new("/into", ErrorCode::Invalid, "is no customer")),
        error => error,
    })?;
    merge::merge(&app, &customer.id, &other.id, &token.actor(), &key).await?;
    answer(&app, &token, &customer.id).await
}

/// Take a customer who was merged apart again, whole: also what came meanwhile by something that they are recognised by is theirs.
#[utoipa::path(
    post,
    path = "/api/v1/customers/{id}/unmerge",
    tag = "customers",
    security(("token" = ["customers:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The customer's identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
    ),
    responses(
        (status = 200, body = AfterChange, description = "The customer as they stand now"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "A key that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such customer"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "They were not merged, or were erased"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A key used for something else"),
        TokenRefusals,
    )
)]
pub async fn unmerge(
    State(app): State<App>,
    MayWriteCustomers(token): MayWriteCustomers,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<AfterChange>> {
    let customer = find(&app, &id).await?;
    merge::unmerge(&app, &customer.id, &token.actor(), &key_of(&headers)?).await?;
    answer(&app, &token, &customer.id).await
}
