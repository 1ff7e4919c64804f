//! Alarms: the list that banners come from, and saying that one is on it.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::shell::{Banner, Screen, Shell, page};
use crate::alarms;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::permissions::Action;
use crate::auth::{CsrfForm, MayAct, SignedIn};
use crate::cases::Actor;
use crate::cases::access::case_for;
use crate::http::Result;
use crate::text::Texts;

/// `/staff/alarms…`.
pub fn router() -> Router<App> {
    Router::new().route("/staff/alarms", get(show)).route("/staff/alarms/{id}", post(acknowledge))
}

#[derive(Template)]
#[template(path = "console/alarms.html")]
struct AlarmsPage {
    t: Texts,
    shell: Shell,
    all: Vec<Banner>,
}

/// All alarms that concern the reader. Open pages fetch this one to bring their banners up to date, since fetching themselves again may not be for nothing.
async fn show(State(app): State<App>, who: SignedIn) -> Result<Html<String>> {
    page(&AlarmsPage {
        t: who.t,
        shell: Shell::load(&app, &who, Screen::Alarms).await?,
        all: Banner::all(&app, &who).await?,
    })
}

#[derive(Deserialize)]
struct Nothing {}

/// Takes an alarm on, and leads to its case.
async fn acknowledge(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    CsrfForm(_): CsrfForm<Nothing>,
) -> Result<Response> {
    let case = case_for(&app, &who.standing, &id, Action::Answer).await?;
    alarms::acknowledge(&app, &case.id, &Actor::Member(who.member.id.clone())).await?;
    Ok(Redirect::to(&format!("/staff/cases/{}?done=alarm", case.id)).into_response())
}
