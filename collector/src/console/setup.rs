//! The first set-up: an admin and a site, by a link that `serve` prints while there is nobody yet.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use tower_sessions::Session;

use super::shell::{page, weakness};
use super::sign_in::welcome;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::audit::Stamp;
use crate::auth::guard::OpenForm;
use crate::auth::member::{self, Email, Name, NewMember, Role};
use crate::auth::password::Password;
use crate::auth::{Member, breached, links};
use crate::http::client::ClientAddress;
use crate::http::language::ConsoleLanguage;
use crate::http::{Error, Result};
use crate::sites::{Origin, Site, SiteKey};
use crate::text::Texts;
use sayso_shared::Lang;

/// `/setup/{token}`.
pub(super) fn router() -> Router<App> {
    Router::new().route("/setup/{token}", get(show).post(set_up))
}

/// What was typed, and what is wrong with it.
#[derive(Template)]
#[template(path = "console/setup.html")]
struct SetupPage<'a> {
    t: Texts,
    form: &'a Form,
    wants_site: bool,
    errors: Vec<(&'static str, String)>,
}

impl SetupPage<'_> {
    fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|(name, _)| *name == field).map(|(_, text)| text.as_str())
    }

    /// Whether a field is the first wrong one, which gets the focus.
    fn is_first(&self, field: &str) -> bool {
        self.errors.first().is_some_and(|(name, _)| *name == field)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Form {
    name: String,
    email: String,
    password: String,
    site_name: String,
    site_key: String,
    site_origin: String,
}

/// A form without mistakes.
struct ValidForm {
    email: Email,
    name: Name,
    password: Password,
    site: Option<(SiteKey, Name, Origin)>,
}

async fn show(
    State(app): State<App>,
    client: ClientAddress,
    ConsoleLanguage(t): ConsoleLanguage,
    Path(token): Path<String>,
) -> Result<Response> {
    if !links::setup_works(&app.db, &app.keys, &token, app.clock.now()).await? {
        app.limits.check_token(client)?;
        return Err(GONE);
    }
    let shown =
        SetupPage { t, form: &Form::default(), wants_site: Site::all(&app.db).await?.is_empty(), errors: Vec::new() };
    Ok(page(&shown)?.into_response())
}

const GONE: Error =
    Error::NotFound("the set-up is done, or this link is too old; start the server again for a new one");

async fn set_up(
    State(app): State<App>,
    client: ClientAddress,
    ConsoleLanguage(t): ConsoleLanguage,
    session: Session,
    headers: HeaderMap,
    Path(token): Path<String>,
    OpenForm(form): OpenForm<Form>,
) -> Result<Response> {
    app.limits.check_link(client)?;
    let now = app.clock.now();
    if !links::setup_works(&app.db, &app.keys, &token, now).await? {
        return Err(GONE);
    }
    let wants_site = Site::all(&app.db).await?.is_empty();
    let valid = match check_breached(&app, t, read(t, &form, wants_site)).await? {
        Ok(valid) => valid,
        Err(errors) => {
            let shown = page(&SetupPage { t, form: &form, wants_site, errors })?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response());
        }
    };
    let new = NewMember {
        email: valid.email,
        name: valid.name,
        role: Role::Admin,
        lang: Some(t.0),
        password_hash: Some(valid.password.hash().await?),
    };
    let mut tx = app.db.begin().await?;
    if !links::use_setup(&mut tx, &app.keys, &token, now).await? {
        return Err(GONE);
    }
    let stamp = Stamp::system(now);
    let id = member::insert(&mut tx, &new, &stamp).await?;
    tx.commit().await?;
    if let Some((key, name, origin)) = valid.site {
        Site::add(&app.db, &key, name.as_str(), &[origin], &Stamp::member(&id, now)).await?;
    }
    let admin = Member::by_id(&app.db, &id).await?.ok_or(GONE)?;
    welcome(&app, &session, admin, (t.0, "setup"), "/staff/start", &headers).await
}

/// Adds to what is wrong that the password has been in a breach.
async fn check_breached(
    app: &App,
    t: Texts,
    read: Result<ValidForm, Vec<(&'static str, String)>>,
) -> Result<Result<ValidForm, Vec<(&'static str, String)>>> {
    let Ok(valid) = read else { return Ok(read) };
    Ok(match breached::check(&app.config, &valid.password).await? {
        Ok(()) => Ok(valid),
        Err(weak) => Err(vec![("password", t.get(weakness(weak)).to_owned())]),
    })
}

fn read(t: Texts, form: &Form, wants_site: bool) -> Result<ValidForm, Vec<(&'static str, String)>> {
    let mut errors = Vec::new();
    let mut refuse = |field, key: &str| errors.push((field, t.get(key).to_owned()));
    let email = Email::parse(&form.email).map_err(|_| refuse("email", "console.setup.email_error")).ok();
    let name = Name::parse(&form.name).map_err(|_| refuse("name", "console.setup.name_error")).ok();
    let own_words = [form.name.as_str(), form.email.as_str(), form.site_name.as_str(), form.site_key.as_str(), "sayso"];
    let password = Password::parse(&form.password, &own_words).map_err(|weak| refuse("password", weakness(weak))).ok();
    let site_key = SiteKey::parse(form.site_key.trim());
    let site_name = Name::parse(&form.site_name);
    let site_origin = Origin::parse(form.site_origin.trim().trim_end_matches('/'));
    if wants_site {
        let checks = [
            (site_name.is_ok(), "site_name", "console.setup.name_error"),
            (site_key.is_ok(), "site_key", "console.setup.site_key_error"),
            (site_origin.is_ok(), "site_origin", "console.setup.site_origin_error"),
        ];
        for (_, field, key) in checks.into_iter().filter(|(is_right, ..)| !is_right) {
            refuse(field, key);
        }
    }
    let site = match (site_key, site_name, site_origin) {
        (Ok(key), Ok(name), Ok(origin)) if wants_site => Some((key, name, origin)),
        _ => None,
    };
    match (email, name, password) {
        (Some(email), Some(name), Some(password)) if errors.is_empty() => Ok(ValidForm { email, name, password, site }),
        _ => Err(errors),
    }
}
