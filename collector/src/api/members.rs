//! The members of the staff, as far as programs have to name them.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::refusals::TokenRefusals;
use crate::app::App;
use crate::auth::bearer::MayReadService;
use crate::auth::{Member, Role};
use crate::clock::rfc3339;
use crate::http::Result;

/// A member of the staff.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffMemberInFull)]
pub struct MemberBody {
    #[schema(example = "018f3a1e-0000-7000-8000-000000000001")]
    id: String,
    name: String,
    email: String,
    role: Role,
    /// The keys of their teams.
    teams: Vec<String>,
    /// Until when they are away and get nothing new.
    #[schema(required = true, format = DateTime)]
    away_until: Option<String>,
    /// When they left.
    #[schema(required = true, format = DateTime)]
    left_at: Option<String>,
}

/// The members, by name; those who have left last.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffMembers)]
pub struct PageBody {
    members: Vec<MemberBody>,
    /// Always null: all are given.
    #[schema(required = true)]
    next: Option<String>,
}

/// The members of the staff. Invitations and roles are changed in the console, by the service file and at the command line.
#[utoipa::path(
    get,
    path = "/api/v1/members",
    tag = "service",
    security(("token" = ["service:read"])),
    responses((status = 200, body = PageBody, description = "The members"), TokenRefusals)
)]
pub async fn list(State(app): State<App>, _: MayReadService) -> Result<Json<PageBody>> {
    let service = app.service.current().await?;
    let body = |member: Member| MemberBody {
        teams: service.teams_of(&member.email).map(|team| team.key.to_string()).collect(),
        role: member.role(),
        away_until: member.away_until.map(rfc3339),
        left_at: member.disabled_at.map(rfc3339),
        id: member.id,
        name: member.name,
        email: member.email,
    };
    Ok(Json(PageBody { members: Member::all(&app.db).await?.into_iter().map(body).collect(), next: None }))
}
