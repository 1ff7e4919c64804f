//! The pages of reports.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::columns::{Column, columns};
use super::form::{self, Choice};
use super::links;
use super::spoken::{self, Spoken};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::permissions::Action;
use crate::auth::{Member, SignedIn};
use crate::charts::{Chart, Mark};
use crate::console::shell::{Screen, Shell, page};
use crate::http::{Error, Result};
use crate::reports::findings::sentence;
use crate::reports::format::NO_FIGURE;
use crate::reports::names::Names;
use crate::reports::periods::day;
use crate::reports::pictures::picture;
use crate::reports::{self, Asked, Name, Report, csv, format};
use crate::service::survey::SurveyKind;
use crate::text::Texts;

/// A number with its name, above the chart.
pub(super) struct Figure {
    pub(super) label: &'static str,
    pub(super) text: String,
    pub(super) address: Option<String>,
    /// The same of the period before.
    pub(super) before: Option<String>,
}

/// A cell of the table.
pub(super) struct Cell {
    pub(super) label: &'static str,
    pub(super) text: String,
    pub(super) address: Option<String>,
    pub(super) is_number: bool,
}

/// The head of a column of the table.
pub(super) struct Head {
    pub(super) label: &'static str,
    pub(super) is_number: bool,
}

#[derive(Template)]
#[template(path = "console/reports.html")]
struct ListPage {
    t: Texts,
    shell: Shell,
    names: Vec<(Name, bool)>,
    reads_service: bool,
}

impl ListPage {
    fn title(&self, name: &Name) -> &'static str {
        self.t.get(&format!("insight.report.{}", name.as_str()))
    }

    fn question(&self, name: &Name) -> &'static str {
        self.t.get(&format!("insight.question.{}", name.as_str()))
    }
}

#[derive(Template)]
#[template(path = "console/report.html")]
struct ReportPage {
    t: Texts,
    shell: Shell,
    name: Name,
    finding: String,
    figures: Vec<Figure>,
    chart: Option<Chart>,
    heads: Vec<Head>,
    rows: Vec<(String, Vec<Cell>)>,
    left_out: Vec<String>,
    /// What stands beside the rows, as sentences.
    asides: Vec<String>,
    spoken: Option<Spoken>,
    choices: Vec<Choice>,
    from: String,
    to: String,
    zone: String,
    /// What the figures mean.
    explained: String,
    csv: String,
    /// What the address says that no field of the form does.
    hidden: Vec<(String, String)>,
}

impl ReportPage {
    fn title(&self) -> &'static str {
        self.t.get(&format!("insight.report.{}", self.name.as_str()))
    }
}

/// Which reports there are.
pub(super) async fn list(State(app): State<App>, who: SignedIn) -> Result<Html<String>> {
    check(&who)?;
    let mut names = Vec::new();
    for name in Name::ALL {
        let is_there = !name.is_of_survey() || form::first_survey(&app.db, *name).await?.is_some();
        names.push((*name, is_there));
    }
    let reads_service = who.may(Action::ReadService);
    page(&ListPage { t: who.t, shell: Shell::load(&app, &who, Screen::Reports).await?, names, reads_service })
}

/// A report, as a page or as a file.
pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(name): Path<String>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Response> {
    check(&who)?;
    let name = Name::parse(&name).ok_or(Error::NotFound("there is no such report"))?;
    let wants_file = given.iter().any(|(name, value)| name == "format" && value == "csv");
    let given: Vec<_> = given.into_iter().filter(|(name, _)| name != "format").collect();
    if name.is_of_survey() && given.iter().all(|(name, _)| name != "survey") {
        let survey =
            form::first_survey(&app.db, name).await?.ok_or(Error::NotFound("there is no survey for it yet"))?;
        let address = format!("/staff/reports/{}?{}", name.as_str(), form::query(&given, &[("survey", &survey)]));
        return Ok(Redirect::to(&address).into_response());
    }
    let (sites, service) = (app.sites.all().await?, app.service.current().await?);
    let zone = sites.first().map(|site| service.zone_of(site)).unwrap_or(jiff::tz::TimeZone::UTC);
    let parameters = form::parameters(name, given, day(app.clock.now(), &zone));
    let asked = Asked::read(&app, name, parameters.clone()).await?;
    let report = reports::make(&app, &asked).await?;
    if wants_file {
        let name = format!("attachment; filename=\"{}.csv\"", name.as_str());
        let headers =
            [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
        return Ok((headers, csv::text(&report)).into_response());
    }
    let members = Member::all(&app.db).await?;
    let names = Names { t: who.t, asked: &asked, sites: &sites, members: &members, service: &service };
    let choices = form::choices(&names, &app.db).await?;
    let has_field = |name: &str| name == "from" || name == "to" || choices.iter().any(|choice| choice.name == name);
    let hidden = parameters.iter().filter(|(name, _)| !has_field(name)).cloned().collect();
    let csv = format!("/staff/reports/{}?{}", name.as_str(), form::query(&parameters, &[("format", "csv")]));
    let shown = ReportPage {
        t: who.t,
        shell: Shell::load(&app, &who, Screen::Reports).await?,
        name,
        finding: sentence(&names, &report),
        figures: figures(&names, &report),
        chart: picture(&names, &report),
        heads: heads(&names),
        rows: rows(&names, &report),
        left_out: left_out(&names, &report),
        asides: asides(who.t, &report),
        spoken: spoken::shown(&app, who.t, &report).await?,
        choices,
        from: form::typed_day(&asked, asked.from.as_ref(), asked.period.from),
        to: form::typed_day(&asked, asked.to.as_ref(), asked.period.to.map(|to| to - 1)),
        zone: report.time_zone.clone(),
        explained: explained(&names),
        csv,
        hidden,
    };
    Ok(page(&shown)?.into_response())
}

/// What the figures of a report mean; of the scores of a survey, by its kind.
fn explained(names: &Names<'_>) -> String {
    let (t, asked) = (names.t, names.asked);
    let key = match asked.survey.as_ref().map(|survey| survey.kind) {
        Some(SurveyKind::Ces) => "ces",
        Some(SurveyKind::Nps) => "nps",
        _ => asked.name.as_str(),
    };
    let fewest = asked.fewest.to_string();
    let lines = t.get(&format!("insight.crosshair.{}", asked.crosshair.as_str()));
    t.with(&format!("insight.explained.{key}"), &[("fewest", &fewest), ("lines", lines)])
}

/// Refuses whoever may not read reports.
pub(super) fn check(who: &SignedIn) -> Result<()> {
    who.require(Action::ReadReports, "you may not read reports")
}

/// The figures of a report of one row, each with that of the period before.
pub(super) fn figures(names: &Names<'_>, report: &Report) -> Vec<Figure> {
    let ([row], true) = (report.rows.as_slice(), report.by == reports::By::All) else { return Vec::new() };
    let before = report.before.as_ref().and_then(|before| before.rows.first());
    let figure = |column: &Column| Figure {
        label: names.t.get(column.label),
        text: column.cell(names.t, row),
        address: column.cases.and_then(|cases| links::cases(names, &row.group, cases)),
        before: before.map(|before| column.cell(names.t, before)).filter(|text| text != NO_FIGURE),
    };
    // Words say something of a figure beside them; without that one they are no figure of their own.
    let is_shown = |column: &&Column| !column.is_text() || column.cell(names.t, row) != NO_FIGURE;
    columns(names.asked).iter().filter(is_shown).map(figure).collect()
}

/// The heads of the columns of a report's table.
pub(super) fn heads(names: &Names<'_>) -> Vec<Head> {
    let head = |column: &Column| Head { label: names.t.get(column.label), is_number: !column.is_text() };
    columns(names.asked).iter().map(head).collect()
}

/// The rows of a report as a table has them: the name of each group, and its cells.
pub(super) fn rows(names: &Names<'_>, report: &Report) -> Vec<(String, Vec<Cell>)> {
    let columns = columns(names.asked);
    let row = |row: &reports::Row| {
        let cell = |column: &Column| Cell {
            label: names.t.get(column.label),
            text: column.cell(names.t, row),
            address: column.cases.and_then(|cases| links::cases(names, &row.group, cases)),
            is_number: !column.is_text(),
        };
        (names.group(&row.group), columns.iter().map(cell).collect())
    };
    // Of the hours of a week only those are read in which something was.
    let is_shown = |row: &&reports::Row| row.n > 0 || report.by != reports::By::WeekdayHour;
    report.rows.iter().filter(is_shown).map(row).collect()
}

/// What does not count, as sentences.
fn left_out(names: &Names<'_>, report: &Report) -> Vec<String> {
    let some = report.left_out.iter().filter(|(_, n)| **n > 0);
    some.map(|(reason, n)| names.t.count(&format!("insight.left_out.{reason}"), *n)).collect()
}

/// What a report says beside its rows: of customers, who is silent, and what check calls found.
fn asides(t: Texts, report: &Report) -> Vec<String> {
    let (Name::Customers, Some(overall)) = (report.report, &report.overall) else { return Vec::new() };
    let calls = &overall["check_calls"];
    let number = |value: &serde_json::Value| format::count(value.as_i64().unwrap_or_default());
    let (called, reached) = (number(&calls["called"]), number(&calls["reached"]));
    let (answered, not_solved) = (number(&calls["n"]), number(&calls["not_solved"]));
    let values =
        [("called", called.as_str()), ("reached", &reached), ("answered", &answered), ("not_solved", &not_solved)];
    let of_calls = match (calls["called"].as_i64(), calls["value"].as_f64()) {
        (Some(0) | None, _) => t.get("insight.aside.no_check_calls").to_owned(),
        (_, None) => t.with("insight.aside.check_calls_few", &values),
        (_, Some(share)) => {
            let share = format::share(share);
            t.with("insight.aside.check_calls", &[values.as_slice(), &[("share", share.as_str())]].concat())
        }
    };
    vec![t.count("insight.aside.silent", overall["silent"].as_u64().unwrap_or_default()), of_calls]
}
