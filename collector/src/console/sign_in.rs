//! Signing in, by password or by a one-time link, and out.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use sayso_shared::Lang;
use serde::Deserialize;
use tower_sessions::Session;

use super::provider_links::ProviderLink;
use super::shell::{page, remember_language};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::guard::{CsrfForm, OpenForm, SIGN_IN, START, SignedIn, local_path};
use crate::auth::member::Email;
use crate::auth::sign_in_log::{self, WhoFailed};
use crate::auth::{Member, device, links, passkeys, password, second_factor, session, totp};
use crate::http::client::ClientAddress;
use crate::http::language::ConsoleLanguage;
use crate::http::limits::Attempt;
use crate::http::{Error, Result};
use crate::text::Texts;

/// Where whoever gave the password shows their second factor.
const SECOND_STEP: &str = "/staff/sign-in/code";

/// `/staff/sign-in`, `/staff/sign-out` and `/staff/link/{token}`.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route(SIGN_IN, get(show).post(sign_in))
        .route(SECOND_STEP, get(show_second_step).post(second_step))
        .route("/staff/sign-out", post(sign_out))
        .route("/staff/link/{token}", get(show_link).post(follow_link))
}

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignInPage<'a> {
    t: Texts,
    email: &'a str,
    next: &'a str,
    /// Why the last attempt came to nothing.
    problem: Option<&'static str>,
    /// What was done before.
    done: Option<&'static str>,
    passwords: bool,
    takes_passkeys: bool,
    providers: Vec<ProviderLink>,
}

impl<'a> SignInPage<'a> {
    fn new(app: &App, t: Texts, next: &'a str) -> Self {
        let (passwords, providers) = (app.config.sign_in.passwords, ProviderLink::all(app, next));
        let takes_passkeys = passkeys::are_possible(&app.config);
        Self { t, email: "", next, problem: None, done: None, passwords, takes_passkeys, providers }
    }
}

/// The page on which one signs in, with why it came to nothing elsewhere.
pub(super) fn sign_in_page(app: &App, t: Texts, next: &str, problem: &'static str) -> Result<Html<String>> {
    page(&SignInPage { problem: Some(problem), ..SignInPage::new(app, t, next) })
}

#[derive(Template)]
#[template(path = "console/second_step.html")]
struct SecondStepPage<'a> {
    t: Texts,
    next: &'a str,
    is_wrong: bool,
    takes_passkeys: bool,
}

#[derive(Template)]
#[template(path = "console/link.html")]
struct LinkPage {
    t: Texts,
    works: bool,
}

#[derive(Deserialize)]
struct SignInQuery {
    #[serde(default)]
    next: String,
    /// `nothing` for whoever sent a form and was not signed in any more.
    #[serde(default)]
    sent: String,
    done: Option<String>,
}

async fn show(
    State(app): State<App>,
    ConsoleLanguage(t): ConsoleLanguage,
    who: Option<SignedIn>,
    Query(query): Query<SignInQuery>,
) -> Result<Response> {
    let next = local_path(&query.next).unwrap_or(START);
    if who.is_some() {
        return Ok(Redirect::to(next).into_response());
    }
    let problem = (query.sent == "nothing").then_some("console.sign_in.sent_nothing");
    let done = query.done.map(|_| "access.forgotten.done");
    let shown = page(&SignInPage { problem, done, ..SignInPage::new(&app, t, next) })?;
    Ok((remember_language(&app.config, t.0), shown).into_response())
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

async fn sign_in(
    State(app): State<App>,
    client: ClientAddress,
    ConsoleLanguage(t): ConsoleLanguage,
    session: Session,
    headers: HeaderMap,
    OpenForm(form): OpenForm<Credentials>,
) -> Result<Response> {
    if !app.config.sign_in.passwords {
        return Err(Error::Forbidden("passwords are switched off here; sign in with your company account".into()));
    }
    let attempt = device::attempt(&app, &headers, &form.email);
    app.limits.check_sign_in(client, attempt)?;
    let next = local_path(&form.next).unwrap_or(START);
    let member = match Email::parse(&form.email) {
        Ok(email) => Member::by_email(&app.db, &email).await?,
        Err(_) => None,
    };
    let hash = member.as_ref().and_then(Member::password_hash).map(str::to_owned);
    let is_right = password::verify(&form.password, hash.as_deref()).await?;
    match (member, is_right) {
        (Some(member), true) => {
            let known = matches!(attempt, Attempt::KnownDevice(_));
            tracing::info!(
                security = "sign_in.done",
                member = member.id,
                by = "password",
                known_browser = known,
                "signed in"
            );
            if let Some(stronger) = password::strengthened(&form.password, &hash.unwrap_or_default()).await? {
                member.strengthen_hash(&app.db, &stronger).await?;
            }
            go_on(&app, &session, member, (t.0, "password"), next, &headers).await
        }
        (member, _) => {
            // An address that is nobody's is as good as a person's, so it is not logged.
            let member = member.map(|member| member.id).unwrap_or_default();
            tracing::info!(security = "sign_in.failed", member, "the password was wrong, or there is no such member");
            let who = if member.is_empty() { WhoFailed::Nobody } else { WhoFailed::Member(&member) };
            sign_in_log::failed(&app, who, "password").await?;
            let (email, problem) = (form.email.trim(), Some("console.sign_in.wrong"));
            let shown = page(&SignInPage { email, problem, ..SignInPage::new(&app, t, next) })?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response())
        }
    }
}

#[derive(Deserialize)]
struct Nothing {}

async fn sign_out(State(app): State<App>, who: SignedIn, CsrfForm(_): CsrfForm<Nothing>) -> Result<Response> {
    session::sign_out(&who.session).await?;
    sign_in_log::signed_out(&app, &who.member).await?;
    tracing::info!(security = "sign_out", member = who.member.id, "signed out");
    // With the session go the drafts, and pages that were kept for the back button. Cookies stay: the language, and that the browser is known.
    let clear = [(HeaderName::from_static("clear-site-data"), r#""cache", "storage""#)];
    Ok((clear, Redirect::to(SIGN_IN)).into_response())
}

async fn show_link(
    State(app): State<App>,
    client: ClientAddress,
    ConsoleLanguage(t): ConsoleLanguage,
    Path(token): Path<String>,
) -> Result<Response> {
    let works = links::sign_in_works(&app.db, &app.keys, &token, app.clock.now()).await?;
    if !works {
        app.limits.check_token(client)?;
    }
    let status = if works { StatusCode::OK } else { StatusCode::NOT_FOUND };
    Ok((status, page(&LinkPage { t, works })?).into_response())
}

async fn follow_link(
    State(app): State<App>,
    client: ClientAddress,
    ConsoleLanguage(t): ConsoleLanguage,
    session: Session,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Result<Response> {
    app.limits.check_link(client)?;
    let member = links::use_sign_in(&app.db, &app.keys, &token, app.clock.now()).await?;
    let Some(member) = member else {
        tracing::info!(security = "sign_in.failed", "a link that does not work was used");
        sign_in_log::failed(&app, WhoFailed::Nobody, "link").await?;
        return Err(Error::NotFound("this link does not work any more"));
    };
    tracing::info!(security = "sign_in.done", member = member.id, by = "link", "signed in");
    // Whoever has no password yet sets one first.
    let sets_password = app.config.sign_in.passwords && member.password_hash().is_none();
    let next = if sets_password { "/staff/account" } else { START };
    let response = go_on(&app, &session, member, (t.0, "link"), next, &headers).await?;
    session::note_link(&app, &session).await?;
    Ok(response)
}

/// Signs a member in, by what they have shown, or asks for their second factor first, if they have one.
pub(super) async fn go_on(
    app: &App,
    session: &Session,
    member: Member,
    (page_lang, by): (Lang, &'static str),
    next: &str,
    headers: &HeaderMap,
) -> Result<Response> {
    if !second_factor::is_set(&app.db, &member.id).await? {
        return welcome(app, session, member, (page_lang, by), next, headers).await;
    }
    session::await_second_factor(app, session, &member, headers).await?;
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    Ok(Redirect::to(&format!("{SECOND_STEP}?{query}")).into_response())
}

async fn show_second_step(
    State(app): State<App>,
    ConsoleLanguage(t): ConsoleLanguage,
    session: Session,
    Query(query): Query<SignInQuery>,
) -> Result<Response> {
    let next = local_path(&query.next).unwrap_or(START);
    match session::awaited(&app, &session).await? {
        Some(member) => {
            let takes_passkeys = passkeys::has_any(&app.db, &member.id).await?;
            Ok(page(&SecondStepPage { t, next, is_wrong: false, takes_passkeys })?.into_response())
        }
        None => Ok(Redirect::to(SIGN_IN).into_response()),
    }
}

#[derive(Deserialize)]
struct CodeForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

async fn second_step(
    State(app): State<App>,
    client: ClientAddress,
    ConsoleLanguage(t): ConsoleLanguage,
    session: Session,
    headers: HeaderMap,
    OpenForm(form): OpenForm<CodeForm>,
) -> Result<Response> {
    let next = local_path(&form.next).unwrap_or(START);
    let Some(member) = session::awaited(&app, &session).await? else {
        return Ok(Redirect::to(SIGN_IN).into_response());
    };
    // Only whoever has the password comes here, so nobody else is kept out by this.
    let of_member = uuid::Uuid::parse_str(&member.id).map_or(0, |id| id.as_u128());
    app.limits.check_sign_in(client, Attempt::KnownDevice(of_member))?;
    if totp::verify(&app.db, &app.keys, &member, &form.code, app.clock.now()).await? {
        tracing::info!(security = "second_factor.done", member = member.id, "the second factor was shown");
        return welcome(&app, &session, member, (t.0, "code"), next, &headers).await;
    }
    tracing::info!(security = "second_factor.failed", member = member.id, "a code was wrong, or used before");
    sign_in_log::failed(&app, WhoFailed::Member(&member.id), "code").await?;
    let takes_passkeys = passkeys::has_any(&app.db, &member.id).await?;
    let shown = page(&SecondStepPage { t, next, is_wrong: true, takes_passkeys })?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response())
}

/// Signs a member in, who has shown last what `by` says, and goes on to `next`. Whoever has chosen no language yet stays in that of the page on which they signed in.
pub(super) async fn welcome(
    app: &App,
    session: &Session,
    member: Member,
    (page_lang, by): (Lang, &'static str),
    next: &str,
    headers: &HeaderMap,
) -> Result<Response> {
    session::sign_in(app, session, &member, headers).await?;
    sign_in_log::signed_in(app, &member, by).await?;
    let lang = match member.chosen_lang() {
        Some(chosen) => chosen,
        None => {
            Member::set_lang(&app.db, &member.id, page_lang).await?;
            page_lang
        }
    };
    let mut headers = remember_language(&app.config, lang);
    headers.append(header::SET_COOKIE, device::remember(app, &member.email));
    Ok((headers, Redirect::to(next)).into_response())
}
