//! The customers whom their representatives should call, without anybody having drawn them.

use axum::Json;
use axum::extract::{Query, State};
use sayso_shared::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use super::actions::find_owner;
use super::parameters::{each_once, unknown};
use super::refusals::TokenRefusals;
use crate::app::App;
use crate::auth::bearer::MayReadCustomers;
use crate::calls::{self, Due, Reason, Whose};
use crate::http::{Error, Result};

/// A customer who should be called.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffCall)]
pub struct CallBody {
    /// The identifier of the customer.
    customer: String,
    /// The identifier of the member who looks after them; null where nobody does.
    #[schema(required = true)]
    representative: Option<String>,
    /// The identifier of their newest case, where the call is noted.
    case: String,
    reason: ReasonWord,
    /// The score of somebody who was unhappy.
    #[schema(required = true)]
    score: Option<i64>,
    /// For how many days nothing was heard of them.
    #[schema(required = true)]
    days: Option<i64>,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = StaffCallReason)]
enum ReasonWord {
    /// They rated the last answer 1 or 2 of 5, and nobody has spoken with them since.
    Unhappy,
    /// Nothing was heard of them for long.
    Silent,
}

/// Customers who should be called: those who were unhappy first.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffCalls)]
pub struct PageBody {
    calls: Vec<CallBody>,
    /// Always null: the first 200 are given, and the next follow once these have been called.
    #[schema(required = true)]
    next: Option<String>,
}

/// Customers whom their representatives should call.
#[utoipa::path(
    get,
    path = "/api/v1/calls",
    tag = "customers",
    security(("token" = ["customers:read"])),
    params(("representative" = Option<String>, Query, description = "The address or the identifier of a member, for their customers alone")),
    responses(
        (status = 200, body = PageBody, description = "Customers to be called"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        TokenRefusals,
    )
)]
pub async fn list(
    State(app): State<App>,
    _: MayReadCustomers,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<PageBody>> {
    let (parameters, mut errors) = each_once(parameters);
    let mut representative = None;
    for (name, value) in parameters {
        match name.as_str() {
            "representative" => match find_owner(&app, "/representative", &value).await {
                Ok(id) => representative = Some(id),
                Err(Error::Invalid(wrong)) => errors.extend(wrong),
                Err(error) => return Err(error),
            },
            _ => errors.push(unknown(&name)),
        }
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let now = app.clock.now();
    let due = match representative.as_deref() {
        Some(id) => calls::due(&app.db, Whose::Representative(id), now).await?,
        None => calls::due_of_all(&app.db, now).await?,
    };
    Ok(Json(PageBody { calls: due.into_iter().map(CallBody::from).collect(), next: None }))
}

impl From<Due> for CallBody {
    fn from(due: Due) -> Self {
        let (reason, score, days) = match due.reason {
            Reason::Unhappy(score) => (ReasonWord::Unhappy, Some(score), None),
            Reason::Silent(days) => (ReasonWord::Silent, None, Some(days)),
        };
        let Due { customer_id: customer, representative_id: representative, case_id: case, .. } = due;
        Self { customer, representative, case, reason, score, days }
    }
}
