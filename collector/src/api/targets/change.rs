//! Adding, changing and removing targets: what is sent is read as the `[[target]]` of a service file is, with the same checks.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use sayso_shared::Problem;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde_json::{Map, Value};

use super::body::{AddedBody, TargetBody};
use super::fields::{NewBody, PatchBody, Sent};
use super::table::Table;
use super::{body_of, find};
use crate::api::patch::key_of;
use crate::api::refusals::{BodyRefusals, TokenRefusals};
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::bearer::MayWriteService;
use crate::cases::idempotency::{self, request_hash};
use crate::http::body::JsonBody;
use crate::http::{Error, Result};
use crate::outbox::egress::Egress;
use crate::service::draft::{self, Draft, Reader, export};
use crate::service::plan::Prune;
use crate::service::surroundings::TypedAccess;
use crate::service::target_checks::access_mistake;
use crate::service::target_definition::TargetDefinition;
use crate::sites::Site;
use crate::sites::targets::{Access, Channel, Target};

/// By what repeated requests are recognised.
const TARGETS: &str = "targets";
/// Add a target. Without a secret, one is made for a webhook, and shown this once.
#[utoipa::path(
    post,
    path = "/api/v1/targets",
    tag = "service",
    security(("token" = ["service:write"])),
    params(("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it adds nothing more")),
    request_body = NewBody,
    responses(
        (status = 201, body = AddedBody, description = "The target"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key that is none"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, or the key of another target"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn add(
    State(app): State<App>,
    MayWriteService(token): MayWriteService,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<AddedBody>)> {
    let (request, hash) = (key_of(&headers)?, request_hash(&("new target", &body)));
    if let Some(key) = idempotency::recognise(&app.db, TARGETS, &request, &hash).await? {
        let target = find(&app, &key).await?;
        let secret = made_secret(&app, &target);
        return Ok((StatusCode::CREATED, Json(AddedBody { target: TargetBody::of(&app, target).await?, secret })));
    }
    let Sent { mut fields, url, secret } = Sent::read(body)?;
    fields.retain(|_, value| !value.is_null());
    let key = fields.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !key.is_empty() && Target::by_key(&app.db, &key).await?.is_some() {
        return Err(Error::field(FieldError::new("/key", ErrorCode::Invalid, "is the key of another target")));
    }
    let channel = fields.get("channel").and_then(Value::as_str).and_then(Channel::parse);
    let needs_url = match channel {
        None | Some(Channel::Email) => false,
        // The bot's token is the secret, and the address is known.
        Some(Channel::Telegram) if secret.is_some() || fields.contains_key("secret_env") => false,
        Some(_) => !fields.contains_key("url_env"),
    };
    if needs_url && url.is_none() {
        return Err(Error::field(FieldError::new("/url", ErrorCode::Required, "is required, or url_env")));
    }
    let is_made = secret.is_none() && !fields.contains_key("secret_env");
    let typed = (url.is_some() || secret.is_some()).then(|| Access::new(url.unwrap_or_default(), secret));
    apply(&app, (&key, channel), &fields, typed, &Stamp::token(&token.id, app.clock.now())).await?;
    idempotency::note(&app.db, TARGETS, &request, &hash, &key, app.clock.now()).await?;
    let target = find(&app, &key).await?;
    let secret = made_secret(&app, &target).filter(|_| is_made);
    Ok((StatusCode::CREATED, Json(AddedBody { target: TargetBody::of(&app, target).await?, secret })))
}

/// Change a target.
#[utoipa::path(
    patch,
    path = "/api/v1/targets/{key}",
    tag = "service",
    security(("token" = ["service:write"])),
    params(("key" = String, Path, description = "The target's key or identifier")),
    request_body = PatchBody,
    responses(
        (status = 200, body = TargetBody, description = "The target as it stands now"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, or not UTF-8"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such target"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "What is stored of it is of a newer version"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn patch(
    State(app): State<App>,
    MayWriteService(token): MayWriteService,
    Path(key): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Json<TargetBody>> {
    let target = find(&app, &key).await?;
    let Sent { fields: sent, url, secret } = Sent::read(body)?;
    if sent.get("key").is_some_and(|key| key.as_str() != Some(&target.key)) {
        return Err(Error::field(FieldError::new("/key", ErrorCode::Invalid, "can't be changed")));
    }
    let definition = TargetDefinition::of(&target, &Site::all(&app.db).await?)?;
    let definition = definition.ok_or_else(|| Error::Conflict("what is stored of this target can't be read".into()))?;
    let Value::Object(mut fields) = serde_json::to_value(definition).map_err(anyhow::Error::from)? else {
        return Err(anyhow::anyhow!("a target is a table").into());
    };
    let typed = (url.is_some() || secret.is_some()).then(|| {
        // It is where somebody says that it is, and no longer where a variable did.
        fields.retain(|name, _| name != "url_env" && name != "secret_env");
        (url, secret)
    });
    fields.extend(sent);
    fields.retain(|_, value| !value.is_null());
    let channel = fields.get("channel").and_then(Value::as_str).and_then(Channel::parse);
    let typed = typed.map(|(url, secret)| {
        let known = target.access(&app.keys).filter(|_| target.channel() == channel);
        let (address, known_secret) = known.map(|known| (known.address, known.secret)).unwrap_or_default();
        Access::new(url.unwrap_or(address), secret.or(known_secret))
    });
    let key = target.key;
    apply(&app, (&key, channel), &fields, typed, &Stamp::token(&token.id, app.clock.now())).await?;
    body_of(&app, &key).await
}

/// Remove a target, also from the rules that name it. What it was told stays visible.
#[utoipa::path(
    delete,
    path = "/api/v1/targets/{key}",
    tag = "service",
    security(("token" = ["service:write"])),
    params(("key" = String, Path, description = "The target's key or identifier")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such target"),
        TokenRefusals,
    )
)]
pub async fn remove(
    State(app): State<App>,
    MayWriteService(token): MayWriteService,
    Path(key): Path<String>,
) -> Result<StatusCode> {
    find(&app, &key).await?.remove(&app.db, &Stamp::token(&token.id, app.clock.now())).await?;
    app.service.forget();
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a target what the fields say, by the same draft as the console's forms.
async fn apply(
    app: &App,
    (key, channel): (&str, Option<Channel>),
    fields: &Map<String, Value>,
    typed: Option<Access>,
    stamp: &Stamp,
) -> Result<()> {
    let table = Table::write(fields)?;
    let typed = typed.map(|access| TypedAccess { key: key.to_owned(), access });
    if let Some((channel, typed)) = channel.zip(typed.as_ref())
        && let Some((field, why)) = access_mistake(channel, &typed.access, &Egress::of(&app.config))
    {
        let pointer = if field == "address" { "/url" } else { "/secret" };
        return Err(Error::field(FieldError::new(pointer, ErrorCode::Invalid, why)));
    }
    let reader = typed.as_ref().map_or(Reader::Server, Reader::Typed);
    let around: draft::Around<'_> = (&app.db, &app.keys, &app.config, stamp.at);
    let alone = Draft::read(around, &table.text, Prune::Keep, reader).await?;
    let alone = alone.map_err(|mistakes| Error::Invalid(table.place(mistakes)))?;
    let mut document: toml::Table = export(&app.db, &app.keys).await?.parse().map_err(anyhow::Error::from)?;
    let mut written: toml::Table = table.text.parse().map_err(anyhow::Error::from)?;
    let target = targets_in(&mut written).and_then(Vec::pop);
    if let (Some(all), Some(target)) = (targets_in(&mut document), target) {
        match all.iter_mut().find(|known| known.get("key").and_then(toml::Value::as_str) == Some(key)) {
            Some(known) => *known = target,
            None => all.push(target),
        }
    }
    let draft = Draft::read_changed(around, &document, Some(alone), Prune::Keep, reader).await?;
    let draft = draft.map_err(|mistakes| {
        let whole = |text: String| FieldError::new("", ErrorCode::Invalid, text);
        Error::Invalid(mistakes.into_iter().map(|mistake| whole(mistake.text)).collect())
    })?;
    draft.apply(&app.db, stamp).await?;
    app.service.forget();
    Ok(())
}

fn targets_in(document: &mut toml::Table) -> Option<&mut Vec<toml::Value>> {
    let empty = || toml::Value::Array(Vec::new());
    document.entry("target").or_insert_with(empty).as_array_mut()
}

/// The secret of a webhook for which nobody gave one.
fn made_secret(app: &App, target: &Target) -> Option<String> {
    let is_own = target.channel() == Some(Channel::Webhook) && target.settings.secret_env.is_none();
    target.access(&app.keys).filter(|_| is_own)?.secret
}
