//! What a program does with a case: the same as the staff in the console, by the same rules, each once however often it is asked for.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use sayso_shared::Problem;
use sayso_shared::fields::Fields;
use sayso_shared::id::MemberId;
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::text::Text;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::bodies::{AfterStep, Around, CaseBody};
use super::money::{MoneyBody, read_money};
use super::read::find;
use super::refusals::{BodyRefusals, TokenRefusals};
use super::versions::version;
use crate::app::App;
use crate::attachments;
use crate::auth::bearer::MayWrite;
use crate::auth::member::{Email, who_may_own};
use crate::auth::token::Scope;
use crate::auth::{Member, Token};
use crate::cases::staff::{self, Body, Command, Content, FollowUp, Resolution};
use crate::cases::{Outcome, Status, idempotency};
use crate::http::body::{JsonBody, idempotency_key};
use crate::http::{Error, Result};
use crate::keys::Keys;

// For the description of the API; `read_message` is what reads it.
/// A reply to the customer, or a note for the staff.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffWords)]
struct WordsBody {
    kind: MessageKind,
    #[schema(min_length = 1, max_length = 10_000)]
    body: String,
    /// What a reply means for the case; `go_on` unless given.
    then: Option<FollowUpWord>,
    /// With `resolve`: what came of it; a complaint needs it.
    outcome: Option<Outcome>,
    /// With `resolve`: what the customer was given.
    #[schema(max_length = 1_000)]
    remedy: Option<String>,
    /// With `resolve`: what that cost.
    remedy_cost: Option<MoneyBody>,
    /// Up to five upload ids of the case's site.
    #[schema(max_items = 5)]
    attachments: Option<Vec<String>>,
}

/// To whom it is said.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = StaffMessageKind)]
enum MessageKind {
    Reply,
    Note,
}

#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StaffThen)]
enum FollowUpWord {
    /// Work goes on.
    #[serde(rename = "go_on")]
    InProgress,
    /// The customer was asked something.
    Wait,
    /// This is the answer.
    Resolve,
    /// A case that was resolved or closed is worked on again; of a note it is the reason.
    Reopen,
}

// For the description of the API; `read_status` is what reads it.
/// Where the case is to stand.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffStatus)]
struct StatusBody {
    status: Status,
    /// With `resolved`: what came of it; a complaint needs it.
    outcome: Option<Outcome>,
    /// With `resolved`: what the customer was given.
    #[schema(max_length = 1_000)]
    remedy: Option<String>,
    /// With `resolved`: what that cost.
    remedy_cost: Option<MoneyBody>,
}

// For the description of the API; `read_owner` is what reads it.
/// Who is to own the case.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffOwner)]
struct OwnerBody {
    /// The identifier or the e-mail address of a member; null for nobody.
    #[schema(required = true)]
    owner: Option<String>,
}

/// Reply to the customer, or note something for the staff. Customers read that the site wrote; the staff read the token's name.
#[utoipa::path(
    post,
    path = "/api/v1/cases/{id}/messages",
    tag = "cases",
    security(("token" = ["cases:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The case's identifier"),
        ("Idempotency-Key" = String, Header, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
        ("If-Match" = Option<String>, Header, nullable = false, pattern = "^((W/)?\"[0-9]{1,15}\"|[0-9]{1,15})$", description = "The version that was read, in quotes or without"),
    ),
    request_body = WordsBody,
    responses(
        (status = 201, body = AfterStep, description = "The case as it stands now"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or no key"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such case"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Not possible in the case's status"),
        (status = 412, body = Problem, content_type = "application/problem+json", description = "Somebody else has changed it; says who changed what"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, or a key used for something else"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn post_message(
    State(app): State<App>,
    MayWrite(token): MayWrite,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<AfterStep>)> {
    let command = read_message(&app.keys, body.clone())?;
    Ok((StatusCode::CREATED, apply(&app, &token, &id, &headers, command, ("messages", body)).await?))
}

/// Take a step of the status table: `acknowledged`, `in_progress`, `waiting`, or `resolved` with its outcome.
#[utoipa::path(
    post,
    path = "/api/v1/cases/{id}/status",
    tag = "cases",
    security(("token" = ["cases:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The case's identifier"),
        ("Idempotency-Key" = String, Header, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
        ("If-Match" = Option<String>, Header, nullable = false, pattern = "^((W/)?\"[0-9]{1,15}\"|[0-9]{1,15})$", description = "The version that was read, in quotes or without"),
    ),
    request_body = StatusBody,
    responses(
        (status = 200, body = AfterStep, description = "The case as it stands now"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or no key"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such case"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Not a step that the staff may take from where the case stands"),
        (status = 412, body = Problem, content_type = "application/problem+json", description = "Somebody else has changed it; says who changed what"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, or a key used for something else"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn set_status(
    State(app): State<App>,
    MayWrite(token): MayWrite,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Json<AfterStep>> {
    let command = read_status(body.clone())?;
    apply(&app, &token, &id, &headers, command, ("status", body)).await
}

/// Give the case to a member, or to nobody.
#[utoipa::path(
    post,
    path = "/api/v1/cases/{id}/assign",
    tag = "cases",
    security(("token" = ["cases:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The case's identifier"),
        ("Idempotency-Key" = String, Header, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
        ("If-Match" = Option<String>, Header, nullable = false, pattern = "^((W/)?\"[0-9]{1,15}\"|[0-9]{1,15})$", description = "The version that was read, in quotes or without"),
    ),
    request_body = OwnerBody,
    responses(
        (status = 200, body = AfterStep, description = "The case as it stands now"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or no key"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such case"),
        (status = 412, body = Problem, content_type = "application/problem+json", description = "Somebody else has changed it; says who changed what"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "No such member, wrong fields, or a key used for something else"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn assign(
    State(app): State<App>,
    MayWrite(token): MayWrite,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Json<AfterStep>> {
    let command = read_owner(&app, body.clone()).await?;
    apply(&app, &token, &id, &headers, command, ("assign", body)).await
}

async fn apply(
    app: &App,
    token: &Token,
    id: &str,
    headers: &HeaderMap,
    command: Command,
    asked: (&str, Value),
) -> Result<Json<AfterStep>> {
    let key = idempotency_key(headers)?;
    let (case, version) = (find(app, id).await?, version(headers)?);
    let hash = idempotency::request_hash(&asked);
    staff::apply_at_version(app, &case.id, &token.actor(), command, version, (&key, &hash)).await?;
    after_step(app, token, id).await
}

/// The case as it stands after a step.
pub(super) async fn after_step(app: &App, token: &Token, id: &str) -> Result<Json<AfterStep>> {
    let case = find(app, id).await?;
    let around = Around::read(app, std::slice::from_ref(&case)).await?;
    let body = CaseBody::of(app, case, &around)?;
    Ok(Json(match token.scopes().contains(&Scope::CasesRead) {
        true => AfterStep::Case(Box::new(body)),
        false => AfterStep::Step(body.into()),
    }))
}

fn read_message(keys: &Keys, body: Value) -> Result<Command> {
    let mut fields = Fields::new(body, "");
    let kind = fields.required_text::<16>("kind");
    let kind = kind.and_then(|word| read_word(&mut fields, "kind", &word, "must be reply or note"));
    let words = fields.required_text("body");
    let then = match fields.text::<16>("then") {
        None => Some(FollowUpWord::InProgress),
        Some(word) => read_word(&mut fields, "then", &word, "must be go_on, wait, resolve or reopen"),
    };
    let resolution = read_resolution(&mut fields);
    let uploads = fields.uploads();
    match (kind, then) {
        (Some(MessageKind::Note), Some(FollowUpWord::Reopen)) if !uploads.is_empty() => {
            fields.refuse("attachments", ErrorCode::Invalid, "the reason of a reopening has no files");
        }
        (Some(MessageKind::Note), Some(FollowUpWord::Wait | FollowUpWord::Resolve)) => {
            fields.refuse("then", ErrorCode::Invalid, "a note changes nothing");
        }
        (_, Some(FollowUpWord::InProgress | FollowUpWord::Wait | FollowUpWord::Reopen))
            if resolution.says_something() =>
        {
            fields.refuse(
                "then",
                ErrorCode::Invalid,
                "must be resolve where there is an outcome, a remedy or its cost",
            );
        }
        _ => {}
    }
    let errors = fields.into_errors();
    let files = uploads.iter().map(|token| attachments::claim_hash(keys, token)).collect();
    let content = |body: Body| Content { files, ..Content::from(body) };
    match (kind, words, then) {
        (Some(kind), Some(words), Some(then)) if errors.is_empty() => Ok(match (kind, then) {
            (MessageKind::Note, FollowUpWord::Reopen) => Command::Reopen(words),
            (MessageKind::Note, _) => Command::Note(content(words)),
            (MessageKind::Reply, FollowUpWord::Reopen) => Command::Reply(content(words), FollowUp::Reopen),
            (MessageKind::Reply, FollowUpWord::InProgress) => Command::Reply(content(words), FollowUp::InProgress),
            (MessageKind::Reply, FollowUpWord::Wait) => Command::Reply(content(words), FollowUp::Wait),
            (MessageKind::Reply, FollowUpWord::Resolve) => {
                Command::Reply(content(words), FollowUp::Resolve(resolution))
            }
        }),
        _ => Err(errors.into()),
    }
}

fn read_status(body: Value) -> Result<Command> {
    let mut fields = Fields::new(body, "");
    let word = fields.required_text::<32>("status");
    let to = word.and_then(|word| read_word(&mut fields, "status", &word, "is not a status"));
    let resolution = read_resolution(&mut fields);
    if to.is_some_and(|to| to != Status::Resolved) && resolution.says_something() {
        fields.refuse("status", ErrorCode::Invalid, "must be resolved where there is an outcome, a remedy or its cost");
    }
    let errors = fields.into_errors();
    match to {
        Some(Status::Resolved) if errors.is_empty() => Ok(Command::Resolve(resolution)),
        Some(to) if errors.is_empty() => Ok(Command::Status(to)),
        _ => Err(errors.into()),
    }
}

fn read_resolution(fields: &mut Fields) -> Resolution {
    let word = fields.text::<32>("outcome");
    let expected = "must be upheld, partly_upheld, not_upheld or withdrawn";
    let outcome = word.and_then(|word| read_word(fields, "outcome", &word, expected));
    Resolution { outcome, remedy: fields.text("remedy"), cost: read_money(fields, "remedy_cost") }
}

/// Reads one of the words of `T`.
pub(super) fn read_word<T: DeserializeOwned, const MAX: usize>(
    fields: &mut Fields,
    name: &str,
    word: &Text<MAX>,
    expected: &str,
) -> Option<T> {
    let read = serde_json::from_value(word.as_str().into()).ok();
    if read.is_none() {
        fields.refuse(name, ErrorCode::Invalid, expected);
    }
    read
}

async fn read_owner(app: &App, body: Value) -> Result<Command> {
    let is_given = body.get("owner").is_some();
    let mut fields = Fields::new(body, "");
    if !is_given {
        fields.refuse("owner", ErrorCode::Required, "is required; null is for nobody");
    }
    let owner = fields.string("owner");
    let errors = fields.into_errors();
    if !errors.is_empty() {
        return Err(errors.into());
    }
    match owner {
        None => Ok(Command::Assign(None)),
        Some(owner) => Ok(Command::Assign(Some(find_owner(app, "/owner", &owner).await?))),
    }
}

/// The identifier of a member who may own a case, by address or identifier, as a field says it.
pub(super) async fn find_owner(app: &App, pointer: &str, owner: &str) -> Result<String> {
    let unknown = || Error::field(FieldError::new(pointer, ErrorCode::Invalid, "is no member who may own a case"));
    let id = match Email::parse(owner) {
        Ok(email) => Member::by_email(&app.db, &email).await?.ok_or_else(unknown)?.id,
        Err(_) => MemberId::parse(owner).map_err(|_| unknown())?.as_str().to_owned(),
    };
    match who_may_own(&app.db, &id).await {
        Ok(member) => Ok(member.id),
        Err(Error::NotFound(_)) => Err(unknown()),
        Err(error) => Err(error),
    }
}
