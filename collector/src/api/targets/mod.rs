//! The places that events are forwarded to, for programs: what the console does at `/staff/targets` and in its settings, by the same functions.

mod actions;
mod body;
mod change;
mod fields;
mod preview;
mod table;

pub use actions::{
    __path_pause, __path_replay, __path_resume, __path_secret, __path_test, pause, replay, resume, secret, test,
};
use axum::Json;
use axum::extract::{Path, Query, State};
use body::{PageBody, TargetBody};
pub use change::{__path_add, __path_patch, __path_remove, add, patch, remove};
pub use preview::{__path_preview, preview};
use sayso_shared::Problem;

use super::parameters::{each_once, unknown, wrong};
use super::refusals::TokenRefusals;
use crate::app::App;
use crate::auth::bearer::MayReadService;
use crate::http::{Error, Result};
use crate::sites::targets::Target;

const PAGE: usize = 50;
const PAGE_MAX: usize = 100;

/// The places that events are forwarded to, and how they do.
#[utoipa::path(
    get,
    path = "/api/v1/targets",
    tag = "service",
    security(("token" = ["service:read"])),
    params(
        ("site" = Option<String>, Query, description = "The key of a site"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 100, description = "Targets of a page; 50 unless given"),
        ("cursor" = Option<String>, Query, description = "What the page before said in `next`"),
    ),
    responses(
        (status = 200, body = PageBody, description = "A page of targets, in the order in which they were added"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        TokenRefusals,
    )
)]
pub async fn list(
    State(app): State<App>,
    _: MayReadService,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<PageBody>> {
    let (parameters, mut errors) = each_once(parameters);
    let (mut site, mut limit, mut after) = (None, PAGE, String::new());
    for (name, value) in parameters {
        match name.as_str() {
            "site" => match app.sites.by_key(&value).await? {
                Some(found) => site = Some(found),
                None => errors.push(wrong("site", "the key of a site")),
            },
            "limit" => match value.parse() {
                Ok(wanted) if (1..=PAGE_MAX).contains(&wanted) => limit = wanted,
                _ => errors.push(wrong("limit", &format!("1 to {PAGE_MAX}"))),
            },
            "cursor" => match uuid::Uuid::parse_str(&value) {
                Ok(id) => after = id.to_string(),
                Err(_) => errors.push(wrong("cursor", "what a page said in `next`")),
            },
            _ => errors.push(unknown(&name)),
        }
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let mut found = Target::all(&app.db).await?;
    found.retain(|target| target.id > after && site.as_ref().is_none_or(|site| site.id() == target.site_id));
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| has_more).map(|target| target.id.clone());
    let mut targets = Vec::with_capacity(found.len());
    for target in found {
        targets.push(TargetBody::of(&app, target).await?);
    }
    Ok(Json(PageBody { targets, next }))
}

/// A target. What it was told is `GET /api/v1/deliveries?target=`.
#[utoipa::path(
    get,
    path = "/api/v1/targets/{key}",
    tag = "service",
    security(("token" = ["service:read"])),
    params(("key" = String, Path, description = "The target's key or identifier")),
    responses(
        (status = 200, body = TargetBody, description = "The target"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such target"),
        TokenRefusals,
    )
)]
pub async fn read(State(app): State<App>, _: MayReadService, Path(key): Path<String>) -> Result<Json<TargetBody>> {
    body_of(&app, &key).await
}

/// A target as it stands.
async fn body_of(app: &App, key: &str) -> Result<Json<TargetBody>> {
    Ok(Json(TargetBody::of(app, find(app, key).await?).await?))
}

async fn find(app: &App, key: &str) -> Result<Target> {
    Target::by_key(&app.db, key).await?.ok_or(Error::NotFound("there is no such target"))
}
