//! Who is away, and until when: rules and turns give them nothing new. Each says it of themselves, and managers and admins of everybody.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::shell::{Screen, Shell, page};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::audit::Stamp;
use crate::auth::permissions::Action;
use crate::auth::{CsrfForm, Member, SignedIn};
use crate::clock::Millis;
use crate::http::{Error, Result};
use crate::text::Texts;

const PATH: &str = "/staff/account/away";

/// `/staff/account/away`.
pub fn router() -> Router<App> {
    Router::new().route(PATH, get(show).post(set))
}

#[derive(Template)]
#[template(path = "console/away.html")]
struct AwayPage {
    t: Texts,
    shell: Shell,
    /// The reader first, then whom they may say it of.
    members: Vec<Row>,
    is_saved: bool,
    /// Whose day was refused, and what was typed.
    wrong: Option<(String, String)>,
}

/// A member who may be away.
struct Row {
    id: String,
    name: String,
    /// The day on which they are back, as a date field has it; empty for who is there.
    back_on: String,
}

impl AwayPage {
    async fn load(app: &App, who: &SignedIn) -> Result<Self> {
        let (now, zone) = (app.clock.now(), zone(app).await?);
        let row = |member: Member| Row {
            back_on: member.away_until.filter(|until| now < *until).map(|at| day(at, &zone)).unwrap_or_default(),
            id: member.id,
            name: member.name,
        };
        let mut members = vec![row(who.member.clone())];
        if who.may(Action::ManageService) {
            let works = |member: &Member| member.disabled_at.is_none() && member.role().may_act();
            let others = Member::all(&app.db).await?.into_iter().filter(|one| works(one) && one.id != who.member.id);
            members.extend(others.map(row));
        }
        let shell = Shell::load(app, who, Screen::Account).await?;
        Ok(Self { t: who.t, shell, members, is_saved: false, wrong: None })
    }

    /// What was typed for a member, if it was refused.
    fn wrong(&self, id: &str) -> Option<&str> {
        self.wrong.as_ref().filter(|(member, _)| member == id).map(|(_, typed)| typed.as_str())
    }
}

/// By which clock a day begins.
async fn zone(app: &App) -> Result<TimeZone> {
    let sites = app.sites.all().await?;
    Ok(app.service.current().await?.zone_of_first(&sites))
}

fn day(at: Millis, zone: &TimeZone) -> String {
    jiff::Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(zone.clone()).date().to_string()
}

#[derive(Deserialize)]
struct Done {
    saved: Option<String>,
}

async fn show(State(app): State<App>, who: SignedIn, Query(done): Query<Done>) -> Result<Html<String>> {
    page(&AwayPage { is_saved: done.saved.is_some(), ..AwayPage::load(&app, &who).await? })
}

#[derive(Deserialize)]
struct AwayForm {
    /// The identifier of a member.
    #[serde(default)]
    member: String,
    /// The day on which they are back; nothing for who is there.
    #[serde(default)]
    back_on: String,
}

async fn set(State(app): State<App>, who: SignedIn, CsrfForm(form): CsrfForm<AwayForm>) -> Result<Response> {
    if form.member != who.member.id && !who.may(Action::ManageService) {
        return Err(Error::Forbidden("you may only say when you are away yourself".into()));
    }
    let member = Member::by_id(&app.db, &form.member).await?.ok_or(Error::NotFound("there is no such member"))?;
    let now = app.clock.now();
    let until = match form.back_on.trim() {
        "" => Some(None),
        typed => begin_of(typed, &zone(&app).await?).filter(|until| now < *until).map(Some),
    };
    let Some(until) = until else {
        let shown = AwayPage { wrong: Some((form.member, form.back_on)), ..AwayPage::load(&app, &who).await? };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)?).into_response());
    };
    if until != member.away_until {
        member.set_away(&app.db, until, &Stamp::member(&who.member.id, now)).await?;
    }
    Ok(Redirect::to(&format!("{PATH}?saved=away")).into_response())
}

fn begin_of(typed: &str, zone: &TimeZone) -> Option<Millis> {
    let date: Date = typed.parse().ok()?;
    Some(date.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond())
}
