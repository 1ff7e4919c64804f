//! One case with its conversation and its timeline.

use axum::Json;
use axum::extract::{Path, State};
use sayso_shared::Problem;
use sayso_shared::id::CaseId;
use serde::Serialize;
use utoipa::ToSchema;

use super::bodies::{Around, CaseBody};
use super::events::{self, EventBody};
use super::refusals::TokenRefusals;
use crate::app::App;
use crate::auth::bearer::MayRead;
use crate::cases::Case;
use crate::cases::query::{self, Message, Rated};
use crate::clock::rfc3339;
use crate::http::{Error, Result};

/// A case with all that was said and done.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffCaseInFull)]
pub struct FullBody {
    case: CaseBody,
    /// What was said since the feedback itself, oldest first, with the notes of the staff.
    messages: Vec<MessageBody>,
    /// The timeline, oldest first.
    events: Vec<EventBody>,
    /// How satisfied the customer was; null until they say so.
    #[schema(required = true)]
    satisfaction: Option<SatisfactionBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StaffMessage)]
struct MessageBody {
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    id: String,
    by: Author,
    /// The member, or the token of the program, that wrote it; null for the customer.
    #[schema(required = true)]
    name: Option<String>,
    body: String,
    #[schema(format = DateTime)]
    at: String,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = StaffAuthor)]
enum Author {
    Customer,
    Staff,
    /// For the staff only.
    Note,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StaffSatisfaction)]
struct SatisfactionBody {
    score: i64,
    #[schema(required = true)]
    solved: Option<bool>,
    #[schema(required = true)]
    comment: Option<String>,
    #[schema(format = DateTime)]
    at: String,
}

/// A case with its conversation, notes included, and its timeline.
#[utoipa::path(
    get,
    path = "/api/v1/cases/{id}",
    tag = "cases",
    security(("token" = ["cases:read"])),
    params(("id" = String, Path, format = "uuid", description = "The case's identifier")),
    responses(
        (status = 200, body = FullBody, description = "The case"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such case"),
        TokenRefusals,
    )
)]
pub async fn read(State(app): State<App>, _: MayRead, Path(id): Path<String>) -> Result<Json<FullBody>> {
    let case = find(&app, &id).await?;
    let around = Around::read(&app, std::slice::from_ref(&case)).await?;
    let body = FullBody {
        messages: query::messages(&app, &case.id).await?.into_iter().map(MessageBody::from).collect(),
        events: events::of_case(&app, &case.id, &around).await?,
        satisfaction: query::rating(&app, &case.id).await?.map(SatisfactionBody::from),
        case: CaseBody::of(&app, case, &around)?,
    };
    Ok(Json(body))
}

/// The case with this identifier; what is no identifier gets the same answer as one that nobody has.
pub async fn find(app: &App, id: &str) -> Result<Case> {
    let id = CaseId::parse(id).map_err(|_| Error::NotFound("there is no such case"))?;
    Ok(Case::by_id(app, id.as_str()).await?)
}

impl From<Message> for MessageBody {
    fn from(message: Message) -> Self {
        let by = match message.author.as_str() {
            "customer" => Author::Customer,
            "note" => Author::Note,
            _ => Author::Staff,
        };
        let name = message.member_name.or(message.token_name);
        Self { id: message.id, by, name, body: message.body, at: rfc3339(message.created_at) }
    }
}

impl From<Rated> for SatisfactionBody {
    fn from(rated: Rated) -> Self {
        Self { score: rated.score, solved: rated.solved, comment: rated.comment, at: rfc3339(rated.created_at) }
    }
}
