//! Who works here: for admins. Members are added and removed on the command line.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;

use super::shell::{Screen, Shell, page};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::{Administers, Member};
use crate::http::Result;
use crate::text::Texts;

/// `/staff/members`.
pub fn router() -> Router<App> {
    Router::new().route("/staff/members", get(show))
}

#[derive(Template)]
#[template(path = "console/members.html")]
struct MembersPage {
    t: Texts,
    shell: Shell,
    members: Vec<Member>,
}

impl MembersPage {
    fn role(&self, member: &Member) -> &'static str {
        self.t.get(&format!("console.role.{}", member.role().as_str()))
    }

    fn state(&self, member: &Member) -> &'static str {
        match (member.disabled_at, member.password_hash()) {
            (Some(_), _) => self.t.get("console.members.left"),
            (None, None) => self.t.get("console.members.invited"),
            (None, Some(_)) => self.t.get("console.members.active"),
        }
    }
}

async fn show(State(app): State<App>, Administers(who): Administers) -> Result<Html<String>> {
    page(&MembersPage {
        t: who.t,
        shell: Shell::load(&app, &who, Screen::Members).await?,
        members: Member::all(&app.db).await?,
    })
}
