//! Digests by mail: what a member chooses of them, and the link in each that stops them, which works without signing in.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use sayso_shared::Lang;
use serde::Deserialize;

use super::shell::page;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::{CsrfForm, Member, SignedIn};
use crate::digests::{Choice, Every, HOURS, Scope, member_of_link};
use crate::http::client::ClientAddress;
use crate::http::language::ConsoleLanguage;
use crate::http::{Error, Result};
use crate::text::Texts;

/// `/staff/account/digests` and `/staff/digests/{link}/stop`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/staff/account/digests", post(choose))
        .route("/staff/digests/{link}/stop", get(ask_to_stop).post(stop))
}

/// What the account page shows of it.
pub(super) struct Choices {
    choice: Choice,
}

impl Choices {
    /// Those of a member; none if they get no digests.
    pub(super) async fn load(app: &App, member: &Member) -> Result<Option<Self>> {
        let service = app.service.current().await?;
        if Scope::of_member(member, &service).is_empty() {
            return Ok(None);
        }
        Ok(Some(Self { choice: Choice::of_member(&app.db, &member.id).await? }))
    }

    pub(super) fn every(&self) -> [(&'static str, bool); 3] {
        Every::ALL.map(|every| (every.as_str(), self.choice.every.contains(&every)))
    }

    pub(super) fn hours(&self) -> Vec<(i8, String, bool)> {
        HOURS.map(|hour| (hour, format!("{hour:02}:00"), hour == self.choice.hour)).collect()
    }
}

#[derive(Deserialize)]
struct ChoiceForm {
    day: Option<String>,
    week: Option<String>,
    month: Option<String>,
    hour: String,
}

/// `POST /staff/account/digests`.
async fn choose(State(app): State<App>, who: SignedIn, CsrfForm(form): CsrfForm<ChoiceForm>) -> Result<Redirect> {
    let chosen = [(Every::Day, form.day), (Every::Week, form.week), (Every::Month, form.month)];
    let every = chosen.into_iter().filter(|(_, word)| word.is_some()).map(|(every, _)| every).collect();
    let hour = form.hour.parse().ok().filter(|hour| HOURS.contains(hour));
    let hour = hour.ok_or_else(|| Error::Malformed("there is no such hour".into()))?;
    Choice { every, hour }.save(&app.db, &who.member.id).await?;
    Ok(Redirect::to("/staff/account?saved=digests"))
}

#[derive(Template)]
#[template(path = "console/digest_stop.html")]
struct StopPage {
    t: Texts,
    is_done: bool,
}

/// `GET /staff/digests/{link}/stop`: asks, since mail scanners follow links.
async fn ask_to_stop(
    State(app): State<App>,
    client: ClientAddress,
    ConsoleLanguage(t): ConsoleLanguage,
    Path(link): Path<String>,
) -> Result<Html<String>> {
    find(&app, client, &link).await?;
    page(&StopPage { t, is_done: false })
}

/// `POST`: no more of them. Mail programs post it too, when their button is pressed (RFC 8058).
async fn stop(
    State(app): State<App>,
    client: ClientAddress,
    ConsoleLanguage(t): ConsoleLanguage,
    Path(link): Path<String>,
) -> Result<Html<String>> {
    let member = find(&app, client, &link).await?;
    let choice = Choice::of_member(&app.db, &member.id).await?;
    Choice { every: Vec::new(), ..choice }.save(&app.db, &member.id).await?;
    page(&StopPage { t, is_done: true })
}

async fn find(app: &App, client: ClientAddress, link: &str) -> Result<Member> {
    const NONE: Error = Error::NotFound("there is no such link");
    let Some(id) = member_of_link(&app.keys, link) else {
        app.limits.check_code(client)?;
        return Err(NONE);
    };
    Member::by_id(&app.db, &id).await?.ok_or(NONE)
}
