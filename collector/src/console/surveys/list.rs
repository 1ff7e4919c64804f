//! Which surveys there are, how many answered, and where they are.

use askama::Template;
use axum::extract::State;
use axum::response::Html;

use super::access::check;
use super::figures::rate;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::console::shell::{Screen, Shell, page};
use crate::http::Result;
use crate::service::store;
use crate::service::survey::{Survey, SurveyKind};
use crate::surveys::invitations;
use crate::surveys::{self, Window, questions};
use crate::text::Texts;

#[derive(Template)]
#[template(path = "console/surveys.html")]
struct SurveysPage {
    t: Texts,
    shell: Shell,
    rows: Vec<Row>,
    may_enter: bool,
    may_read: bool,
}

struct Row {
    key: String,
    title: String,
    kind: &'static str,
    site: String,
    state: String,
    respondents: i64,
    /// How many of those who were asked by mail answered.
    rate: Option<String>,
    /// Where whoever has the link answers.
    link: Option<String>,
    /// The report that it is in.
    report: Option<&'static str>,
}

impl SurveysPage {
    fn kind(&self, row: &Row) -> &'static str {
        self.t.get(&format!("insight.survey.kind.{}", row.kind))
    }
}

/// The list.
pub(super) async fn show(State(app): State<App>, who: SignedIn) -> Result<Html<String>> {
    check(&who)?;
    let (respondents, invited) = (surveys::respondents(&app.db).await?, invitations::figures(&app.db).await?);
    let (service, sites) = (app.service.current().await?, app.sites.all().await?);
    let all: Vec<Survey> = store::all(&app.db).await?;
    let mut rows = Vec::with_capacity(all.len());
    for survey in all {
        let Some(site) = sites.iter().find(|site| site.key() == survey.site.as_str()) else { continue };
        let state = match Window::at(&survey, app.clock.now(), &service.zone_of(site)) {
            Window::Open => who.t.get("insight.surveys.open").to_owned(),
            Window::NotYet(day) => who.t.with("insight.surveys.opens", &[("date", &who.t.date(day))]),
            Window::Closed(day) => who.t.with("insight.surveys.closed", &[("date", &who.t.date(day))]),
        };
        rows.push(Row {
            title: questions::text_in(&survey.title, who.t.0, site.settings.languages.first().copied()).to_owned(),
            kind: survey.kind.as_str(),
            site: site.name().to_owned(),
            state,
            respondents: respondents.get(survey.key.as_str()).copied().unwrap_or_default(),
            rate: invited.get(survey.key.as_str()).map(|invited| rate(who.t, *invited)),
            link: survey.has_page().then(|| app.config.url(&survey.path())),
            report: report(survey.kind),
            key: survey.key.to_string(),
        });
    }
    let (may_enter, may_read) = (who.may(Action::EnterFeedback), who.may(Action::ReadReports));
    page(&SurveysPage { t: who.t, shell: Shell::load(&app, &who, Screen::Surveys).await?, rows, may_enter, may_read })
}

/// The report that a kind of survey is in; texts are in none.
const fn report(kind: SurveyKind) -> Option<&'static str> {
    match kind {
        SurveyKind::Kano => Some("kano"),
        SurveyKind::ImportanceSatisfaction => Some("importance"),
        SurveyKind::Servqual => Some("servqual"),
        SurveyKind::Csat | SurveyKind::Ces | SurveyKind::Nps => Some("satisfaction"),
        SurveyKind::Free => None,
    }
}
