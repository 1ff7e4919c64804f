//! The member's own settings: language and password.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use sayso_shared::Lang;
use serde::Deserialize;

use super::digests::Choices;
use super::provider_links::ProviderLink;
use super::shell::{Screen, Shell, page, remember_language, weakness};
use super::suspended_mail;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::audit::Stamp;
use crate::auth::confirm::may_set_first_password;
use crate::auth::{CsrfForm, Member, SignedIn, new_password, passkeys, password};
use crate::http::client::ClientAddress;
use crate::http::limits::Attempt;
use crate::http::{Error, Result};
use crate::text::Texts;

/// `/staff/account` and what is changed there.
pub fn router() -> Router<App> {
    Router::new()
        .route("/staff/account", get(show))
        .route("/staff/account/language", post(set_language))
        .route("/staff/account/password", post(set_password))
}

#[derive(Template)]
#[template(path = "console/account.html")]
struct AccountPage {
    t: Texts,
    shell: Shell,
    email: String,
    /// Since when mails to it come back.
    mail_suspended: Option<String>,
    role: &'static str,
    has_password: bool,
    /// Whether a passkey is the way to confirm that it is the member.
    confirms_with_passkey: bool,
    /// Whether anybody signs in with a password.
    passwords: bool,
    /// The providers of accounts, and whether the member has one there.
    providers: Vec<(ProviderLink, bool)>,
    /// None if the member gets no digests.
    digests: Option<Choices>,
    error: Option<(&'static str, &'static str)>,
    is_saved: bool,
}

impl AccountPage {
    async fn load(app: &App, who: &SignedIn) -> Result<Self> {
        let role = who.member.role().as_str();
        let has_password = who.member.password_hash().is_some();
        Ok(Self {
            t: who.t,
            shell: Shell::load(app, who, Screen::Account).await?,
            mail_suspended: suspended_mail::since(app, who.t, &who.member.email).await?,
            email: who.member.email.clone(),
            role: who.t.get(&format!("console.role.{role}")),
            has_password,
            confirms_with_passkey: !has_password
                && passkeys::are_possible(&app.config)
                && passkeys::has_any(&app.db, &who.member.id).await?,
            passwords: app.config.sign_in.passwords,
            providers: ProviderLink::of_member(app, &who.member).await?,
            digests: Choices::load(app, &who.member).await?,
            error: None,
            is_saved: false,
        })
    }

    fn error(&self, field: &str) -> Option<&'static str> {
        self.error.filter(|(name, _)| *name == field).map(|(_, text)| text)
    }
}

#[derive(Deserialize)]
struct Done {
    saved: Option<String>,
}

async fn show(State(app): State<App>, who: SignedIn, Query(done): Query<Done>) -> Result<Html<String>> {
    page(&AccountPage { is_saved: done.saved.is_some(), ..AccountPage::load(&app, &who).await? })
}

#[derive(Deserialize)]
struct LanguageForm {
    lang: String,
}

async fn set_language(
    State(app): State<App>,
    who: SignedIn,
    CsrfForm(form): CsrfForm<LanguageForm>,
) -> Result<Response> {
    let lang =
        Lang::of_console_for_tag(&form.lang).ok_or_else(|| Error::Malformed("there is no such language".into()))?;
    Member::set_lang(&app.db, &who.member.id, lang).await?;
    Ok((remember_language(&app.config, lang), Redirect::to("/staff/account?saved=language")).into_response())
}

#[derive(Deserialize)]
struct PasswordForm {
    #[serde(default)]
    current: String,
    new: String,
}

async fn set_password(
    State(app): State<App>,
    mut who: SignedIn,
    client: ClientAddress,
    headers: HeaderMap,
    CsrfForm(form): CsrfForm<PasswordForm>,
) -> Result<Response> {
    if !app.config.sign_in.passwords {
        return Err(Error::Forbidden("passwords are switched off here".into()));
    }
    if who.member.password_hash().is_some() {
        // Whoever finds an open session must not be able to guess its password here instead.
        let of_member = uuid::Uuid::parse_str(&who.member.id).map_or(0, |id| id.as_u128());
        app.limits.check_sign_in(client, Attempt::KnownDevice(of_member))?;
        if !password::verify(&form.current, who.member.password_hash()).await? {
            tracing::info!(security = "password.refused", member = who.member.id, "the current password was wrong");
            return refused(&app, &who, "current", "console.account.current_error").await;
        }
    } else if !may_set_first_password(&app, &who).await? {
        return refused(&app, &who, "page", "access.company.confirm_here").await;
    }
    let password = match new_password::read(&app, &form.new, &who.member.name, &who.member.email).await? {
        Ok(password) => password,
        Err(weak) => return refused(&app, &who, "new", weakness(weak)).await,
    };
    let stamp = Stamp::member(&who.member.id, app.clock.now());
    Member::set_password(&app.db, &who.member.id, Some(&password.hash().await?), &stamp).await?;
    // That ended all sessions of the member.
    who.renew(&app, &headers).await?;
    tracing::info!(security = "password.changed", member = who.member.id, "a password was changed");
    Ok(Redirect::to("/staff/account?saved=password").into_response())
}

async fn refused(app: &App, who: &SignedIn, field: &'static str, key: &str) -> Result<Response> {
    let shown = AccountPage { error: Some((field, who.t.get(key))), ..AccountPage::load(app, who).await? };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)?).into_response())
}
