//! Tasks of cases.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use sayso_shared::Problem;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::actions::after_step;
use super::bodies::AfterStep;
use super::patch::key_of;
use super::patch_fields::PatchFields;
use super::read::find;
use super::refusals::{BodyRefusals, TokenRefusals};
use super::versions::version;
use crate::app::App;
use crate::auth::bearer::MayWrite;
use crate::cases::idempotency::request_hash;
use crate::cases::tasks::{self, NewTask, Task, TaskPatch};
use crate::http::body::JsonBody;
use crate::http::{Error, Result};

// For the description of the API; `read` is what reads it.
/// A task to be added: for a team or a member, or for whoever takes it.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffNewTask)]
struct NewTaskBody {
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// The key of a team.
    team: Option<String>,
    /// The address or the identifier of a member.
    owner: Option<String>,
    #[schema(format = DateTime)]
    due: Option<String>,
}

// For the description of the API; `read` is what reads it.
/// What of a task is to be another. What is left out stays; null takes away.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffTaskPatch)]
struct TaskPatchBody {
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    team: Option<String>,
    owner: Option<String>,
    #[schema(format = DateTime)]
    due: Option<String>,
    /// Whether it is done.
    done: Option<bool>,
}

/// Add a task to a case.
#[utoipa::path(
    post,
    path = "/api/v1/cases/{id}/tasks",
    tag = "cases",
    security(("token" = ["cases:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The case's identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
        ("If-Match" = Option<String>, Header, nullable = false, pattern = "^((W/)?\"[0-9]{1,15}\"|[0-9]{1,15})$", description = "The version of the case that was read, in quotes or without"),
    ),
    request_body = NewTaskBody,
    responses(
        (status = 201, body = AfterStep, description = "The case with its tasks"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key or version that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such case"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The case is in quarantine"),
        (status = 412, body = Problem, content_type = "application/problem+json", description = "Somebody else has changed it; says who changed what"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, or a key used for something else"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn add(
    State(app): State<App>,
    MayWrite(token): MayWrite,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<AfterStep>)> {
    let case = find(&app, &id).await?;
    let (key, version) = (key_of(&headers)?, version(&headers)?);
    let hash = request_hash(&("task", &body));
    let TaskPatch { title, team, owner_id, due_at, .. } = read(&app, body, Wanted::New).await?;
    let title = title.ok_or_else(|| Error::field(FieldError::new("/title", ErrorCode::Required, "is required")))?;
    let task = NewTask { title, team: team.flatten(), owner_id: owner_id.flatten(), due_at: due_at.flatten() };
    tasks::add(&app, &case.id, &token.actor(), &task, version, (&key, &hash)).await?;
    Ok((StatusCode::CREATED, after_step(&app, &token, &id).await?))
}

/// Change a task, or say that it is done, which the owner of the case is told.
#[utoipa::path(
    patch,
    path = "/api/v1/tasks/{id}",
    tag = "cases",
    security(("token" = ["cases:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The task's identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing more"),
        ("If-Match" = Option<String>, Header, nullable = false, pattern = "^((W/)?\"[0-9]{1,15}\"|[0-9]{1,15})$", description = "The version of the case that was read, in quotes or without"),
    ),
    request_body = TaskPatchBody,
    responses(
        (status = 200, body = AfterStep, description = "The case with its tasks"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key or version that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such task"),
        (status = 412, body = Problem, content_type = "application/problem+json", description = "Somebody else has changed it; says who changed what"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn change(
    State(app): State<App>,
    MayWrite(token): MayWrite,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Json<AfterStep>> {
    let (key, version) = (key_of(&headers)?, version(&headers)?);
    let id = uuid::Uuid::parse_str(&id).map(|id| id.to_string()).unwrap_or_default();
    let task = Task::by_id(&app.db, &id).await?.ok_or(Error::NotFound("there is no such task"))?;
    let hash = request_hash(&("task", &id, &body));
    let patch = read(&app, body, Wanted::Change).await?;
    tasks::change(&app, &task, &token.actor(), &patch, version, (&key, &hash)).await?;
    after_step(&app, &token, &task.case_id).await
}

/// What a body is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    New,
    Change,
}

async fn read(app: &App, body: Value, wanted: Wanted) -> Result<TaskPatch> {
    let service = app.service.current().await?;
    let mut read = PatchFields::new(body, "");
    let mut patch = TaskPatch::default();
    if wanted == Wanted::New || read.is_given("title") {
        patch.title = read.fields.required_text("title");
    }
    patch.team = read.key("team", "is no team", |key| service.team(key).is_some());
    patch.due_at = read.time("due");
    if wanted == Wanted::Change {
        patch.done = read.fields.boolean("done");
    }
    let (owner_id, errors) = read.into_member(app, "owner").await?;
    patch.owner_id = owner_id;
    if errors.is_empty() { Ok(patch) } else { Err(errors.into()) }
}
