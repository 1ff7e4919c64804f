//! Answering an invitation: whoever has its link chooses a password, or goes on with a company account, and is a member.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sayso_shared::Lang;
use serde::Deserialize;
use tower_sessions::Session;

use super::provider_links::ProviderLink;
use super::shell::{page, weakness};
use super::sign_in::welcome;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::guard::{OpenForm, START};
use crate::auth::invitations::Invitation;
use crate::auth::new_password;
use crate::auth::sign_in_log::{self, WhoFailed};
use crate::http::client::ClientAddress;
use crate::http::language::ConsoleLanguage;
use crate::http::{Error, Result};
use crate::text::Texts;

/// `/staff/join/{token}`.
pub(super) fn router() -> Router<App> {
    Router::new().route("/staff/join/{token}", get(show).post(join))
}

#[derive(Template)]
#[template(path = "console/join.html")]
struct JoinPage {
    t: Texts,
    /// None if the link works no more.
    invitation: Option<Invitation>,
    passwords: bool,
    providers: Vec<ProviderLink>,
    problem: Option<&'static str>,
}

impl JoinPage {
    fn new(app: &App, t: Texts, invitation: Option<Invitation>) -> Self {
        let (passwords, providers) = (app.config.sign_in.passwords, ProviderLink::all(app, START));
        Self { t, invitation, passwords, providers, problem: None }
    }

    fn greeting(&self, invitation: &Invitation) -> String {
        self.t.with("access.join.text", &[("name", &invitation.name)])
    }
}

/// Opening it has no consequences: mail scanners do so too.
async fn show(
    State(app): State<App>,
    client: ClientAddress,
    ConsoleLanguage(t): ConsoleLanguage,
    Path(token): Path<String>,
) -> Result<Response> {
    let invitation = Invitation::by_token(&app.db, &app.keys, &token, app.clock.now()).await?;
    if invitation.is_none() {
        app.limits.check_token(client)?;
    }
    let status = if invitation.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    Ok((status, page(&JoinPage::new(&app, t, invitation))?).into_response())
}

#[derive(Deserialize)]
struct JoinForm {
    #[serde(default)]
    password: String,
}

async fn join(
    State(app): State<App>,
    client: ClientAddress,
    ConsoleLanguage(t): ConsoleLanguage,
    session: Session,
    headers: HeaderMap,
    Path(token): Path<String>,
    OpenForm(form): OpenForm<JoinForm>,
) -> Result<Response> {
    app.limits.check_link(client)?;
    let now = app.clock.now();
    let Some(invitation) = Invitation::by_token(&app.db, &app.keys, &token, now).await? else {
        tracing::info!(security = "sign_in.failed", "an invitation that does not work was used");
        sign_in_log::failed(&app, WhoFailed::Nobody, "invitation").await?;
        return gone(&app, t);
    };
    if !app.config.sign_in.passwords {
        return Err(Error::Forbidden("passwords are switched off here; go on with your company account".into()));
    }
    let password = match new_password::read(&app, &form.password, &invitation.name, &invitation.email).await? {
        Ok(password) => password,
        Err(weak) => {
            let shown = JoinPage { problem: Some(weakness(weak)), ..JoinPage::new(&app, t, Some(invitation)) };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)?).into_response());
        }
    };
    let Some(member) = invitation.accept(&app.db, Some(password.hash().await?), now).await? else {
        return gone(&app, t);
    };
    tracing::info!(security = "sign_in.done", member = member.id, by = "invitation", "signed in");
    welcome(&app, &session, member, (t.0, "invitation"), START, &headers).await
}

fn gone(app: &App, t: Texts) -> Result<Response> {
    Ok((StatusCode::NOT_FOUND, page(&JoinPage::new(app, t, None))?).into_response())
}
