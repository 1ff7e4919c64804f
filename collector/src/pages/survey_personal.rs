//! `/survey/{token}`: a survey for somebody who was asked by mail. Their answers count once, and can be changed until it closes. Looking at it stores
//! nothing, since mail scanners follow links.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::form::{Form, fresh_key};
use super::survey::{Shown, SurveyPage, done, guard, is_suspect, note_time};
use super::visit::{Shell, Visit};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::service::survey::Survey;
use crate::sites::Site;
use crate::surveys::invitations::{self, Invitation, Token};
use crate::surveys::{self, Window, questions};

/// What is said of how anonymous the answers are: each link is somebody's.
const ASSURANCE: &str = "survey.personal";

/// Somebody who was asked.
struct Invited {
    site: Arc<Site>,
    survey: Survey,
    token: Token,
    invitation: Invitation,
}

/// `GET`: the questions, with what was answered before.
pub async fn show(
    State(app): State<App>,
    client: ClientAddress,
    Path(token): Path<String>,
    visit: Visit,
) -> Result<Response> {
    let Invited { site, survey, token, .. } = find(&app, client, &token).await?;
    let state = match surveys::window(&app, &site, &survey).await? {
        Window::Open if visit.query("done") == Some("1") => Shown::Done,
        window => Shown::of(window),
    };
    let page = SurveyPage::new(&site, &survey, &visit, &token.path(), fresh_key(), state);
    let mut page = page.handed_out(&app, &site, "");
    page.assurance = ASSURANCE;
    page.began = app.clock.now().to_string();
    let before = surveys::of_respondent(&app.db, survey.key.as_str(), &token.respondent(&app.keys)).await?;
    if before.is_empty() {
        return visit.page(StatusCode::OK, &page.prefilled(&visit));
    }
    page.form = page.form.with_typed(|name| {
        let answer = before.iter().find(|answer| questions::name(&answer.field, &answer.item) == name);
        answer.map(|answer| answer.value.clone()).unwrap_or_default()
    });
    visit.page(StatusCode::OK, &page)
}

/// `POST`: stores the answers in the place of those before.
pub async fn answer(
    State(app): State<App>,
    client: ClientAddress,
    Path(token): Path<String>,
    visit: Visit,
    form: Form,
) -> Result<Response> {
    let Invited { site, survey, token, .. } = find(&app, client, &token).await?;
    let survey = surveys::as_read(&app.db, survey, &form.text("version")).await?;
    let window = surveys::window(&app, &site, &survey).await?;
    let mut page = SurveyPage::new(&site, &survey, &visit, &token.path(), form.key(), Shown::of(window));
    if window != Window::Open {
        return visit.page(StatusCode::CONFLICT, &page);
    }
    page = page.handed_out(&app, &site, &form.text("token")).typed(&form);
    page.assurance = ASSURANCE;
    if let Err(error) = guard(&app, client, &site) {
        page.is_refused = true;
        return visit.page_for_error(error, &page);
    }
    match questions::read(&survey, |name| form.text(name)) {
        Ok(given) => {
            let code = match page.submit_wish(&app, (&site, &survey), &form, &given).await {
                Ok(code) => code,
                Err(error) => return visit.page_for_error(error, &page),
            };
            if !is_suspect(&form) {
                surveys::submit_invited(&app, &survey, &token, &given).await?;
                note_time(&app, &survey, &token.respondent(&app.keys), &form).await?;
            }
            Ok(visit.go_to(&token.path(), &done(code.as_deref())))
        }
        Err(wrong) => {
            page.form = page.form.with_wrong(wrong);
            visit.page(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

#[derive(Template)]
#[template(path = "pages/survey_stop.html")]
struct StopPage {
    shell: Shell,
    action: String,
    is_done: bool,
}

/// `GET …/stop`: whether they want no more surveys.
pub async fn ask_to_stop(
    State(app): State<App>,
    client: ClientAddress,
    Path(token): Path<String>,
    visit: Visit,
) -> Result<Response> {
    let Invited { site, token, .. } = find(&app, client, &token).await?;
    let action = visit.carry(&format!("{}/stop", token.path()), &[]);
    let is_done = visit.query("done") == Some("1");
    visit.page(StatusCode::OK, &StopPage { shell: Shell::of(&site, &visit), action, is_done })
}

/// `POST …/stop`: they don't. Mail programs post it too, when their button is pressed (RFC 8058).
pub async fn stop(
    State(app): State<App>,
    client: ClientAddress,
    Path(token): Path<String>,
    visit: Visit,
    form: Form,
) -> Result<Response> {
    let Invited { site, token, invitation, .. } = find(&app, client, &token).await?;
    if let Some(hash) = invitations::address_hash(&app, &invitation, &site).await? {
        invitations::opt_out(&app.db, &hash, site.id(), app.clock.now()).await?;
    }
    // A mail program wants an answer and no redirect.
    if form.text("List-Unsubscribe") == "One-Click" {
        let page = StopPage { shell: Shell::of(&site, &visit), action: String::new(), is_done: true };
        return visit.page(StatusCode::OK, &page);
    }
    Ok(visit.go_to(&format!("{}/stop", token.path()), &[("done", "1")]))
}

async fn find(app: &App, client: ClientAddress, token: &str) -> Result<Invited> {
    const NONE: Error = Error::NotFound("there is no such survey");
    let Some(token) = Token::parse(&app.keys, token) else {
        app.limits.check_code(client)?;
        return Err(NONE);
    };
    let invitation = Invitation::by_id(&app.db, token.invitation_id()).await?.ok_or(NONE)?;
    let site = app.sites.by_id(&invitation.site_id).await?.ok_or(NONE)?;
    let survey = surveys::find(&app.db, &invitation.survey).await?.ok_or(NONE)?;
    Ok(Invited { site, survey, token, invitation })
}
