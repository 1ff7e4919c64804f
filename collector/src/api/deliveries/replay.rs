//! Sending deliveries once more, by programs.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use sayso_shared::Problem;
use sayso_shared::fields::Fields;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{FullBody, full};
use crate::api::patch::key_of;
use crate::api::refusals::{BodyRefusals, TokenRefusals};
use crate::app::App;
use crate::auth::bearer::MayWriteService;
use crate::cases::idempotency::{self, request_hash};
use crate::clock::{Millis, parse_rfc3339};
use crate::http::body::JsonBody;
use crate::http::{Error, Result};
use crate::outbox::list::{self, Replay, destination};
use crate::sites::targets::Target;

/// By what repeated requests are recognised.
const REPLAYS: &str = "replays";
/// Deliveries of one request.
const IDS_MAX: usize = 500;

// For the description of the API; `read` is what reads it.
/// What to send once more: `ids`, whatever became of them; or what did not arrive (`failed` and `dropped`) at a `target`, planned from `since` on and before
/// `until`; or everything in the `state` `failed`.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffReplay)]
struct ReplayBody {
    #[schema(min_items = 1, max_items = 500, nullable = false)]
    ids: Option<Vec<String>>,
    /// The key of a target, or `customer`.
    #[schema(nullable = false)]
    target: Option<String>,
    #[schema(format = DateTime, nullable = false)]
    since: Option<String>,
    #[schema(format = DateTime, nullable = false)]
    until: Option<String>,
    #[schema(pattern = "^failed$", nullable = false)]
    state: Option<String>,
}

/// What begins anew.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffReplayed)]
pub struct RepeatBody {
    /// How many deliveries. What goes to a target that is off waits for it.
    replayed: u64,
}

/// Send deliveries once more: some, what did not arrive at a target or in a time, or all that were given up.
#[utoipa::path(
    post,
    path = "/api/v1/deliveries/replay",
    tag = "service",
    security(("token" = ["service:write"])),
    params(("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it sends nothing again")),
    request_body = ReplayBody,
    responses(
        (status = 200, body = RepeatBody, description = "How many begin anew"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key that is none"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, or a key used for something else"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn replay(
    State(app): State<App>,
    _: MayWriteService,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Json<RepeatBody>> {
    let (key, hash) = (key_of(&headers)?, request_hash(&("replay", &body)));
    let what = read(&Target::all(&app.db).await?, body)?;
    Ok(Json(begin(&app, &what, (&key, &hash)).await?))
}

/// Send a delivery once more, whatever became of it. One that is about to be sent anyway is as it is.
#[utoipa::path(
    post,
    path = "/api/v1/deliveries/{id}/replay",
    tag = "service",
    security(("token" = ["service:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The delivery's identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it sends nothing again"),
    ),
    responses(
        (status = 200, body = FullBody, description = "The delivery as it stands"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "A key that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such delivery"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A key used for something else"),
        TokenRefusals,
    )
)]
pub async fn replay_one(
    State(app): State<App>,
    _: MayWriteService,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<FullBody>> {
    full(&app, &id).await?;
    let (key, hash) = (key_of(&headers)?, request_hash(&("replay", &id)));
    begin(&app, &Replay::These(vec![id.clone()]), (&key, &hash)).await?;
    Ok(Json(full(&app, &id).await?))
}

/// Sends once more what a target missed.
pub(in crate::api) async fn replay_missed(app: &App, target: &Target, key: &IdempotencyKey) -> Result<RepeatBody> {
    let what = Replay::Missed { destination: Some(target.id.clone()), planned: 0..Millis::MAX };
    begin(app, &what, (key, &request_hash(&("replay of a target", &target.id)))).await
}

/// Lets deliveries begin anew, once for a key.
async fn begin(app: &App, what: &Replay, (key, hash): (&IdempotencyKey, &str)) -> Result<RepeatBody> {
    if let Some(before) = idempotency::recognise(&app.db, REPLAYS, key, hash).await? {
        return Ok(RepeatBody { replayed: before.parse().unwrap_or_default() });
    }
    let now = app.clock.now();
    let replayed = list::replay(&app.db, &Target::all(&app.db).await?, what, now).await?;
    idempotency::note(&app.db, REPLAYS, key, hash, &replayed.to_string(), now).await?;
    app.deliveries_wake.notify_one();
    Ok(RepeatBody { replayed })
}

/// Reads what is to be sent once more, with everything that is wrong with it.
fn read(targets: &[Target], body: Value) -> Result<Replay> {
    let mut fields = Fields::new(body, "");
    let names = ["ids", "target", "since", "until", "state"];
    let given: Vec<&str> =
        names.into_iter().filter(|name| fields.peek(name).is_some_and(|value| !value.is_null())).collect();
    let ids = fields.value("ids").map(|ids| identifiers(&mut fields, ids));
    let target = fields.string("target").map(|key| {
        let found = destination(targets, &key);
        if found.is_none() {
            fields.refuse("target", ErrorCode::Invalid, "must be the key of a target, or customer");
        }
        found.unwrap_or_default()
    });
    let since = time(&mut fields, "since");
    let until = time(&mut fields, "until");
    fields.word("state", |word| (word == "failed").then_some(()), "failed");
    let mut errors = fields.into_errors();
    match given.as_slice() {
        [] => errors.push(FieldError::new("", ErrorCode::Required, format!("must say one of {}", names.join(", ")))),
        [first, rest @ ..] if *first == "ids" || rest.last() == Some(&"state") => {
            let alone = if *first == "ids" { "ids" } else { "state" };
            let others = given.iter().filter(|name| **name != alone);
            let refused = |name: &&str| {
                FieldError::new(format!("/{name}"), ErrorCode::Invalid, format!("does not go with {alone}"))
            };
            errors.extend(others.map(refused));
        }
        _ => {}
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    Ok(match (ids, given.as_slice()) {
        (Some(ids), _) => Replay::These(ids),
        (None, ["state"]) => Replay::Failed,
        (None, _) => Replay::Missed { destination: target, planned: since.unwrap_or(0)..until.unwrap_or(Millis::MAX) },
    })
}

fn identifiers(fields: &mut Fields, ids: Value) -> Vec<String> {
    let read: Option<Vec<String>> = match &ids {
        Value::Array(ids) => ids.iter().map(|id| id.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    match read {
        Some(ids) if (1..=IDS_MAX).contains(&ids.len()) => ids,
        Some(ids) => {
            let code = if ids.is_empty() { ErrorCode::TooShort } else { ErrorCode::TooLong };
            fields.refuse("ids", code, format!("must have 1 to {IDS_MAX} identifiers"));
            Vec::new()
        }
        None => {
            fields.refuse("ids", ErrorCode::Invalid, "must be a list of identifiers");
            Vec::new()
        }
    }
}

fn time(fields: &mut Fields, name: &str) -> Option<Millis> {
    let at = fields.string(name).as_deref().map(parse_rfc3339);
    if at == Some(None) {
        fields.refuse(name, ErrorCode::Invalid, "must be a time as in RFC 3339");
    }
    at.flatten()
}
