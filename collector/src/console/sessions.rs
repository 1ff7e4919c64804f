//! Where a member is signed in, and ending one of those sessions.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::shell::{Screen, Shell, page};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::session::{self, Listed};
use crate::auth::{CsrfForm, SignedIn};
use crate::clock::rfc3339;
use crate::http::Result;
use crate::text::Texts;

const PATH: &str = "/staff/account/sessions";

/// `/staff/account/sessions`.
pub fn router() -> Router<App> {
    Router::new().route(PATH, get(show).post(revoke))
}

#[derive(Template)]
#[template(path = "console/sessions.html")]
struct SessionsPage {
    t: Texts,
    shell: Shell,
    sessions: Vec<Listed>,
    is_done: bool,
}

impl SessionsPage {
    /// A time with what shows it.
    fn time(&self, at: &i64) -> (String, String) {
        (rfc3339(*at), self.t.moment(*at))
    }
}

#[derive(Deserialize)]
struct Done {
    done: Option<String>,
}

async fn show(State(app): State<App>, who: SignedIn, Query(done): Query<Done>) -> Result<Html<String>> {
    page(&SessionsPage {
        t: who.t,
        shell: Shell::load(&app, &who, Screen::Account).await?,
        sessions: session::list(&app, &who.member, &who.session).await?,
        is_done: done.done.is_some(),
    })
}

#[derive(Deserialize)]
struct RevokeForm {
    #[serde(default)]
    id: String,
}

async fn revoke(State(app): State<App>, who: SignedIn, CsrfForm(form): CsrfForm<RevokeForm>) -> Result<Response> {
    session::revoke(&app, &who.member, &form.id).await?;
    tracing::info!(security = "session.revoked", member = who.member.id, "a session was ended from another one");
    Ok(Redirect::to(&format!("{PATH}?done=1")).into_response())
}
