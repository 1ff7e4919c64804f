//! `POST /api/v1/customers/{id}/remove-handle` and `/move-case`.

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
use crate::customers::handles::HandleKind;
use crate::customers::part;
use crate::http::body::JsonBody;
use crate::http::{Error, Result};

// For the description of the API; `remove_handle` is what reads it.
/// Something by which the customer is recognised and that is somebody else's.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffCustomerHandle)]
struct HandleBody {
    /// `identity`, `email` or `phone`.
    #[schema(example = "phone")]
    kind: String,
    /// The identifier of the site, the address, or the number in any spelling.
    #[schema(example = "+8613800138000", max_length = 300)]
    value: String,
}

// For the description of the API; `move_case` is what reads it.
/// A case, and whose it is.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffCustomerMove)]
struct MoveBody {
    /// The identifier of a case of this customer.
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    case: String,
    /// The identifier of the other customer; left out for a new one.
    #[schema(example = "018f3a1e-0000-7000-8000-000000000002")]
    into: Option<String>,
}

/// Take something away from a customer by which they are recognised, such as an address that has changed hands. It does not come back with their own cases;
/// whoever comes with it next is a new customer.
#[utoipa::path(
    post,
    path = "/api/v1/customers/{id}/remove-handle",
    tag = "customers",
    security(("token" = ["customers:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The customer's identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
    ),
    request_body = HandleBody,
    responses(
        (status = 200, body = AfterChange, description = "The customer as they stand now"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such customer"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "They are not recognised by it, or are merged or erased"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, or a key used for something else"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn remove_handle(
    State(app): State<App>,
    MayWriteCustomers(token): MayWriteCustomers,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Json<AfterChange>> {
    let customer = find(&app, &id).await?;
    let key = key_of(&headers)?;
    let mut fields = Fields::new(body, "");
    let kind = fields.word("kind", HandleKind::parse, "identity, email or phone");
    if kind.is_none() && fields.has_no_errors() {
        fields.refuse("kind", ErrorCode::Required, "must be identity, email or phone");
    }
    let value = fields.required_text::<300>("value");
    let errors = fields.into_errors();
    let (Some(kind), Some(value)) = (kind, value.filter(|_| errors.is_empty())) else { return Err(errors.into()) };
    part::remove_handle(&app, &customer.id, (kind, value.as_str()), &token.actor(), &key).await?;
    answer(&app, &token, &customer.id).await
}

/// Give a case of this customer to another one of the same site, or to a new one: a family with one phone is several people.
#[utoipa::path(
    post,
    path = "/api/v1/customers/{id}/move-case",
    tag = "customers",
    security(("token" = ["customers:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The identifier of the customer whose case it is now"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
    ),
    request_body = MoveBody,
    responses(
        (status = 200, body = AfterChange, description = "The customer whose case it is from now on"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such customer, or case"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It is not their case, the other customer is of another site, or one of them is merged or erased"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "No such other customer, or a key used for something else"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn move_case(
    State(app): State<App>,
    MayWriteCustomers(token): MayWriteCustomers,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Json<AfterChange>> {
    let customer = find(&app, &id).await?;
    let key = key_of(&headers)?;
    let mut fields = Fields::new(body, "");
    let case = fields.required_text::<64>("case");
    let into = fields.text::<64>("into");
    let errors = fields.into_errors();
    let Some(case) = case.filter(|_| errors.is_empty()) else { return Err(errors.into()) };
    let into = match into {
        None => None,
        Some(into) => Some(find(&app, into.as_str()).await.map_err(|error| match error {
            Error::NotFound(_) => Error::field(FieldError::new("/into", ErrorCode::Invalid, "is no customer")),
            error => error,
        })?),
    };
    let into = into.as_ref().map(|other| other.id.as_str());
    let owner = part::move_case(&app, &customer.id, case.as_str(), into, &token.actor(), &key).await?;
    answer(&app, &token, &owner).await
}
