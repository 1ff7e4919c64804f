//! A member's second factor: setting it up, other recovery codes, and taking it away; each with the password, and with the second factor that is there.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use qrcodegen::{QrCode, QrCodeEcc};
use serde::Deserialize;

use super::shell::{Screen, Shell, page};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::audit::Stamp;
use crate::auth::confirm::{Confirmation, confirm_with_all_factors};
use crate::auth::guard::{SECOND_FACTOR, needs_second_factor};
use crate::auth::passkeys::{self, Passkey};
use crate::auth::totp::{self, Secret};
use crate::auth::{CsrfForm, SignedIn, second_factor, session};
use crate::clock::Millis;
use crate::http::client::ClientAddress;
use crate::http::limits::Attempt;
use crate::http::{Error, Result};
use crate::text::Texts;

/// Under which name a session keeps a secret that is being set up.
const PENDING: &str = "totp";

/// `/staff/account/second-factor` and what is changed there.
pub fn router() -> Router<App> {
    Router::new()
        .route(SECOND_FACTOR, get(show).post(set))
        .route("/staff/account/second-factor/begin", post(begin))
        .route("/staff/account/second-factor/codes", post(renew))
        .route("/staff/account/second-factor/remove", post(remove))
}

#[derive(Template)]
#[template(path = "console/second_factor.html")]
struct SecondFactorPage {
    t: Texts,
    shell: Shell,
    is_set: bool,
    is_required: bool,
    codes_left: i64,
    /// What the member scans or types while it is set up.
    pending: Option<Pending>,
    /// Recovery codes, which are shown this once.
    codes: Vec<String>,
    done: Option<&'static str>,
    passkeys: Vec<Passkey>,
    takes_passkeys: bool,
    /// Whether the password alone is not enough to change anything here.
    asks_code: bool,
    /// Whether a passkey is a way to confirm that it is the member.
    confirms_with_passkey: bool,
    /// The field that is wrong, and why.
    error: Option<(&'static str, &'static str)>,
}

pub(super) struct Pending {
    written: String,
    /// The squares of the picture, as the path of an SVG, and how many there are in a row, with the margin.
    squares: String,
    size: i32,
}

impl SecondFactorPage {
    async fn load(app: &App, who: &SignedIn) -> Result<Self> {
        let passkeys = passkeys::of_member(&app.db, &who.member.id).await?;
        let (is_set, takes_passkeys) =
            (totp::is_set(&app.db, &who.member.id).await?, passkeys::are_possible(&app.config));
        Ok(Self {
            t: who.t,
            shell: Shell::load(app, who, Screen::Account).await?,
            is_set,
            is_required: needs_second_factor(app, who),
            codes_left: totp::recovery_codes_left(&app.db, &who.member.id).await?,
            pending: None,
            codes: Vec::new(),
            done: None,
            asks_code: is_set || !passkeys.is_empty(),
            confirms_with_passkey: takes_passkeys && !passkeys.is_empty(),
            passkeys,
            takes_passkeys,
            error: None,
        })
    }

    fn day(&self, at: &Millis) -> String {
        self.t.day(*at)
    }

    fn error(&self, field: &str) -> Option<&'static str> {
        self.error.filter(|(name, _)| *name == field).map(|(_, key)| self.t.get(key))
    }

    /// What is wrong with the password of the form that has it in this field.
    fn password_error(&self, field: &str) -> Option<&'static str> {
        self.error(field).filter(|_| !self.is_about_code())
    }

    /// What is wrong with the code beside it.
    fn code_error(&self, field: &str) -> Option<&'static str> {
        self.error(field).filter(|_| self.is_about_code())
    }

    fn is_about_code(&self) -> bool {
        self.error.map(|(_, key)| key) == Confirmation::NoSecondFactor.text()
    }
}

#[derive(Deserialize)]
struct Done {
    removed: Option<String>,
    done: Option<String>,
}

async fn show(State(app): State<App>, who: SignedIn, Query(done): Query<Done>) -> Result<Response> {
    let done = match done.done.as_deref() {
        Some("passkey") => Some("privacy.passkey.added"),
        Some("passkey_removed") => Some("privacy.passkey.removed"),
        _ => done.removed.is_some().then_some("privacy.factor.removed"),
    };
    Ok(page(&SecondFactorPage { done, ..SecondFactorPage::load(&app, &who).await? })?.into_response())
}

/// The password of the member once more, and a code if they have a second factor.
#[derive(Deserialize)]
pub(super) struct PasswordForm {
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
}

/// Makes a secret and shows it; it is the member's once they show that their device has it.
async fn begin(
    State(app): State<App>,
    who: SignedIn,
    client: ClientAddress,
    CsrfForm(form): CsrfForm<PasswordForm>,
) -> Result<Response> {
    if let Some(error) = wrong_password(&app, &who, client, &form).await? {
        return refused(&app, &who, None, ("password", error)).await;
    }
    let secret = Secret::random();
    session::keep(&who.session, PENDING, &secret.encrypt(&app.keys, &pending_context(&who))).await?;
    let pending = Some(Pending::of(&secret, &who.member.email)?);
    Ok(page(&SecondFactorPage { pending, ..SecondFactorPage::load(&app, &who).await? })?.into_response())
}

#[derive(Deserialize)]
struct CodeForm {
    #[serde(default)]
    code: String,
}

async fn set(
    State(app): State<App>,
    mut who: SignedIn,
    client: ClientAddress,
    headers: HeaderMap,
    CsrfForm(form): CsrfForm<CodeForm>,
) -> Result<Response> {
    let kept = session::kept(&who.session, PENDING).await?;
    let secret = kept.and_then(|kept| Secret::decrypt(&app.keys, &pending_context(&who), &kept));
    let Some(secret) = secret else { return Ok(Redirect::to(SECOND_FACTOR).into_response()) };
    let of_member = uuid::Uuid::parse_str(&who.member.id).map_or(0, |id| id.as_u128());
    app.limits.check_sign_in(client, Attempt::KnownDevice(of_member))?;
    let now = app.clock.now();
    let Some(step) = secret.step_of(&form.code, now) else {
        let pending = Pending::of(&secret, &who.member.email)?;
        return refused(&app, &who, Some(pending), ("code", "privacy.factor.code_error")).await;
    };
    let stamp = Stamp::member(&who.member.id, now);
    let codes = totp::set(&app.db, &app.keys, &who.member, &secret, step, &stamp).await?;
    // That ended all sessions of the member; with this one goes the secret that it kept.
    who.renew(&app, &headers).await?;
    tracing::info!(security = "second_factor.set", member = who.member.id, "a second factor was set up");
    show_codes(&app, &who, codes, "privacy.factor.set").await
}

async fn renew(
    State(app): State<App>,
    who: SignedIn,
    client: ClientAddress,
    CsrfForm(form): CsrfForm<PasswordForm>,
) -> Result<Response> {
    if let Some(error) = wrong_password(&app, &who, client, &form).await? {
        return refused(&app, &who, None, ("codes-password", error)).await;
    }
    if !second_factor::is_set(&app.db, &who.member.id).await? {
        return Ok(Redirect::to(SECOND_FACTOR).into_response());
    }
    let stamp = Stamp::member(&who.member.id, app.clock.now());
    let codes = totp::renew(&app.db, &app.keys, &who.member, &stamp).await?;
    show_codes(&app, &who, codes, "privacy.factor.renewed").await
}

async fn remove(
    State(app): State<App>,
    mut who: SignedIn,
    client: ClientAddress,
    headers: HeaderMap,
    CsrfForm(form): CsrfForm<PasswordForm>,
) -> Result<Response> {
    if let Some(error) = wrong_password(&app, &who, client, &form).await? {
        return refused(&app, &who, None, ("remove-password", error)).await;
    }
    let stamp = Stamp::member(&who.member.id, app.clock.now());
    totp::remove(&app.db, &who.member.id, &stamp).await?;
    who.renew(&app, &headers).await?;
    tracing::info!(security = "second_factor.removed", member = who.member.id, "a second factor was taken away");
    Ok(Redirect::to(&format!("{SECOND_FACTOR}?removed=1")).into_response())
}

/// Shows recovery codes, which nobody can see again.
pub(super) async fn show_codes(app: &App, who: &SignedIn, codes: Vec<String>, done: &'static str) -> Result<Response> {
    Ok(page(&SecondFactorPage { codes, done: Some(done), ..SecondFactorPage::load(app, who).await? })?.into_response())
}

/// Shows the page again, with why something was refused.
pub(super) async fn refused(
    app: &App,
    who: &SignedIn,
    pending: Option<Pending>,
    error: (&'static str, &'static str),
) -> Result<Response> {
    let shown = SecondFactorPage { pending, error: Some(error), ..SecondFactorPage::load(app, who).await? };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)?).into_response())
}

/// Asks once more who it is; gives what is wrong.
pub(super) async fn wrong_password(
    app: &App,
    who: &SignedIn,
    client: ClientAddress,
    form: &PasswordForm,
) -> Result<Option<&'static str>> {
    Ok(confirm_with_all_factors(app, who, client, (&form.password, &form.code)).await?.text())
}

/// Where the ciphertext of a secret that is being set up belongs.
fn pending_context(who: &SignedIn) -> String {
    format!("{}/pending", totp::context(&who.member.id))
}

impl Pending {
    fn of(secret: &Secret, email: &str) -> Result<Self> {
        const MARGIN: i32 = 4;
        let code = QrCode::encode_text(&secret.uri(email), QrCodeEcc::Medium);
        let code = code.map_err(|error| Error::Internal(anyhow::anyhow!("no picture of the secret: {error}")))?;
        let places = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
        let dark = places.filter(|(x, y)| code.get_module(*x, *y));
        let squares = dark.map(|(x, y)| format!("M{},{}h1v1h-1z", x + MARGIN, y + MARGIN)).collect();
        Ok(Self { written: secret.written(), squares, size: code.size() + 2 * MARGIN })
    }
}
