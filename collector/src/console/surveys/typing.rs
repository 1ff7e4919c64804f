//! Typing in what somebody wrote on paper, or said on the phone.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use sayso_shared::id::IdempotencyKey;
use serde::Deserialize;

use super::access::survey_for;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::{KeyedForm, SignedIn};
use crate::console::shell::{Screen, Shell, page};
use crate::http::Result;
use crate::http::body::fresh_key;
use crate::pages::survey_form::QuestionForm;
use crate::service::survey::Survey;
use crate::sites::Site;
use crate::surveys::{self, Sheet, questions};
use crate::text::Texts;

#[derive(Deserialize)]
pub(super) struct TypingQuery {
    #[serde(default)]
    code: String,
    /// The mark of the words that are printed on the sheet.
    #[serde(default)]
    version: String,
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "console/survey_typing.html")]
struct TypingPage {
    t: Texts,
    shell: Shell,
    key: String,
    title: String,
    form: QuestionForm,
    form_key: IdempotencyKey,
    code: String,
    /// The mark of the words that are asked, and all that the survey has had.
    version: String,
    versions: Vec<String>,
    is_mistyped: bool,
    is_done: bool,
}

impl TypingPage {
    async fn load(
        app: &App,
        who: &SignedIn,
        (survey, now): (&Survey, &Survey),
        site: &Site,
        code: &str,
    ) -> Result<Self> {
        let main = site.settings.languages.first().copied();
        // In the order of the sheet, so that one types from the top down.
        let seed = Sheet::parse(code).map(|sheet| sheet.respondent()).unwrap_or_default();
        Ok(Self {
            t: who.t,
            shell: Shell::load(app, who, Screen::Surveys).await?,
            key: survey.key.to_string(),
            title: questions::text_in(&survey.title, who.t.0, main).to_owned(),
            form: QuestionForm::new(survey, who.t, main, &seed),
            form_key: fresh_key(),
            code: code.chars().take(40).collect(),
            version: surveys::mark(survey),
            versions: surveys::marks(&app.db, now).await?,
            is_mistyped: false,
            is_done: false,
        })
    }
}

/// The empty form; with the code of a sheet its questions stand as they do on the sheet.
pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(key): Path<String>,
    Query(query): Query<TypingQuery>,
) -> Result<Html<String>> {
    let (now, site) = survey_for(&app, &who, &key).await?;
    let survey = surveys::as_read(&app.db, now.clone(), &query.version).await?;
    let mut shown = TypingPage::load(&app, &who, (&survey, &now), &site, &query.code).await?;
    shown.is_mistyped = !query.code.trim().is_empty() && Sheet::parse(&query.code).is_none();
    shown.is_done = query.done == "1";
    page(&shown)
}

/// Stores what was typed, and goes on to the next sheet. Typed in again, a sheet replaces what it said before; without a code each form is a respondent.
pub(super) async fn add(
    State(app): State<App>,
    who: SignedIn,
    Path(key): Path<String>,
    KeyedForm { form, key: form_key }: KeyedForm<BTreeMap<String, String>>,
) -> Result<Response> {
    let (now, site) = survey_for(&app, &who, &key).await?;
    let survey = surveys::as_read(&app.db, now.clone(), form.get("version").map_or("", String::as_str)).await?;
    let text = |name: &str| form.get(name).map(|value| value.replace("\r\n", "\n")).unwrap_or_default();
    let code = text("code");
    let sheet = Sheet::parse(&code);
    let is_mistyped = sheet.is_none() && !code.trim().is_empty();
    let read = questions::read(&survey, text);
    if let (Ok(given), false) = (&read, is_mistyped) {
        let respondent = sheet.map_or_else(|| format!("typed:{form_key}"), |sheet| sheet.respondent());
        surveys::submit(&app.db, &survey, &respondent, given, app.clock.now()).await?;
        // The next sheet is of the same pile.
        let version = match survey == now {
            true => String::new(),
            false => format!("&version={}", surveys::mark(&survey)),
        };
        return Ok(Redirect::to(&format!("/staff/surveys/{}/answers?done=1{version}", survey.key)).into_response());
    }
    let mut shown = TypingPage::load(&app, &who, (&survey, &now), &site, &code).await?;
    shown.form_key = form_key;
    shown.is_mistyped = is_mistyped;
    shown.form = shown.form.with_typed(text).with_wrong(read.err().unwrap_or_default());
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)?).into_response())
}
