//! Sheets of paper with the questions of a survey: each has a code of its own, so that what it says counts once.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Html;
use sayso_shared::Lang;
use serde::Deserialize;

use super::access::survey_for;
use crate::app::App;
use crate::assets;
use crate::auth::SignedIn;
use crate::console::shell::page;
use crate::http::Result;
use crate::pages::survey_form::QuestionForm;
use crate::surveys::{self, Sheet, questions};
use crate::text::Texts;

/// Sheets that are made at once.
const SHEETS_MAX: usize = 100;

#[derive(Deserialize)]
pub(super) struct PaperQuery {
    #[serde(default)]
    lang: String,
    #[serde(default)]
    copies: String,
}

#[derive(Template)]
#[template(path = "console/survey_paper.html")]
struct PaperPage {
    /// The texts of the sheets.
    t: Texts,
    /// The texts of who prints them.
    reader: Texts,
    key: String,
    /// The mark of the words that are printed.
    version: String,
    company: String,
    title: String,
    purpose: String,
    languages: Vec<Lang>,
    sheets: Vec<(String, QuestionForm)>,
}

/// The sheets, in one of the site's languages.
pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(key): Path<String>,
    Query(query): Query<PaperQuery>,
) -> Result<Html<String>> {
    let (survey, site) = survey_for(&app, &who, &key).await?;
    let languages = site.settings.languages.clone();
    let main = languages.first().copied();
    let asked = languages.iter().copied().find(|lang| lang.as_str() == query.lang);
    let t = Texts(asked.or(main).unwrap_or(who.t.0));
    let copies = query.copies.parse().unwrap_or(1).clamp(1, SHEETS_MAX);
    let sheet = || {
        let code = Sheet::random();
        let form = QuestionForm::new(&survey, t, main, &code.respondent());
        (code.to_string(), form)
    };
    page(&PaperPage {
        t,
        reader: who.t,
        title: questions::text_in(&survey.title, t.0, main).to_owned(),
        purpose: t.with(&format!("survey.purpose.{}", survey.kind.as_str()), &[("name", site.name())]),
        company: site.name().to_owned(),
        languages,
        version: surveys::mark(&survey),
        sheets: (0..copies).map(|_| sheet()).collect(),
        key,
    })
}
