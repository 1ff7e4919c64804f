//! Changing what the staff sort a case by.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use sayso_shared::fields::Fields;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::{Kind, Problem};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::actions::{after_step, read_word};
use super::bodies::AfterStep;
use super::money::{MoneyBody, read_money};
use super::patch_fields::PatchFields;
use super::read::find;
use super::refusals::{BodyRefusals, TokenRefusals};
use super::versions::version;
use crate::app::App;
use crate::auth::bearer::MayWrite;
use crate::cases::properties::{self, Patch};
use crate::cases::tags::Tags;
use crate::cases::{Case, Priority, idempotency};
use crate::http::Result;
use crate::http::body::{JsonBody, fresh_key, idempotency_key};

// For the description of the API; `read` is what reads it.
/// What is to be another. What is left out stays; null takes away.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffPatch)]
pub(super) struct PatchBody {
    priority: Option<Priority>,
    kind: Option<Kind>,
    /// The key of one of the site's categories.
    category: Option<String>,
    /// All of its tags, at most 20.
    #[schema(max_items = 20)]
    tags: Option<Vec<String>>,
    /// The key of a team.
    team: Option<String>,
    /// Why it gets another team; the staff read it as a note.
    #[schema(max_length = 10_000)]
    reason: Option<String>,
    /// The address or the identifier of a member who may own a case.
    owner: Option<String>,
    /// When it is to be looked at again.
    #[schema(format = DateTime)]
    follow_up_at: Option<String>,
    /// The key of a problem.
    problem: Option<String>,
    /// What the remedy cost.
    remedy_cost: Option<MoneyBody>,
}

/// Change what the staff sort a case by, all of it or nothing. With `If-Match: "<version>"` only if the case is still at this version.
#[utoipa::path(
    patch,
    path = "/api/v1/cases/{id}",
    tag = "cases",
    security(("token" = ["cases:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The case's identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
        ("If-Match" = Option<String>, Header, nullable = false, pattern = "^((W/)?\"[0-9]{1,15}\"|[0-9]{1,15})$", description = "The version that was read, in quotes or without"),
    ),
    request_body = PatchBody,
    responses(
        (status = 200, body = AfterStep, description = "The case as it stands now"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key or version that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such case"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The case is in quarantine"),
        (status = 412, body = Problem, content_type = "application/problem+json", description = "Somebody else has changed it; says who changed what"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, or a key used for something else"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn patch(
    State(app): State<App>,
    MayWrite(token): MayWrite,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Json<AfterStep>> {
    let case = find(&app, &id).await?;
    let key = key_of(&headers)?;
    let version = version(&headers)?;
    let hash = idempotency::request_hash(&("patch", &body));
    let (patch, mut errors) = read(&app, body, "").await?;
    errors.extend(category_error(&app, &case, &patch).await?);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    if !patch.is_empty() {
        properties::patch(&app, &case.id, &token.actor(), &patch, version, (&key, &hash)).await?;
    }
    after_step(&app, &token, &id).await
}

/// The key of a request. Without one it is a request of its own, which a repeat would not harm.
pub(super) fn key_of(headers: &HeaderMap) -> Result<IdempotencyKey> {
    match headers.contains_key("idempotency-key") {
        true => idempotency_key(headers),
        false => Ok(fresh_key()),
    }
}

/// Reads a patch that lies at `pointer`, with everything that is wrong with it. Whether its category goes with a case, [`category_error`] says.
pub(super) async fn read(app: &App, body: Value, pointer: &'static str) -> Result<(Patch, Vec<FieldError>)> {
    let service = app.service.current().await?;
    let mut read = PatchFields::new(body, pointer);
    let mut patch = Patch::default();
    if let Some(word) = read.word("priority") {
        patch.priority = read_word(&mut read.fields, "priority", &word, "must be low, normal, high or urgent");
    }
    if let Some(word) = read.word("kind") {
        patch.kind = read_word(&mut read.fields, "kind", &word, "must be complaint, suggestion, question or praise");
    }
    if read.is_given("tags") {
        patch.tags = read_tags(&mut read.fields);
    }
    patch.reason = read.fields.text("reason");
    patch.team = read.key("team", "is no team", |key| service.team(key).is_some());
    patch.problem = read.key("problem", "is no problem", |key| service.has_problem(key));
    patch.category = read.key("category", "is no category", |_| true);
    patch.follow_up_at = read.time("follow_up_at");
    if read.is_given("remedy_cost") {
        patch.remedy_cost = Some(read_money(&mut read.fields, "remedy_cost"));
    }
    if patch.reason.is_some() && !read.is_given("team") {
        read.fields.refuse("reason", ErrorCode::Invalid, "goes with another team");
    }
    let (owner_id, errors) = read.into_member(app, "owner").await?;
    patch.owner_id = owner_id;
    Ok((patch, errors))
}

/// What is wrong with the category of a patch for a case: its site must have it, for the kind that the case will be of.
pub(super) async fn category_error(app: &App, case: &Case, patch: &Patch) -> Result<Option<FieldError>> {
    let Some(Some(category)) = &patch.category else { return Ok(None) };
    let kind = patch.kind.unwrap_or_else(|| case.kind());
    let site = app.sites.by_id(&case.site_id).await?;
    let goes = site.is_some_and(|site| site.settings.has_category(category, kind));
    let error = || FieldError::new("/category", ErrorCode::Invalid, "is no category of the site for this kind");
    Ok((!goes).then(error))
}

fn read_tags(fields: &mut Fields) -> Option<Tags> {
    let texts: Option<Vec<String>> = match fields.value("tags") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(value) => serde_json::from_value(value).ok(),
    };
    let tags = texts.map(Tags::parse);
    match tags {
        Some(Ok(tags)) => Some(tags),
        Some(Err(error)) => {
            fields.refuse("tags", ErrorCode::Invalid, error.to_string());
            None
        }
        None => {
            fields.refuse("tags", ErrorCode::Invalid, "must be a list of texts");
            None
        }
    }
}
