//! `/s/{key}/survey/{survey}`: a survey for whoever has the link. It works without script, a look at it stores nothing, and a form that is sent twice counts once.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use sayso_shared::TrackingCode;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::limits::{EMAIL_MAX, MESSAGE_MAX, NAME_MAX, PHONE_MAX};

use super::entry_form::HONEYPOT;
use super::form::{Form, fresh_key};
use super::survey_form::QuestionForm;
use super::survey_wish::Wish;
use super::visit::{Shell, Visit, framed_by_site};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::clock::Millis;
use crate::http::client::ClientAddress;
use crate::http::limits::Entrance;
use crate::http::{Error, Result};
use crate::intake::{self, FORM_EXPIRED};
use crate::service::survey::{Audience, Survey};
use crate::sites::Site;
use crate::sites::texts;
use crate::surveys::questions;
use crate::surveys::{self, Given, Window};

/// `GET`: the questions, or when they can be answered.
pub async fn show(
    State(app): State<App>,
    Path((key, survey)): Path<(String, String)>,
    visit: Visit,
) -> Result<Response> {
    let (site, survey) = surveys::find_public(&app, &key, &survey).await?;
    let answer = match surveys::window(&app, &site, &survey).await? {
        Window::Open => {
            let state = if visit.query("done") == Some("1") { Shown::Done } else { Shown::Asked };
            let mut page = SurveyPage::new(&site, &survey, &visit, &survey.path(), fresh_key(), state);
            page.began = app.clock.now().to_string();
            visit.page(StatusCode::OK, &page.handed_out(&app, &site, "").prefilled(&visit))
        }
        closed => {
            let path = survey.path();
            let page = SurveyPage::new(&site, &survey, &visit, &path, fresh_key(), Shown::of(closed));
            visit.page(StatusCode::OK, &page)
        }
    };
    Ok(framed_by_site(&site, &visit, answer))
}

/// `POST`: stores the answers; what can't be taken comes back with all that was typed.
pub async fn answer(
    State(app): State<App>,
    client: ClientAddress,
    Path((key, survey)): Path<(String, String)>,
    visit: Visit,
    form: Form,
) -> Result<Response> {
    let (site, survey) = surveys::find_public(&app, &key, &survey).await?;
    let survey = surveys::as_read(&app.db, survey, &form.text("version")).await?;
    let answered = submit(&app, client, (&site, &survey), &visit, &form).await;
    Ok(framed_by_site(&site, &visit, answered))
}

async fn submit(
    app: &App,
    client: ClientAddress,
    (site, survey): (&Site, &Survey),
    visit: &Visit,
    form: &Form,
) -> Result<Response> {
    let window = surveys::window(app, site, survey).await?;
    let action = survey.path();
    if window != Window::Open {
        let page = SurveyPage::new(site, survey, visit, &action, form.key(), Shown::of(window));
        return visit.page(StatusCode::CONFLICT, &page);
    }
    let page = SurveyPage::new(site, survey, visit, &action, form.key(), Shown::Asked);
    let mut page = page.handed_out(app, site, &form.text("token")).typed(form);
    let refused = guard(app, client, site).err();
    if let Some(error) = refused {
        page.is_refused = true;
        return visit.page_for_error(error, &page);
    }
    match questions::read(survey, |name| form.text(name)) {
        Ok(given) => {
            let code = match page.submit_wish(app, (site, survey), form, &given).await {
                Ok(code) => code,
                Err(error) => return visit.page_for_error(error, &page),
            };
            if !is_suspect(form) {
                let respondent = format!("link:{}", form.key());
                surveys::submit(&app.db, survey, &respondent, &given, app.clock.now()).await?;
                note_time(app, survey, &respondent, form).await?;
            }
            Ok(visit.go_to(&action, &done(code.as_deref())))
        }
        Err(wrong) => {
            page.form = page.form.with_wrong(wrong);
            visit.page(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// What of a page says that the answers came, and where an answer to them will be.
pub(super) fn done(code: Option<&str>) -> Vec<(&'static str, &str)> {
    [("done", "1")].into_iter().chain(code.map(|code| ("code", code))).collect()
}

/// Refuses who sends too many.
pub(super) fn guard(app: &App, client: ClientAddress, site: &Site) -> Result<()> {
    app.limits.check_submission(client)?;
    app.limits.check_site(site.id(), Entrance::Form)
}

/// Whether something filled in the field that people do not see. It is thanked like everybody, so that it learns nothing, and its answers are not stored: there is
/// nobody who would look through held ones, and each would count. What it wrote besides is held as all feedback of this kind is.
pub(super) fn is_suspect(form: &Form) -> bool {
    !form.text(HONEYPOT).is_empty()
}

/// Notes how long somebody took, by when their page was made.
pub(super) async fn note_time(app: &App, survey: &Survey, respondent: &str, form: &Form) -> Result<()> {
    let now = app.clock.now();
    // It stands in the form, so anybody may have written any number.
    let took = form.text("began").parse::<Millis>().ok().and_then(|began| now.checked_sub(began));
    if let Some(took) = took {
        surveys::note_time(&app.db, survey.key.as_str(), respondent, took).await?;
    }
    Ok(())
}

#[derive(Template)]
#[template(path = "pages/survey.html")]
pub(super) struct SurveyPage {
    shell: Shell,
    pub action: String,
    /// Where it is told that the page was left.
    left: String,
    draft: String,
    /// The mark of the words that are asked.
    version: String,
    title: texts::Shown,
    kind: &'static str,
    minutes: String,
    key: IdempotencyKey,
    pub form: QuestionForm,
    state: Shown,
    pub is_refused: bool,
    /// Whether it was handed out too long ago.
    is_expired: bool,
    /// What it was handed out with.
    token: String,
    /// When it was made, in Unix milliseconds, which tells how long the answers took.
    pub began: String,
    /// The text that says how anonymous the answers are.
    pub assurance: &'static str,
    /// What somebody typed who wants an answer themselves; none where members are asked.
    wish: Option<Wish>,
    /// The code of the case that came of it.
    code: Option<TrackingCode>,
}

/// What the page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Asked,
    Done,
    NotYet(jiff::civil::Date),
    Closed(jiff::civil::Date),
}

impl Shown {
    pub const fn of(window: Window) -> Self {
        match window {
            Window::Open => Self::Asked,
            Window::NotYet(day) => Self::NotYet(day),
            Window::Closed(day) => Self::Closed(day),
        }
    }
}

impl SurveyPage {
    /// `path` is where it is, and where its answers go.
    pub fn new(site: &Site, survey: &Survey, visit: &Visit, path: &str, key: IdempotencyKey, state: Shown) -> Self {
        let shell = Shell::of(site, visit);
        let main = site.settings.languages.first().copied();
        let lang = shell.t.0;
        Self {
            action: visit.carry(path, &[]),
            left: format!("{}/left", survey.path()),
            draft: format!("{}/{}", site.key(), survey.key),
            version: surveys::mark(survey),
            began: String::new(),
            title: questions::shown_in(&survey.title, lang, main),
            kind: survey.kind.as_str(),
            minutes: questions::minutes(survey).to_string(),
            form: QuestionForm::new(survey, *shell.t, main, &key.to_string()),
            is_refused: false,
            is_expired: false,
            token: String::new(),
            assurance: "survey.anonymous",
            wish: (survey.audience != Audience::Members).then(|| Wish::of(site, lang)),
            code: visit.query("code").and_then(|code| TrackingCode::parse(code).ok()),
            shell,
            key,
            state,
        }
    }

    /// The same, handed out now, or still that of before.
    pub fn handed_out(mut self, app: &App, site: &Site, token: &str) -> Self {
        let (limits, now) = (&app.config.limits, app.clock.now());
        self.token = intake::renew_form_token(&app.keys, limits, site.id(), &self.key, token, now);
        self
    }

    /// The same with what was typed.
    pub fn typed(mut self, form: &Form) -> Self {
        self.form = self.form.with_typed(|name| form.text(name));
        self.began = form.text("began");
        self.wish = self.wish.map(|wish| wish.typed(form));
        self
    }

    /// Makes a case of what was written by somebody who wants an answer, and notes what is wrong with it.
    pub async fn submit_wish(
        &mut self,
        app: &App,
        of: (&Site, &Survey),
        form: &Form,
        given: &[Given],
    ) -> Result<Option<String>> {
        let Some(wish) = &mut self.wish else { return Ok(None) };
        let submitted = wish.submit(app, of, form, given, self.shell.t.0).await;
        submitted.inspect_err(|error| match error {
            Error::Invalid(errors) if errors.iter().any(|error| error.pointer == FORM_EXPIRED) => {
                self.is_expired = true
            }
            Error::Invalid(_) => wish.note_mistakes(&self.shell.t, error),
            _ => self.is_refused = true,
        })
    }

    /// Chooses what a link of a mail chose: it is sent by a press, never by following the link.
    pub fn prefilled(mut self, visit: &Visit) -> Self {
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
        self.shell.t.with(&format!("survey.purpose.{}", self.kind), &[("name", &self.shell.name)])
    }

    fn day(&self) -> String {
        match self.state {
            Shown::NotYet(day) | Shown::Closed(day) => self.shell.t.date(day),
            Shown::Asked | Shown::Done => String::new(),
        }
    }
}
