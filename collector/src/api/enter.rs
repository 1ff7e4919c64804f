//! Feedback that the staff enter: from the phone, from a letter, from another system.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use sayso_shared::Problem;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::refusals::{BodyRefusals, TokenRefusals};
use crate::app::App;
use crate::auth::bearer::MaySubmit;
use crate::cases::{Channel, Priority};
use crate::http::body::{JsonBody, idempotency_key};
use crate::http::{Error, Result};
use crate::intake::{self, FeedbackBody, Origin, Receipt, SubmissionPolicy};

/// The answer to feedback that was entered.
#[derive(Serialize, ToSchema)]
pub struct Entered {
    /// The case's identifier.
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    id: String,
    #[serde(flatten)]
    receipt: Receipt,
}

/// The public body with the key of the site, for the description of the API.
struct EnteredBody;

impl PartialSchema for EnteredBody {
    fn schema() -> RefOr<Schema> {
        let mut schema = FeedbackBody::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.properties.insert("site".to_owned(), String::schema());
            object.required.push("site".to_owned());
            object.properties.insert("channel".to_owned(), Channel::schema());
            object.properties.insert("priority".to_owned(), Priority::schema());
        }
        schema
    }
}

impl ToSchema for EnteredBody {
    fn name() -> std::borrow::Cow<'static, str> {
        "EnteredFeedback".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        FeedbackBody::schemas(schemas);
    }
}

/// Enter feedback for a customer: the body of the public address, with the key of the `site`. The customer gets the usual receipt.
#[utoipa::path(
    post,
    path = "/api/v1/cases",
    tag = "cases",
    security(("token" = ["feedback:write"])),
    params(("Idempotency-Key" = String, Header, format = "uuid", description = "A UUID that the client makes; a repeat with it gives the first answer again")),
    request_body = EnteredBody,
    responses(
        (status = 201, body = Entered, description = "It is on disk"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or no key"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The first request with this key is still under way"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, or a key used for something else"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "Busy; see Retry-After"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn enter(
    State(app): State<App>,
    MaySubmit(token): MaySubmit,
    headers: HeaderMap,
    JsonBody(mut body): JsonBody,
) -> Result<(StatusCode, Json<Entered>)> {
    let key = idempotency_key(&headers)?;
    let mut own_field = |name: &str| body.as_object_mut().and_then(|fields| fields.remove(name));
    let (site, channel, priority) = (own_field("site"), own_field("channel"), own_field("priority"));
    let (channel, priority) = (read_channel(channel)?, read_priority(priority)?);
    let site = match site {
        None | Some(Value::Null) => return Err(wrong("/site", ErrorCode::Required, "is required")),
        Some(Value::String(key)) => app.sites.by_key(&key).await?,
        Some(_) => None,
    };
    let site = site.ok_or_else(|| wrong("/site", ErrorCode::Invalid, "must be the key of a site"))?;
    let origin = Origin { by: token.actor(), channel, priority, split_from: None };
    let accepted = intake::submit_as(&app, &site, &key, body, SubmissionPolicy::Trusted, origin).await?;
    let id = accepted.case_id.clone();
    Ok((StatusCode::CREATED, Json(Entered { id, receipt: Receipt::of(&app, accepted) })))
}

/// How the feedback came to whoever enters it; by a program, unless it says otherwise.
fn read_channel(given: Option<Value>) -> Result<Channel> {
    const ENTERED: [Channel; 5] = [Channel::Api, Channel::Phone, Channel::Counter, Channel::Letter, Channel::Email];
    let channel = match given {
        None | Some(Value::Null) => Some(Channel::Api),
        Some(Value::String(word)) => Channel::parse(&word).filter(|channel| ENTERED.contains(channel)),
        Some(_) => None,
    };
    channel.ok_or_else(|| wrong("/channel", ErrorCode::Invalid, "must be api, phone, counter, letter or email"))
}

/// How urgent it is, as far as whoever enters it can say.
fn read_priority(given: Option<Value>) -> Result<Priority> {
    let priority = match given {
        None | Some(Value::Null) => Some(Priority::Normal),
        Some(Value::String(word)) => Priority::parse(&word),
        Some(_) => None,
    };
    priority.ok_or_else(|| wrong("/priority", ErrorCode::Invalid, "must be low, normal, high or urgent"))
}

fn wrong(pointer: &str, code: ErrorCode, detail: &str) -> Error {
    Error::field(FieldError::new(pointer, code, detail))
}
