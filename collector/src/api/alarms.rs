//! Alarms: those that nobody has taken on, and taking one on.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use sayso_shared::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use super::read;
use super::refusals::TokenRefusals;
use crate::alarms::{self, Alarm};
use crate::app::App;
use crate::auth::bearer::{MayRead, MayWrite};
use crate::clock::rfc3339;
use crate::http::Result;

/// An alarm that nobody has taken on.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffAlarm)]
pub struct AlarmBody {
    /// The identifier of the case.
    case: String,
    /// `urgent` or `breached`.
    reason: String,
    /// How far up it has gone: 0 for the team, from 1 on the managers.
    level: i64,
    #[schema(format = DateTime)]
    raised_at: String,
}

/// Alarms that nobody has taken on, the longest first.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffAlarms)]
pub struct PageBody {
    alarms: Vec<AlarmBody>,
    /// Always null: the first 200 are given.
    #[schema(required = true)]
    next: Option<String>,
}

/// Alarms that nobody has taken on.
#[utoipa::path(
    get,
    path = "/api/v1/alarms",
    tag = "cases",
    security(("token" = ["cases:read"])),
    responses((status = 200, body = PageBody, description = "The alarms"), TokenRefusals)
)]
pub async fn list(State(app): State<App>, _: MayRead) -> Result<Json<PageBody>> {
    let alarms = alarms::all_open(&app.db).await?;
    Ok(Json(PageBody { alarms: alarms.into_iter().map(AlarmBody::from).collect(), next: None }))
}

/// Take the alarm of a case on, so that it goes no further up. Whoever comes second changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/alarms/{id}/acknowledge",
    tag = "cases",
    security(("token" = ["cases:write"])),
    params(("id" = String, Path, format = "uuid", description = "The case's identifier")),
    responses(
        (status = 204, description = "Nobody need see to it any more"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such case"),
        TokenRefusals,
    )
)]
pub async fn acknowledge(
    State(app): State<App>,
    MayWrite(token): MayWrite,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    let case = read::find(&app, &id).await?;
    alarms::acknowledge(&app, &case.id, &token.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<Alarm> for AlarmBody {
    fn from(alarm: Alarm) -> Self {
        Self { case: alarm.case_id, reason: alarm.reason, level: alarm.level, raised_at: rfc3339(alarm.raised_at) }
    }
}
