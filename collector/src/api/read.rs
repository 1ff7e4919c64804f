//! One case with its conversation and its timeline.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use sayso_shared::Problem;
use sayso_shared::id::CaseId;
use serde::Serialize;
use utoipa::ToSchema;

use super::bodies::{Around, CaseBody};
use super::events::{self, EventBody};
use super::refusals::TokenRefusals;
use super::versions::{Tag, etag};
use crate::app::App;
use crate::attachments::{self, Attachment, Reader};
use crate::auth::bearer::MayRead;
use crate::cases::Case;
use crate::cases::consent::Consent;
use crate::cases::efforts::Effort;
use crate::cases::query::{self, Message, Rated};
use crate::clock::rfc3339;
use crate::http::{Error, Result};
use crate::learning::suggest::{self, Suggestion};

/// A case with all that was said and done.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffCaseInFull)]
pub struct FullBody {
    case: CaseBody,
    /// The files that came with the feedback itself.
    attachments: Vec<FileBody>,
    /// What was said since the feedback itself, oldest first, with the notes of the staff.
    messages: Vec<MessageBody>,
    /// What was done for it beside writing, oldest first.
    efforts: Vec<EffortBody>,
    /// The timeline, oldest first.
    events: Vec<EventBody>,
    /// How satisfied the customer was; null until they say so.
    #[schema(required = true)]
    satisfaction: Option<SatisfactionBody>,
    /// What the customer agreed to; null where they were asked nothing.
    #[schema(required = true)]
    consent: Option<Consent>,
    /// What is suggested for it from cases that were settled; empty where nothing is better than what it is.
    suggestions: Vec<Suggestion>,
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
    /// The files that came with it.
    attachments: Vec<FileBody>,
    #[schema(format = DateTime)]
    at: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StaffAttachment)]
struct FileBody {
    #[serde(flatten)]
    attachment: Attachment,
    /// Where the same token can download it.
    url: String,
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

/// An effort for a case.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffEffort)]
struct EffortBody {
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    id: String,
    /// `call`, `visit`, `mail` or `other`.
    kind: String,
    #[schema(required = true)]
    result: Option<String>,
    #[schema(required = true)]
    minutes: Option<i64>,
    note: String,
    #[schema(format = DateTime)]
    at: String,
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
pub async fn read(State(app): State<App>, _: MayRead, Path(id): Path<String>) -> Result<(Tag, Json<FullBody>)> {
    let case = find(&app, &id).await?;
    let around = Around::read(&app, std::slice::from_ref(&case)).await?;
    let messages = query::messages(&app, &case.id).await?;
    let ids: Vec<String> = messages.iter().map(|message| message.id.clone()).collect();
    let mut files = attachments::of_messages(&app.db, &ids).await?;
    let bodies = |files: Vec<Attachment>| -> Vec<FileBody> {
        files.into_iter().map(|attachment| FileBody::of(&app, &case.id, attachment)).collect()
    };
    let tag = etag(case.version);
    let body = FullBody {
        attachments: bodies(attachments::of_case(&app.db, &case.id).await?),
        messages: messages
            .into_iter()
            .map(|message| {
                let files = files.remove(&message.id).unwrap_or_default();
                MessageBody::of(message, bodies(files))
            })
            .collect(),
        efforts: Effort::of_case(&app.db, &case.id).await?.into_iter().map(EffortBody::from).collect(),
        events: events::of_case(&app, &case.id, &around).await?,
        consent: Consent::of_case(&app.db, &case.id).await?,
        satisfaction: query::rating(&app, &case.id).await?.map(SatisfactionBody::from),
        suggestions: suggest::for_case(&app, &case).await?,
        case: CaseBody::of(&app, case, &around)?,
    };
    Ok((tag, Json(body)))
}

/// The case with this identifier; what is no identifier gets the same answer as one that nobody has.
pub async fn find(app: &App, id: &str) -> Result<Case> {
    let id = CaseId::parse(id).map_err(|_| Error::NotFound("there is no such case"))?;
    Ok(Case::by_id(app, id.as_str()).await?)
}

/// Download a file of a case.
#[utoipa::path(
    get,
    path = "/api/v1/cases/{id}/attachments/{file}",
    tag = "cases",
    security(("token" = ["cases:read"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The case's identifier"),
        ("file" = String, Path, format = "uuid", description = "The file's identifier"),
    ),
    responses(
        (status = 200, body = String, content_type = "application/octet-stream", description = "The file, of the type that its content says"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such case, or no such file of it"),
        TokenRefusals,
    )
)]
pub async fn download(
    State(app): State<App>,
    _: MayRead,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response> {
    let case = find(&app, &id).await?;
    attachments::download::respond(&app, &case.id, &file, Reader::Staff).await
}

impl FileBody {
    fn of(app: &App, case_id: &str, attachment: Attachment) -> Self {
        Self { url: app.config.url(&format!("/api/v1/cases/{case_id}/attachments/{}", attachment.id)), attachment }
    }
}

impl MessageBody {
    fn of(message: Message, attachments: Vec<FileBody>) -> Self {
        let by = match message.author.as_str() {
            "customer" => Author::Customer,
            "note" => Author::Note,
            _ => Author::Staff,
        };
        let name = message.member_name.or(message.token_name);
        Self { id: message.id, by, name, body: message.body, attachments, at: rfc3339(message.created_at) }
    }
}

impl From<Effort> for EffortBody {
    fn from(effort: Effort) -> Self {
        let Effort { id, kind, result, minutes, note, created_at, .. } = effort;
        Self { id, kind, result, minutes, note, at: rfc3339(created_at) }
    }
}

impl From<Rated> for SatisfactionBody {
    fn from(rated: Rated) -> Self {
        Self { score: rated.score, solved: rated.solved, comment: rated.comment, at: rfc3339(rated.created_at) }
    }
}
