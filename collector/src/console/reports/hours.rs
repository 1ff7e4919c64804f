//! Hours on duty that are entered, where the calendar of a team does not say when its members are there.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::page::check;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::audit::Stamp;
use crate::auth::permissions::Action;
use crate::auth::{CsrfForm, Member, SignedIn};
use crate::clock::DAY;
use crate::console::shell::{Screen, Shell, page};
use crate::duty::{self, EntryError};
use crate::http::Result;
use crate::reports::format;
use crate::reports::periods::day;
use crate::text::Texts;

/// How many of the last days are shown.
const DAYS: i64 = 92;

#[derive(Template)]
#[template(path = "console/hours.html")]
struct HoursPage {
    t: Texts,
    shell: Shell,
    /// Those who work, by address and name.
    members: Vec<(String, String)>,
    /// What was entered of the last days, the newest first: the days, the member, the hours.
    rows: Vec<(String, String, String)>,
    may_add: bool,
    typed: Typed,
    /// The fields that something is wrong with, and what, as a key of texts.
    wrong: Vec<(&'static str, &'static str)>,
    is_done: bool,
}

/// A form as it was sent.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    member: String,
    from: String,
    to: String,
    hours: String,
}

#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

/// `GET /staff/reports/hours`.
pub(super) async fn show(State(app): State<App>, who: SignedIn, Query(done): Query<Done>) -> Result<Html<String>> {
    let mut shown = HoursPage::load(&app, &who, Typed::default()).await?;
    shown.is_done = done.done.is_some();
    page(&shown)
}

/// `POST /staff/reports/hours`: stores an entry, as the API does.
pub(super) async fn add(State(app): State<App>, who: SignedIn, CsrfForm(typed): CsrfForm<Typed>) -> Result<Response> {
    who.require(Action::ManageService, "only managers may say how long members were on duty")?;
    let members = Member::all(&app.db).await?;
    let member = members.iter().find(|member| member.email == typed.member);
    match (member, duty::read(&typed.from, &typed.to, &typed.hours)) {
        (Some(member), Ok(entry)) => {
            duty::store(&app.db, &member.id, entry, &Stamp::member(&who.member.id, app.clock.now())).await?;
            Ok(Redirect::to("/staff/reports/hours?done=1").into_response())
        }
        (member, read) => {
            let mut shown = HoursPage::load(&app, &who, typed).await?;
            let of_member = member.is_none().then_some(("member", "insight.hours.wrong_member"));
            let of_entry = read.err().into_iter().flatten().map(|error| (error.field(), text_of(error)));
            shown.wrong = of_member.into_iter().chain(of_entry).collect();
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)?).into_response())
        }
    }
}

impl HoursPage {
    async fn load(app: &App, who: &SignedIn, typed: Typed) -> Result<Self> {
        check(who)?;
        let (sites, service) = (app.sites.all().await?, app.service.current().await?);
        let members = Member::all(&app.db).await?;
        let zone = service.zone_of_first(&sites);
        let first = day(app.clock.now() - DAYS * DAY, &zone);
        let row = |entry: duty::Entry| {
            let member = members.iter().find(|member| member.id == entry.member_id)?;
            let days = if entry.first == entry.last {
                who.t.date(entry.first)
            } else {
                format!("{} – {}", who.t.date(entry.first), who.t.date(entry.last))
            };
            Some((days, member.name.clone(), format::number(entry.minutes as f64 / 60.0)))
        };
        let rows = duty::between(&app.db, Some(first), None).await?.into_iter().filter_map(row).collect();
        let works = members.iter().filter(|member| member.disabled_at.is_none());
        Ok(Self {
            t: who.t,
            shell: Shell::load(app, who, Screen::Reports).await?,
            members: works.map(|member| (member.email.clone(), member.name.clone())).collect(),
            rows,
            may_add: who.may(Action::ManageService),
            typed,
            wrong: Vec::new(),
            is_done: false,
        })
    }

    /// The text for what is wrong with a field, if anything is.
    fn error(&self, field: &str) -> Option<&'static str> {
        self.wrong.iter().find(|(of, _)| *of == field).map(|(_, key)| self.t.get(key))
    }
}

/// The key of the text for a mistake.
const fn text_of(error: EntryError) -> &'static str {
    match error {
        EntryError::From => "insight.hours.wrong_from",
        EntryError::To => "insight.hours.wrong_to",
        EntryError::Hours => "insight.hours.wrong_hours",
    }
}
