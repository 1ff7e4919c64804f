//! `POST /api/v1/customers/handover`.

use axum::Json;
use axum::extract::State;
use sayso_shared::Problem;
use sayso_shared::fields::Fields;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::actions::find_owner;
use crate::api::refusals::{BodyRefusals, TokenRefusals};
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::bearer::MayHandOverCustomers;
use crate::customers::handover;
use crate::http::body::JsonBody;
use crate::http::{Error, Result};

// For the description of the API; `hand_over` is what reads it.
/// Whose customers go to whom.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffCustomersHandover)]
struct HandoverBody {
    /// The address or the identifier of the member who looks after them.
    #[schema(example = "tom@acme.example")]
    from: String,
    /// The address or the identifier of the member who does from now on.
    #[schema(example = "mei@acme.example")]
    to: String,
}

/// How many customers have another representative.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffCustomersHandedOver)]
pub struct HandedOverBody {
    customers: u64,
}

/// Give all customers of one representative to another. A repeat finds nobody left to give.
#[utoipa::path(
    post,
    path = "/api/v1/customers/handover",
    tag = "customers",
    security(("token" = ["customers:write"])),
    request_body = HandoverBody,
    responses(
        (status = 200, body = HandedOverBody, description = "How many they were"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, or not UTF-8"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "No such members, or the same one twice"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn hand_over(
    State(app): State<App>,
    MayHandOverCustomers(token): MayHandOverCustomers,
    JsonBody(body): JsonBody,
) -> Result<Json<HandedOverBody>> {
    let mut fields = Fields::new(body, "");
    let (from, to) = (fields.required_text::<320>("from"), fields.required_text::<320>("to"));
    let mut errors = fields.into_errors();
    let mut members = Vec::new();
    for (pointer, named) in [("/from", &from), ("/to", &to)] {
        let Some(named) = named else { continue };
        match find_owner(&app, pointer, named.as_str()).await {
            Ok(id) => members.push(id),
            Err(Error::Invalid(wrong)) => errors.extend(wrong),
            Err(error) => return Err(error),
        }
    }
    if members.len() == 2 && members[0] == members[1] {
        errors.push(FieldError::new("/to", ErrorCode::Invalid, "is the same member"));
    }
    let ([from, to], true) = (members.as_slice(), errors.is_empty()) else { return Err(errors.into()) };
    let stamp = Stamp::token(&token.id, app.clock.now());
    Ok(Json(HandedOverBody { customers: handover::hand_over(&app.db, from, to, &stamp).await? }))
}
