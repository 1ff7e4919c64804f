//! Changing what the staff sort a case by.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use sayso_shared::fields::Fields;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::{Kind, Problem};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::actions::{after_step, find_owner, read_word};
use super::bodies::AfterStep;
use super::read::find;
use crate::app::App;
use crate::auth::bearer::MayWrite;
use crate::cases::properties::{self, Patch};
use crate::cases::tags::Tags;
use crate::cases::{Case, Priority, idempotency};
use crate::clock::parse_rfc3339;
use crate::http::body::{JsonBody, fresh_key, idempotency_key};
use crate::http::{Error, Result};
use crate::service::Service;

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
}

/// Change what the staff sort a case by, all of it or nothing. With `If-Match: "<version>"` only if the case is still at this version.
#[utoipa::path(
    patch,
    path = "/api/v1/cases/{id}",
    tag = "cases",
    security(("token" = ["cases:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The case's identifier"),
        ("Idempotency-Key" = Option<String>, Header, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
        ("If-Match" = Option<String>, Header, pattern = "^\"[0-9]{1,15}\"$", description = "The version that was read, in quotes"),
    ),
    request_body = PatchBody,
    responses(
        (status = 200, body = AfterStep, description = "The case as it stands now"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key or version that is none"),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "No valid token"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "The token has not the scope cases:write"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such case"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The case is in quarantine"),
        (status = 412, body = Problem, content_type = "application/problem+json", description = "Somebody else has changed it; says who changed what"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "More than 256 KiB"),
        (status = 415, body = Problem, content_type = "application/problem+json", description = "Not application/json"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, or a key used for something else"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Too many wrong tokens; see Retry-After"),
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
    let patch = read(&app, &case, body).await?;
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

/// The version that the client has read, from `If-Match: "7"`; none for `*`, and where there is none.
fn version(headers: &HeaderMap) -> Result<Option<i64>> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let wrong = || Error::Malformed("If-Match must be the version of the case in quotes, such as \"7\"".to_owned());
    let text = value.to_str().map_err(|_| wrong())?.trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    version.map(Some).ok_or_else(wrong)
}

/// Reads a patch of a case; everything that is wrong is said at once.
pub(super) async fn read(app: &App, case: &Case, body: Value) -> Result<Patch> {
    let is_given: Vec<String> = body.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default();
    let given = |name: &str| is_given.iter().any(|given| given == name);
    let service = app.service.current().await?;
    let mut fields = Fields::new(body, "");
    let mut patch = Patch::default();
    if let Some(word) = fields.text::<16>("priority") {
        patch.priority = read_word(&mut fields, "priority", &word, "must be low, normal, high or urgent");
    }
    if let Some(word) = fields.text::<16>("kind") {
        patch.kind = read_word(&mut fields, "kind", &word, "must be complaint, suggestion, question or praise");
    }
    if given("tags") {
        patch.tags = read_tags(&mut fields);
    }
    patch.reason = fields.text("reason");
    patch.team = key(&mut fields, "team", given("team"), "is no team", |key| service.team(key).is_some());
    patch.problem = key(&mut fields, "problem", given("problem"), "is no problem", |key| has_problem(&service, key));
    let kind = patch.kind.unwrap_or_else(|| case.kind());
    let site = app.sites.by_id(&case.site_id).await?;
    let goes = |key: &str| {
        let categories = site.iter().flat_map(|site| &site.settings.categories);
        categories.into_iter().any(|known| known.key == key && known.kind.is_none_or(|of| of == kind))
    };
    patch.category = key(&mut fields, "category", given("category"), "is no category of the site for this kind", goes);
    if given("follow_up_at") {
        let typed = fields.string("follow_up_at");
        let at = typed.as_deref().map(parse_rfc3339);
        match at {
            Some(None) => fields.refuse("follow_up_at", ErrorCode::Invalid, "must be a time as in RFC 3339"),
            at => patch.follow_up_at = Some(at.flatten()),
        }
    }
    let owner = fields.string("owner");
    let mut errors = fields.into_errors();
    match owner {
        Some(owner) => match find_owner(app, &owner).await {
            Ok(id) => patch.owner_id = Some(Some(id)),
            Err(Error::Invalid(wrong)) => errors.extend(wrong),
            Err(error) => return Err(error),
        },
        None if given("owner") => patch.owner_id = Some(None),
        None => {}
    }
    if patch.reason.is_some() && !given("team") {
        errors.push(FieldError::new("/reason", ErrorCode::Invalid, "goes with another team"));
    }
    if errors.is_empty() { Ok(patch) } else { Err(errors.into()) }
}

/// A key that names something, or null.
fn key(
    fields: &mut Fields,
    name: &str,
    is_given: bool,
    refusal: &str,
    is_known: impl Fn(&str) -> bool,
) -> Option<Option<String>> {
    match fields.string(name) {
        Some(key) if is_known(&key) => Some(Some(key)),
        Some(_) => {
            fields.refuse(name, ErrorCode::Invalid, refusal);
            None
        }
        None => is_given.then_some(None),
    }
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

fn has_problem(service: &Service, key: &str) -> bool {
    service.problems.iter().any(|problem| problem.key.as_str() == key)
}
