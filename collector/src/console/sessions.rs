//! Where a member is signed in, and ending one of those sessions or all others, with the password.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::shell::{Screen, Shell, page};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::confirm::confirm;
use crate::auth::session::{self, Listed};
use crate::auth::{CsrfForm, Member, SignedIn, sign_in_log};
use crate::clock::rfc3339;
use crate::http::Result;
use crate::http::client::ClientAddress;
use crate::text::Texts;

const PATH: &str = "/staff/account/sessions";
/// All sessions but this one.
const OTHERS: &str = "others";

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
    done: Option<&'static str>,
    /// What is wrong with the password.
    error: Option<&'static str>,
}

impl SessionsPage {
    async fn load(app: &App, who: &SignedIn) -> Result<Self> {
        Ok(Self {
            t: who.t,
            shell: Shell::load(app, who, Screen::Account).await?,
            sessions: session::list(app, &who.member, &who.session).await?,
            done: None,
            error: None,
        })
    }

    fn has_others(&self) -> bool {
        self.sessions.iter().any(|session| !session.is_own)
    }

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
    let done = done.done.map(|done| match done.as_str() {
        OTHERS => "privacy.sessions.others_ended",
        _ => "privacy.sessions.ended",
    });
    page(&SessionsPage { done, ..SessionsPage::load(&app, &who).await? })
}

#[derive(Deserialize)]
struct RevokeForm {
    /// Which one; or [`OTHERS`].
    #[serde(default)]
    id: String,
    #[serde(default)]
    password: String,
}

async fn revoke(
    State(app): State<App>,
    mut who: SignedIn,
    client: ClientAddress,
    headers: HeaderMap,
    CsrfForm(form): CsrfForm<RevokeForm>,
) -> Result<Response> {
    // Whoever found this session must not be able to shut its member out of the others.
    if let Some(error) = confirm(&app, &who, client, &form.password).await?.text() {
        let shown = SessionsPage { error: Some(error), ..SessionsPage::load(&app, &who).await? };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)?).into_response());
    }
    if form.id == OTHERS {
        Member::end_sessions(&app.db, &who.member.id).await?;
        who.renew(&app, &headers).await?;
        tracing::info!(security = "session.revoked", member = who.member.id, "all other sessions were ended");
        sign_in_log::revoked(&app, &who.member, OTHERS).await?;
        return Ok(Redirect::to(&format!("{PATH}?done={OTHERS}")).into_response());
    }
    session::revoke(&app, &who.member, &form.id).await?;
    tracing::info!(security = "session.revoked", member = who.member.id, "a session was ended from another one");
    sign_in_log::revoked(&app, &who.member, "one").await?;
    Ok(Redirect::to(&format!("{PATH}?done=1")).into_response())
}
