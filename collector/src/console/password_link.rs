//! A forgotten password: asking for a link by mail, and setting another one by it.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use sayso_shared::Lang;
use serde::Deserialize;

use super::shell::{page, weakness};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::guard::OpenForm;
use crate::auth::member::Email;
use crate::auth::password_links::{self, PasswordLink};
use crate::auth::sign_in_log::{self, WhoFailed};
use crate::auth::{Member, device, new_password};
use crate::http::client::ClientAddress;
use crate::http::language::ConsoleLanguage;
use crate::http::{Error, Result};
use crate::text::Texts;

const PATH: &str = "/staff/password";

/// `/staff/password` and `/staff/password/{token}`.
pub(super) fn router() -> Router<App> {
    Router::new().route(PATH, get(show).post(request)).route("/staff/password/{token}", get(show_link).post(set))
}

#[derive(Template)]
#[template(path = "console/forgotten.html")]
struct ForgottenPage {
    t: Texts,
    is_sent: bool,
}

#[derive(Template)]
#[template(path = "console/new_password.html")]
struct NewPasswordPage {
    t: Texts,
    /// The address of whoever sets it; none if the link works no more.
    email: Option<String>,
    problem: Option<&'static str>,
}

#[derive(Deserialize)]
struct Sent {
    sent: Option<String>,
}

async fn show(
    State(app): State<App>,
    ConsoleLanguage(t): ConsoleLanguage,
    Query(query): Query<Sent>,
) -> Result<Html<String>> {
    are_on(&app)?;
    page(&ForgottenPage { t, is_sent: query.sent.is_some() })
}

#[derive(Deserialize)]
struct RequestForm {
    #[serde(default)]
    email: String,
}

/// Answers the same at once, whether there is such a member or not: how long it takes must not tell either.
async fn request(
    State(app): State<App>,
    client: ClientAddress,
    headers: HeaderMap,
    OpenForm(form): OpenForm<RequestForm>,
) -> Result<Response> {
    are_on(&app)?;
    app.limits.check_sign_in(client, device::attempt(&app, &headers, &form.email))?;
    if let Ok(email) = Email::parse(&form.email) {
        tokio::spawn(async move {
            if let Err(error) = password_links::request(&app, &email).await {
                tracing::error!(%error, "a link to set a password can't be sent");
            }
        });
    }
    Ok(Redirect::to(&format!("{PATH}?sent=1")).into_response())
}

/// Opening it has no consequences: mail scanners do so too.
async fn show_link(
    State(app): State<App>,
    client: ClientAddress,
    ConsoleLanguage(t): ConsoleLanguage,
    Path(token): Path<String>,
) -> Result<Response> {
    let found = find(&app, &token).await?;
    if found.is_none() {
        app.limits.check_token(client)?;
    }
    let status = if found.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let email = found.map(|(_, member)| member.email);
    Ok((status, page(&NewPasswordPage { t, email, problem: None })?).into_response())
}

#[derive(Deserialize)]
struct PasswordForm {
    #[serde(default)]
    password: String,
}

async fn set(
    State(app): State<App>,
    client: ClientAddress,
    ConsoleLanguage(t): ConsoleLanguage,
    Path(token): Path<String>,
    OpenForm(form): OpenForm<PasswordForm>,
) -> Result<Response> {
    app.limits.check_link(client)?;
    are_on(&app)?;
    let Some((link, member)) = find(&app, &token).await? else {
        tracing::info!(security = "sign_in.failed", "a link to set a password that does not work was used");
        sign_in_log::failed(&app, WhoFailed::Nobody, "password_link").await?;
        return gone(t);
    };
    let password = match new_password::read(&app, &form.password, &member.name, &member.email).await? {
        Ok(password) => password,
        Err(weak) => {
            let shown = NewPasswordPage { t, email: Some(member.email), problem: Some(weakness(weak)) };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)?).into_response());
        }
    };
    if !link.set_password(&app.db, &password.hash().await?, app.clock.now()).await? {
        return gone(t);
    }
    tracing::info!(security = "password.changed", member = member.id, "a forgotten password was set anew");
    Ok(Redirect::to("/staff/sign-in?done=password").into_response())
}

async fn find(app: &App, token: &str) -> Result<Option<(PasswordLink, Member)>> {
    let link = PasswordLink::by_token(&app.db, &app.keys, token, app.clock.now()).await?;
    let Some(link) = link else { return Ok(None) };
    let member = Member::by_id(&app.db, &link.member_id).await?;
    Ok(member.map(|member| (link, member)))
}

fn are_on(app: &App) -> Result<()> {
    match app.config.sign_in.passwords {
        true => Ok(()),
        false => Err(Error::NotFound("passwords are switched off here; sign in with your company account")),
    }
}

fn gone(t: Texts) -> Result<Response> {
    Ok((StatusCode::NOT_FOUND, page(&NewPasswordPage { t, email: None, problem: None })?).into_response())
}
