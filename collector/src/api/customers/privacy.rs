//! `GET /api/v1/customers/{id}/export` and `POST /api/v1/customers/{id}/erase`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use sayso_shared::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use crate::api::patch::key_of;
use crate::api::refusals::TokenRefusals;
use crate::app::App;
use crate::auth::bearer::{MayReadCustomers, MayWriteCustomers};
use crate::clock::rfc3339;
use crate::customers::export;
use crate::erasure::erase_customer;
use crate::http::Result;

/// What was erased.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffErased)]
pub struct ErasedBody {
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    id: String,
    /// Of how many cases.
    cases: usize,
    /// When.
    #[schema(required = true, format = DateTime)]
    erased_at: Option<String>,
}

/// Everything that is known of a customer: a ZIP with `customer.json`, `customer.html` and their files. What the staff noted for themselves is not in it.
#[utoipa::path(
    get,
    path = "/api/v1/customers/{id}/export",
    tag = "customers",
    security(("token" = ["customers:read"])),
    params(("id" = String, Path, format = "uuid", description = "The customer's identifier")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/zip", description = "The archive"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such customer"),
        TokenRefusals,
    )
)]
pub async fn export(
    State(app): State<App>,
    MayReadCustomers(token): MayReadCustomers,
    Path(id): Path<String>,
) -> Result<Response> {
    let customer = find(&app, &id).await?;
    export::respond(&app, &customer, &token.actor()).await
}

/// Erase a customer, for good: who they are, everything that was said in their cases, and all files. Kind, category, times, scores and outcome stay.
#[utoipa::path(
    post,
    path = "/api/v1/customers/{id}/erase",
    tag = "customers",
    security(("token" = ["customers:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The customer's identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
    ),
    responses(
        (status = 200, body = ErasedBody, description = "It is erased"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "A key that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such customer"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "They are merged into another customer"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A key used for something else"),
        TokenRefusals,
    )
)]
pub async fn erase(
    State(app): State<App>,
    MayWriteCustomers(token): MayWriteCustomers,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<ErasedBody>> {
    let customer = find(&app, &id).await?;
    let cases = erase_customer(&app, &customer.id, &token.actor(), &key_of(&headers)?).await?;
    let erased_at = find(&app, &id).await?.erased_at.map(rfc3339);
    Ok(Json(ErasedBody { id: customer.id, cases, erased_at }))
}
