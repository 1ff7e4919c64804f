//! What can be done with a target: pausing it, letting it go on, another secret, a test, and sending once more what it missed.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use sayso_shared::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::TargetBody;
use super::{body_of, find};
use crate::api::deliveries::{FullBody, RepeatBody, full, replay_missed};
use crate::api::patch::key_of;
use crate::api::refusals::TokenRefusals;
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::bearer::MayWriteService;
use crate::cases::idempotency::{self, request_hash};
use crate::http::{Error, Result};
use crate::outbox::{standing, trial};

/// By what repeated requests are recognised.
const SECRETS: &str = "target secrets";
const TESTS: &str = "target tests";

/// A new secret.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffTargetSecret)]
pub struct SecretBody {
    /// It signs from now on, and for a day the one before it does as well.
    #[schema(example = "whsec_…")]
    secret: String,
}

/// Stop forwarding to a target for a while; what it should hear waits.
#[utoipa::path(
    post,
    path = "/api/v1/targets/{key}/pause",
    tag = "service",
    security(("token" = ["service:write"])),
    params(("key" = String, Path, description = "The target's key or identifier")),
    responses(
        (status = 200, body = TargetBody, description = "The target, which is off"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such target"),
        TokenRefusals,
    )
)]
pub async fn pause(
    State(app): State<App>,
    MayWriteService(token): MayWriteService,
    Path(key): Path<String>,
) -> Result<Json<TargetBody>> {
    let target = find(&app, &key).await?;
    standing::switch_off(&app.db, &target.id, None, &Stamp::token(&token.id, app.clock.now())).await?;
    body_of(&app, &target.id).await
}

/// Go on forwarding to a target that was paused or switched off, with everything that waited for it.
#[utoipa::path(
    post,
    path = "/api/v1/targets/{key}/resume",
    tag = "service",
    security(("token" = ["service:write"])),
    params(("key" = String, Path, description = "The target's key or identifier")),
    responses(
        (status = 200, body = TargetBody, description = "The target, which is on"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such target"),
        TokenRefusals,
    )
)]
pub async fn resume(
    State(app): State<App>,
    MayWriteService(token): MayWriteService,
    Path(key): Path<String>,
) -> Result<Json<TargetBody>> {
    let target = find(&app, &key).await?;
    standing::switch_on(&app.db, &target.id, &Stamp::token(&token.id, app.clock.now())).await?;
    app.deliveries_wake.notify_one();
    body_of(&app, &target.id).await
}

/// Make a new secret for a webhook. For a day, requests are signed with the old one as well.
#[utoipa::path(
    post,
    path = "/api/v1/targets/{key}/secret",
    tag = "service",
    security(("token" = ["service:write"])),
    params(
        ("key" = String, Path, description = "The target's key or identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it makes no further secret"),
    ),
    responses(
        (status = 200, body = SecretBody, description = "The secret, which is shown to nobody else"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "A key that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such target"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "No webhook, or its secret comes from a variable"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A key used for something else"),
        TokenRefusals,
    )
)]
pub async fn secret(
    State(app): State<App>,
    MayWriteService(token): MayWriteService,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Json<SecretBody>> {
    let target = find(&app, &key).await?;
    let (request, hash) = (key_of(&headers)?, request_hash(&("secret", &target.id)));
    if idempotency::recognise(&app.db, SECRETS, &request, &hash).await?.is_some()
        && let Some(secret) = target.access(&app.keys).and_then(|access| access.secret)
    {
        return Ok(Json(SecretBody { secret }));
    }
    let now = app.clock.now();
    let made = target.rotate_secret(&app.db, &app.keys, &Stamp::token(&token.id, now)).await;
    let secret = made.map_err(|error| Error::Conflict(error.to_string()))?;
    idempotency::note(&app.db, SECRETS, &request, &hash, &target.id, now).await?;
    Ok(Json(SecretBody { secret }))
}

/// Send a made-up case to a target, also to one that is off, and say what came of it within eight seconds. It is not tried again.
#[utoipa::path(
    post,
    path = "/api/v1/targets/{key}/test",
    tag = "service",
    security(("token" = ["service:write"])),
    params(
        ("key" = String, Path, description = "The target's key or identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it sends nothing more"),
    ),
    responses(
        (status = 200, body = FullBody, description = "The delivery, with what was answered"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "A key that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such target"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A key used for something else"),
        TokenRefusals,
    )
)]
pub async fn test(
    State(app): State<App>,
    _: MayWriteService,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Json<FullBody>> {
    let target = find(&app, &key).await?;
    let (request, hash) = (key_of(&headers)?, request_hash(&("test", &target.id)));
    let id = match idempotency::recognise(&app.db, TESTS, &request, &hash).await? {
        Some(id) => id,
        None => {
            let id = trial::try_target(&app, &target).await?;
            idempotency::note(&app.db, TESTS, &request, &hash, &id, app.clock.now()).await?;
            id
        }
    };
    Ok(Json(full(&app, &id).await?))
}

/// Send once more everything that a target missed: what was given up, and what had nobody to be sent to.
#[utoipa::path(
    post,
    path = "/api/v1/targets/{key}/replay",
    tag = "service",
    security(("token" = ["service:write"])),
    params(
        ("key" = String, Path, description = "The target's key or identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it sends nothing again"),
    ),
    responses(
        (status = 200, body = RepeatBody, description = "How many deliveries begin anew"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "A key that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such target"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A key used for something else"),
        TokenRefusals,
    )
)]
pub async fn replay(
    State(app): State<App>,
    _: MayWriteService,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Json<RepeatBody>> {
    let target = find(&app, &key).await?;
    Ok(Json(replay_missed(&app, &target, &key_of(&headers)?).await?))
}
