//! Passkeys in the console: adding and removing one's own, and signing in with one, instead of the password or after it instead of a code. The browser speaks with
//! the device (`passkeys.js`), so all of this needs script; whoever has none has passwords and codes.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;
use tower_sessions::Session;

use super::second_factor::{PasswordForm, refused, show_codes, wrong_password};
use super::sign_in::{sign_in_page, welcome};
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::guard::{OpenForm, SECOND_FACTOR, START, local_path};
use crate::auth::member::Name;
use crate::auth::session::AskedBy;
use crate::auth::sign_in_log::{self, WhoFailed};
use crate::auth::{CsrfForm, SignedIn, passkeys, second_factor, session, totp};
use crate::http::Result;
use crate::http::client::ClientAddress;
use crate::http::language::ConsoleLanguage;

/// Under which name a session keeps what a device has to answer.
const PENDING: &str = "passkey";
/// A device's answer is far shorter.
const ANSWER_MOST: usize = 20_000;

/// `/staff/account/passkeys…` and `/staff/sign-in/passkey…`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/staff/account/passkeys", post(add))
        .route("/staff/account/passkeys/begin", post(begin))
        .route("/staff/account/passkeys/{id}/remove", post(remove))
        .route("/staff/sign-in/passkey", post(sign_in))
        .route("/staff/sign-in/passkey/begin", post(begin_sign_in))
}

/// What the browser asks a new key of a device with; or why there is none, as a text for people in JSON.
async fn begin(
    State(app): State<App>,
    who: SignedIn,
    client: ClientAddress,
    CsrfForm(form): CsrfForm<PasswordForm>,
) -> Result<Response> {
    if let Some(error) = wrong_password(&app, &who, client, &form).await? {
        // As plain text it would be taken for a refusal of the framework.
        let text = serde_json::Value::from(who.t.get(error)).to_string();
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, json(text)).into_response());
    }
    let begun = passkeys::begin_adding(&app, &who.member).await?;
    session::keep(&who.session, PENDING, &begun.state).await?;
    Ok(json(begun.options))
}

#[derive(Deserialize)]
struct AddForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    credential: String,
}

async fn add(
    State(app): State<App>,
    mut who: SignedIn,
    headers: HeaderMap,
    CsrfForm(form): CsrfForm<AddForm>,
) -> Result<Response> {
    let state = take_pending(&who.session).await?;
    let Ok(name) = Name::parse(&form.name) else {
        return refused(&app, &who, None, ("passkey-name", "privacy.passkey.name_error")).await;
    };
    let stamp = Stamp::member(&who.member.id, app.clock.now());
    let is_first = !second_factor::is_set(&app.db, &who.member.id).await?;
    let added = match state.filter(|_| form.credential.len() <= ANSWER_MOST) {
        Some(state) => passkeys::add(&app, &who.member, &name, &state, &form.credential, &stamp).await?,
        None => Err(passkeys::Refused),
    };
    if added.is_err() {
        return refused(&app, &who, None, ("passkey-name", "privacy.passkey.refused")).await;
    }
    // That ended all sessions of the member.
    who.renew(&app, &headers).await?;
    tracing::info!(security = "passkey.added", member = who.member.id, "a passkey was added");
    // Whoever has the second factor on one device alone loses it with that.
    if is_first {
        let codes = totp::renew(&app.db, &app.keys, &who.member, &stamp).await?;
        return show_codes(&app, &who, codes, "privacy.passkey.added").await;
    }
    Ok(Redirect::to(&format!("{SECOND_FACTOR}?done=passkey")).into_response())
}

async fn remove(
    State(app): State<App>,
    mut who: SignedIn,
    client: ClientAddress,
    headers: HeaderMap,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<PasswordForm>,
) -> Result<Response> {
    if let Some(error) = wrong_password(&app, &who, client, &form).await? {
        return refused(&app, &who, None, ("passkey-password", error)).await;
    }
    let stamp = Stamp::member(&who.member.id, app.clock.now());
    passkeys::remove(&app.db, &who.member.id, &id, &stamp).await?;
    who.renew(&app, &headers).await?;
    tracing::info!(security = "passkey.removed", member = who.member.id, "a passkey was removed");
    Ok(Redirect::to(&format!("{SECOND_FACTOR}?done=passkey_removed")).into_response())
}

async fn begin_sign_in(State(app): State<App>, client: ClientAddress, session: Session) -> Result<Response> {
    app.limits.check_link(client)?;
    let begun = passkeys::begin_sign_in(&app)?;
    session::keep(&session, PENDING, &begun.state).await?;
    Ok(json(begun.options))
}

#[derive(Deserialize)]
struct SignInForm {
    #[serde(default)]
    credential: String,
    #[serde(default)]
    next: String,
    /// Whether somebody who is signed in shows once more that it is them.
    #[serde(default)]
    confirm: String,
}

/// Signs in whoever's device has answered: it holds the key, and has asked for finger, face or PIN, so that no other factor is wanted.
async fn sign_in(
    State(app): State<App>,
    client: ClientAddress,
    ConsoleLanguage(t): ConsoleLanguage,
    session: Session,
    headers: HeaderMap,
    OpenForm(form): OpenForm<SignInForm>,
) -> Result<Response> {
    app.limits.check_link(client)?;
    let next = local_path(&form.next).unwrap_or(START);
    let state = take_pending(&session).await?.filter(|_| form.credential.len() <= ANSWER_MOST);
    let awaited = session::awaited(&app, &session).await?;
    let confirming = match form.confirm.is_empty() {
        true => None,
        false => session::member(&app, &session, AskedBy::Person).await?,
    };
    let found = match state {
        Some(state) => passkeys::member_of(&app, &state, &form.credential).await?,
        None => Err(passkeys::Refused),
    };
    // After the password of one member the passkey of another one is no answer; nor must whoever confirms that it is them turn into somebody else.
    let asked = awaited.as_ref().or(confirming.as_ref());
    let found = found.ok().filter(|member| asked.is_none_or(|asked| asked.id == member.id));
    let Some(member) = found else {
        tracing::info!(security = "sign_in.failed", "a passkey was not accepted");
        sign_in_log::failed(&app, WhoFailed::Nobody, "passkey").await?;
        return Ok(
            (StatusCode::UNPROCESSABLE_ENTITY, sign_in_page(&app, t, next, "privacy.passkey.refused")?).into_response()
        );
    };
    tracing::info!(security = "sign_in.done", member = member.id, by = "passkey", "signed in");
    let response = welcome(&app, &session, member, (t.0, "passkey"), next, &headers).await?;
    session::note_proof(&app, &session).await?;
    Ok(response)
}

/// What a device has to answer, once: whatever comes of it, it is used up.
async fn take_pending(session: &Session) -> Result<Option<String>> {
    let kept = session::kept(session, PENDING).await?;
    if kept.is_some() {
        session::forget(session, PENDING).await?;
    }
    Ok(kept)
}

fn json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
