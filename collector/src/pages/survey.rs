//! `/s/{key}/survey/{survey}`: a survey for whoever has the link. It works without script, a look at it stores nothing, and a form that is sent twice counts once.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use sayso_shared::id::IdempotencyKey;

use super::entry_form::HONEYPOT;
use super::form::{Form, fresh_key};
use super::survey_form::QuestionForm;
use super::visit::{Shell, Visit};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::http::client::ClientAddress;
use crate::http::limits::Entrance;
use crate::http::{Error, Result};
use crate::reports::asked::zone_of_site;
use crate::reports::periods::day;
use crate::service::survey::{Audience, Survey, SurveyChannel};
use crate::sites::Site;
use crate::surveys::questions;
use crate::surveys::{self, Window};

/// `GET`: the questions, or when they can be answered.
pub async fn show(
    State(app): State<App>,
    Path((key, survey)): Path<(String, String)>,
    visit: Visit,
) -> Result<Response> {
    let (site, survey) = find(&app, &key, &survey).await?;
    match window(&app, &site, &survey).await? {
        Window::Open => {
            let state = if visit.query("done") == Some("1") { Shown::Done } else { Shown::Asked };
            let page = SurveyPage::new(&site, &survey, &visit, fresh_key(), state);
            visit.page(StatusCode::OK, &page.prefilled(&visit))
        }
        closed => visit.page(StatusCode::OK, &SurveyPage::new(&site, &survey, &visit, fresh_key(), Shown::of(closed))),
    }
}

/// `POST`: stores the answers; what can't be taken comes back with all that was typed.
pub async fn answer(
    State(app): State<App>,
    client: ClientAddress,
    Path((key, survey)): Path<(String, String)>,
    visit: Visit,
    form: Form,
) -> Result<Response> {
    let (site, survey) = find(&app, &key, &survey).await?;
    let window = window(&app, &site, &survey).await?;
    if window != Window::Open {
        let page = SurveyPage::new(&site, &survey, &visit, form.key(), Shown::of(window));
        return visit.page(StatusCode::CONFLICT, &page);
    }
    let mut page = SurveyPage::new(&site, &survey, &visit, form.key(), Shown::Asked);
    page.form = page.form.with_typed(|name| form.text(name));
    let refused = guard(&app, client, &site, &form).err();
    if let Some(error) = refused {
        page.is_refused = true;
        return visit.page_for_error(error, &page);
    }
    match questions::read(&survey, |name| form.text(name)) {
        Ok(given) => {
            let respondent = format!("link:{}", form.key());
            surveys::submit(&app.db, survey.key.as_str(), &respondent, &given, app.clock.now()).await?;
            Ok(visit.go_to(&page.action, &[("done", "1")]))
        }
        Err(wrong) => {
            page.form = page.form.with_wrong(wrong);
            visit.page(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// Refuses who sends too many, and what fills in the field that people do not see.
fn guard(app: &App, client: ClientAddress, site: &Site, form: &Form) -> Result<()> {
    app.limits.check_submission(client)?;
    app.limits.check_site(site.id(), Entrance::Form)?;
    match form.text(HONEYPOT).is_empty() {
        true => Ok(()),
        false => Err(Error::Forbidden("a field was filled in that people do not see".into())),
    }
}

/// A survey of a site that whoever has the link may answer. Any other one is not there.
async fn find(app: &App, key: &str, survey: &str) -> Result<(Arc<Site>, Survey)> {
    const NONE: Error = Error::NotFound("there is no such survey");
    let site = app.sites.by_key(key).await?.ok_or(NONE)?;
    let survey = surveys::find(&app.db, survey).await?.ok_or(NONE)?;
    let is_public = survey.audience == Audience::Anyone
        && survey.channels.iter().any(|channel| matches!(channel, SurveyChannel::Link | SurveyChannel::Widget));
    match is_public && survey.site.as_str() == site.key() {
        true => Ok((site, survey)),
        false => Err(NONE),
    }
}

async fn window(app: &App, site: &Site, survey: &Survey) -> Result<Window> {
    let service = app.service.current().await?;
    Ok(Window::of(survey, day(app.clock.now(), &zone_of_site(site, &service))))
}

#[derive(Template)]
#[template(path = "pages/survey.html")]
struct SurveyPage {
    shell: Shell,
    action: String,
    draft: String,
    title: String,
    kind: &'static str,
    minutes: String,
    key: IdempotencyKey,
    form: QuestionForm,
    state: Shown,
    is_refused: bool,
}

/// What the page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Asked,
    Done,
    NotYet(jiff::civil::Date),
    Closed(jiff::civil::Date),
}

impl Shown {
    const fn of(window: Window) -> Self {
        match window {
            Window::Open => Self::Asked,
            Window::NotYet(day) => Self::NotYet(day),
            Window::Closed(day) => Self::Closed(day),
        }
    }
}

impl SurveyPage {
    fn new(site: &Site, survey: &Survey, visit: &Visit, key: IdempotencyKey, state: Shown) -> Self {
        let shell = Shell::of(site, visit);
        let main = site.settings.languages.first().copied();
        let lang = shell.t.0;
        Self {
            action: visit.carry(&format!("/s/{}/survey/{}", site.key(), survey.key), &[]),
            draft: format!("{}/{}", site.key(), survey.key),
            title: questions::text_in(&survey.title, lang, main).to_owned(),
            kind: survey.kind.as_str(),
            minutes: questions::minutes(survey).to_string(),
            form: QuestionForm::new(survey, *shell.t, main, &key.to_string()),
            is_refused: false,
            shell,
            key,
            state,
        }
    }

    /// Chooses what a link of a mail chose: it is sent by a press, never by following the link.
    fn prefilled(mut self, visit: &Visit) -> Self {
        if let (Some(_), Some(score)) = (self.form.only(), visit.query("score")) {
            let score: String = score.chars().take(8).collect();
            self.form = self.form.with_typed(|_| score.clone());
        }
        self
    }

    fn is_asked(&self) -> bool {
        self.state == Shown::Asked
    }

    fn is_done(&self) -> bool {
        self.state == Shown::Done
    }

    fn purpose(&self) -> String {
        self.shell.t.with(&format!("insight.survey.purpose.{}", self.kind), &[("name", &self.shell.name)])
    }

    fn day(&self) -> String {
        match self.state {
            Shown::NotYet(day) | Shown::Closed(day) => self.shell.t.date(day),
            Shown::Asked | Shown::Done => String::new(),
        }
    }
}
