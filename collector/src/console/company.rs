//! Signing in with a company account: out to the provider, and back.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use tower_sessions::Session;

use super::sign_in::{go_on, sign_in_page};
use crate::app::App;
use crate::auth::Member;
use crate::auth::guard::{START, is_foreign, local_path, sign_in_path};
use crate::auth::oidc::{self, Claims, Failure, Flow, Provider, Wish};
use crate::auth::session::{self, AskedBy};
use crate::auth::sign_in_log::{self, WhoFailed};
use crate::http::client::ClientAddress;
use crate::http::language::ConsoleLanguage;
use crate::http::{Error, Result};
use crate::text::Texts;

const UNKNOWN: Error = Error::NotFound("there is no such provider");

/// `/staff/sign-in/with/{provider}` and where it comes back to.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/staff/sign-in/with/{provider}", get(go))
        .route("/staff/sign-in/with/{provider}/callback", get(come_back))
}

#[derive(Deserialize)]
struct GoQuery {
    #[serde(default)]
    next: String,
    confirm: Option<String>,
}

/// Sends the browser to the provider.
async fn go(
    State(app): State<App>,
    client: ClientAddress,
    ConsoleLanguage(t): ConsoleLanguage,
    Path(name): Path<String>,
    headers: HeaderMap,
    Query(query): Query<GoQuery>,
) -> Result<Response> {
    let provider = app.providers.find(&name).ok_or(UNKNOWN)?;
    app.limits.check_link(client)?;
    if is_foreign(&app, &headers) {
        // A provider that still has their session asks nothing: another website would sign people in without their doing.
        tracing::info!(security = "sign_in.foreign", provider = name, "another website led to a sign-in");
        return Ok(Redirect::to(&sign_in_path(local_path(&query.next).unwrap_or(START))).into_response());
    }
    let now = app.clock.now();
    let wish = if query.confirm.is_some() { Wish::Confirm } else { Wish::SignIn };
    let flow = Flow::begin(&name, local_path(&query.next).unwrap_or(START), wish, now);
    match provider.authorization_url(&flow, now).await {
        Ok(url) => {
            let cookie = [(header::SET_COOKIE, flow.cookie(&app.config, &app.keys))];
            Ok((AppendHeaders(cookie), Redirect::to(url.as_str())).into_response())
        }
        Err(failure) => refuse(&app, t, provider, flow.next(), failure).await,
    }
}

#[derive(Deserialize)]
struct ComeBackQuery {
    #[serde(default)]
    state: String,
    code: Option<String>,
    iss: Option<String>,
}

/// Takes the answer of the provider.
async fn come_back(
    State(app): State<App>,
    client: ClientAddress,
    ConsoleLanguage(t): ConsoleLanguage,
    session: Session,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(query): Query<ComeBackQuery>,
) -> Result<Response> {
    let provider = app.providers.find(&name).ok_or(UNKNOWN)?;
    app.limits.check_link(client)?;
    let now = app.clock.now();
    let flow = Flow::of_request((&app.config, &app.keys), &headers, &name, &query.state, now);
    let next = flow.as_ref().and_then(|flow| local_path(flow.next())).unwrap_or(START).to_owned();
    let who = session::member(&app, &session, AskedBy::Person).await?;
    let mut response = match identify(&app, provider, flow.as_ref(), &query).await {
        // Whoever is asked to show that it is them must not turn into somebody else.
        Ok((_, member)) if is_other(flow.as_ref(), who.as_ref(), &member) => {
            refuse(&app, t, provider, &next, Failure::OtherAccount).await?
        }
        Ok((claims, member)) => {
            tracing::info!(security = "sign_in.done", member = member.id, by = "account", provider = name, "signed in");
            let response = go_on(&app, &session, member, (t.0, "account"), &next, &headers).await?;
            let is_fresh = claims.authenticated_at.is_some_and(|at| now < at + session::PROVED_FOR);
            if is_fresh {
                session::note_proof(&app, &session).await?;
            }
            response
        }
        Err(failure) => refuse(&app, t, provider, &next, failure).await?,
    };
    response.headers_mut().append(header::SET_COOKIE, Flow::no_cookie(&app.config));
    Ok(response)
}

async fn identify(
    app: &App,
    provider: &Provider,
    flow: Option<&Flow>,
    query: &ComeBackQuery,
) -> Result<(Claims, Member), Failure> {
    let flow = flow.ok_or(Failure::NotBegun)?;
    // Its errors are not told apart: whoever sees this page can do nothing else about them.
    let code = query.code.as_deref().ok_or(Failure::Denied)?;
    let claims = provider.identify(flow, code, query.iss.as_deref(), app.clock.now()).await?;
    let member = oidc::member_of(app, provider, &claims).await?;
    Ok((claims, member))
}

fn is_other(flow: Option<&Flow>, who: Option<&Member>, member: &Member) -> bool {
    let confirms = flow.is_some_and(|flow| flow.wish() == Wish::Confirm);
    confirms && who.is_some_and(|who| who.id != member.id)
}

/// Says on the sign-in page that it came to nothing, and in the audit log why.
async fn refuse(app: &App, t: Texts, provider: &Provider, next: &str, failure: Failure) -> Result<Response> {
    let reason = failure.reason();
    tracing::info!(security = "sign_in.failed", provider = provider.name(), reason, "an account did not get in");
    if let Failure::Ours(error) = failure {
        return Err(error);
    }
    sign_in_log::failed(app, WhoFailed::Account(provider.name()), reason).await?;
    let status = match failure {
        Failure::Unreachable(_) => StatusCode::BAD_GATEWAY,
        _ => StatusCode::FORBIDDEN,
    };
    Ok((status, sign_in_page(app, t, next, failure.text())?).into_response())
}
