//! Inviting members, sending an invitation once more, and withdrawing it: for admins.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;

use super::invite_form::InviteForm;
use super::members::{MembersPage, PATH};
use super::shell::page;
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::confirm::confirm;
use crate::auth::invitations::{self, Refusal};
use crate::auth::{Administers, CsrfForm, SignedIn};
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::outbox::suspensions;

/// `/staff/members/invite` and `/staff/members/invitations/…`.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/staff/members/invite", post(invite))
        .route("/staff/members/invitations/{id}/again", post(send_again))
        .route("/staff/members/invitations/{id}/withdraw", post(withdraw))
}

async fn invite(
    State(app): State<App>,
    Administers(who): Administers,
    client: ClientAddress,
    CsrfForm(form): CsrfForm<InviteForm>,
) -> Result<Response> {
    let service = app.service.current().await?;
    let teams: Vec<String> = service.teams.iter().map(|team| team.key.to_string()).collect();
    let new = match form.read(&teams) {
        Ok(new) => new,
        Err(errors) => return refused(&app, &who, form, errors).await,
    };
    // Whoever finds an open session must not make themselves a way in that stays.
    if let Some(error) = confirm(&app, &who, client, form.password()).await?.text() {
        return refused(&app, &who, form, vec![("password", error)]).await;
    }
    let stamp = Stamp::member(&who.member.id, app.clock.now());
    match invitations::invite(&app.db, &new, &stamp).await? {
        Ok(_) => {
            app.deliveries_wake.notify_one();
            Ok(Redirect::to(&format!("{PATH}?done=invited#invitations")).into_response())
        }
        Err(Refusal::IsMember) => refused(&app, &who, form, vec![("email", "access.invite.is_member")]).await,
        Err(Refusal::IsInvited) => refused(&app, &who, form, vec![("email", "access.invite.is_invited")]).await,
    }
}

async fn refused(
    app: &App,
    who: &SignedIn,
    form: InviteForm,
    errors: Vec<(&'static str, &'static str)>,
) -> Result<Response> {
    let shown = MembersPage::load(app, who).await?.refused(form, errors);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)?).into_response())
}

const GONE: Error = Error::NotFound("this invitation has been answered or withdrawn");

#[derive(Deserialize)]
struct Nothing {}

async fn send_again(
    State(app): State<App>,
    Administers(who): Administers,
    Path(id): Path<String>,
    CsrfForm(_): CsrfForm<Nothing>,
) -> Result<Redirect> {
    let stamp = Stamp::member(&who.member.id, app.clock.now());
    let invitation = invitations::send_again(&app.db, &id, &stamp).await?.ok_or(GONE)?;
    // Whoever asks for one more mail says that the address takes some.
    suspensions::forget(&app.db, &app.keys, &invitation.email).await?;
    app.deliveries_wake.notify_one();
    Ok(Redirect::to(&format!("{PATH}?done=invited#invitations")))
}

async fn withdraw(
    State(app): State<App>,
    Administers(who): Administers,
    Path(id): Path<String>,
    CsrfForm(_): CsrfForm<Nothing>,
) -> Result<Redirect> {
    let stamp = Stamp::member(&who.member.id, app.clock.now());
    match invitations::withdraw(&app.db, &id, &stamp).await? {
        true => Ok(Redirect::to(&format!("{PATH}?done=withdrawn"))),
        false => Err(GONE),
    }
}
