//! Sending mail again to an address from which it came back: a customer's, a member's, or the member's own.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Redirect;
use axum::routing::post;
use serde::Deserialize;

use super::members::PATH as MEMBERS;
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::permissions::Action;
use crate::auth::{Administers, CsrfForm, MayAct, Member, SignedIn};
use crate::cases::access::case_for;
use crate::http::{Error, Result};
use crate::outbox::suspensions;
use crate::text::Texts;

/// `/staff/cases/{id}/mail/resume`, and the same below `/staff/members/{id}` and `/staff/account`.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/staff/cases/{id}/mail/resume", post(to_customer))
        .route("/staff/members/{id}/mail/resume", post(to_member))
        .route("/staff/account/mail/resume", post(to_oneself))
}

/// Since which day an address gets no mail, for people.
pub(super) async fn since(app: &App, t: Texts, address: &str) -> Result<Option<String>> {
    let since = suspensions::suspended_since(&app.db, &app.keys, address, app.clock.now()).await?;
    Ok(since.map(|at| t.day(at)))
}

#[derive(Deserialize)]
struct Nothing {}

async fn to_customer(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    CsrfForm(_): CsrfForm<Nothing>,
) -> Result<Redirect> {
    let case = case_for(&app, &who.standing, &id, Action::Answer).await?;
    let contact = case.contact(&app.keys);
    if let Some(address) = contact.as_ref().and_then(|contact| contact.email()) {
        resume(&app, &who, address, format!("case/{}", case.id)).await?;
    }
    Ok(Redirect::to(&format!("/staff/cases/{}?done=mail", case.id)))
}

async fn to_member(
    State(app): State<App>,
    Administers(who): Administers,
    Path(id): Path<String>,
    CsrfForm(_): CsrfForm<Nothing>,
) -> Result<Redirect> {
    let member = Member::by_id(&app.db, &id).await?.ok_or(Error::NotFound("there is no such member"))?;
    resume(&app, &who, &member.email, format!("member/{}", member.id)).await?;
    Ok(Redirect::to(&format!("{MEMBERS}?done=mail")))
}

async fn to_oneself(State(app): State<App>, who: SignedIn, CsrfForm(_): CsrfForm<Nothing>) -> Result<Redirect> {
    resume(&app, &who, &who.member.email, format!("member/{}", who.member.id)).await?;
    Ok(Redirect::to("/staff/account?saved=mail"))
}

async fn resume(app: &App, who: &SignedIn, address: &str, object: String) -> Result<()> {
    let stamp = Stamp::member(&who.member.id, app.clock.now());
    suspensions::resume(&app.db, &app.keys, address, object, &stamp).await?;
    Ok(())
}
