//! The pages of reports.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::asides::{self, Cause};
use super::choices::{Choice, choices};
use super::columns::{Column, shown};
use super::form;
use super::links;
use super::spoken::{self, Spoken};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::permissions::{Action, ReportReach};
use crate::auth::{Member, SignedIn};
use crate::charts::{Chart, Mark};
use crate::console::shell::{Screen, Shell, page};
use crate::http::{Error, Result};
use crate::reports::download::{table, workbook};
use crate::reports::findings::sentence;
use crate::reports::format::NO_FIGURE;
use crate::reports::names::Names;
use crate::reports::periods::day;
use crate::reports::pictures::{picture, shows_before};
use crate::reports::{self, Asked, By, Name, Report};
use crate::service::survey::SurveyKind;
use crate::text::Texts;

/// A number with its name, above the chart.
pub(super) struct Figure {
    pub(super) label: &'static str,
    pub(super) text: String,
    pub(super) address: Option<String>,
    /// The same of the period before.
    pub(super) before: Option<String>,
    /// What belongs to it, such as its interval: labels and values.
    pub(super) notes: Vec<(&'static str, String)>,
}

/// A cell of the table.
pub(super) struct Cell {
    pub(super) label: &'static str,
    pub(super) text: String,
    pub(super) address: Option<String>,
    pub(super) is_number: bool,
    /// The same of the period before.
    pub(super) before: Option<String>,
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
    /// Whether they are the company's, and not a team's alone.
    reads_all: bool,
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
    /// Whether the chart shows the period before too.
    chart_before: bool,
    heads: Vec<Head>,
    rows: Vec<(String, Vec<Cell>)>,
    left_out: Vec<String>,
    /// What stands beside the rows, as sentences.
    asides: Vec<String>,
    /// Where the cases of silent customers are.
    silent: Option<String>,
    /// What complaints are about.
    causes: Vec<Cause>,
    spoken: Option<Spoken>,
    choices: Vec<Choice>,
    /// Whether the reader has the company's reports, and not a team's alone.
    reads_all: bool,
    from: String,
    to: String,
    zone: String,
    /// What the figures mean.
    explained: String,
    /// The report as a file: what kind, and where.
    files: [(&'static str, String); 2],
    /// What the address says that no field of the form does.
    hidden: Vec<(String, String)>,
}

impl ReportPage {
    /// Whether it speaks of hours on duty, which can be entered.
    fn is_of_work(&self) -> bool {
        self.name == Name::Workload && self.reads_all
    }

    /// Whether it speaks of check calls, which have a page.
    fn is_of_customers(&self) -> bool {
        self.name == Name::Customers
    }

    fn title(&self) -> &'static str {
        self.t.get(&format!("insight.report.{}", self.name.as_str()))
    }
}

/// Which reports there are.
pub(super) async fn list(State(app): State<App>, who: SignedIn) -> Result<Html<String>> {
    let reach = reach(&who)?;
    let is_read = |name: &&Name| reach == ReportReach::All || name.is_of_team();
    let mut names = Vec::new();
    for name in Name::ALL.iter().filter(is_read) {
        let is_there = !name.is_of_survey() || form::first_survey(&app.db, *name).await?.is_some();
        names.push((*name, is_there));
    }
    let reads_service = who.may(Action::ReadService);
    let reads_all = reach == ReportReach::All;
    page(&ListPage {
        t: who.t,
        reads_all,
        shell: Shell::load(&app, &who, Screen::Reports).await?,
        names,
        reads_service,
    })
}

/// A report, as a page or as a file.
pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(name): Path<String>,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Response> {
    let reach = reach(&who)?;
    let name = Name::parse(&name).ok_or(Error::NotFound("there is no such report"))?;
    let file = given.iter().find(|(name, value)| name == "format" && matches!(value.as_str(), "csv" | "xlsx"));
    let file = file.map(|(_, format)| format.clone());
    let given: Vec<_> = given.into_iter().filter(|(name, _)| name != "format").collect();
    if let ReportReach::Teams(keys) = &reach {
        let has = |wanted: &str| given.iter().any(|(field, value)| field == wanted && !value.is_empty());
        let team = given.iter().find(|(field, value)| field == "team" && !value.is_empty());
        match team {
            Some((_, key)) if keys.contains(key) && name.is_of_team() && !has("survey") => {}
            None if name.is_of_team() && !has("survey") => {
                let query = form::query(&given, &[("team", &keys[0])]);
                return Ok(Redirect::to(&format!("/staff/reports/{}?{query}", name.as_str())).into_response());
            }
            _ => return Err(Error::Forbidden("whoever leads a team reads its reports, and no others".into())),
        }
    }
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
    match file.as_deref() {
        Some("xlsx") => return workbook(&report),
        Some(_) => return Ok(table(&report)),
        None => {}
    }
    let members = Member::all(&app.db).await?;
    let names = Names { t: who.t, asked: &asked, sites: &sites, members: &members, service: &service };
    let choices = choices(&names, &app.db, &reach).await?;
    let spoken = match reach {
        ReportReach::All => spoken::shown(&app, who.t, &report).await?,
        // It is learnt from the cases of all teams.
        ReportReach::Teams(_) => None,
    };
    let has_field = |name: &str| name == "from" || name == "to" || choices.iter().any(|choice| choice.name == name);
    let hidden = parameters.iter().filter(|(name, _)| !has_field(name)).cloned().collect();
    let address =
        |format: &str| format!("/staff/reports/{}?{}", name.as_str(), form::query(&parameters, &[("format", format)]));
    let files = [("CSV", address("csv")), ("Excel", address("xlsx"))];
    let shown = ReportPage {
        t: who.t,
        shell: Shell::load(&app, &who, Screen::Reports).await?,
        name,
        finding: sentence(&names, &report),
        figures: figures(&names, &report),
        chart_before: shows_before(&report),
        chart: picture(&names, &report),
        heads: heads(&names, &report),
        rows: rows(&names, &report),
        left_out: left_out(&names, &report),
        asides: asides::sentences(&names, &report),
        silent: asides::silent(&names, &report),
        causes: asides::causes(&names, &report),
        spoken,
        choices,
        reads_all: reach == ReportReach::All,
        from: form::typed_day(&asked, asked.from.as_ref(), asked.period.from),
        to: form::typed_day(&asked, asked.to.as_ref(), asked.period.to.map(|to| to - 1)),
        zone: report.time_zone.clone(),
        explained: explained(&names),
        files,
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
    let explained = t.with(&format!("insight.explained.{key}"), &[("fewest", &fewest), ("lines", lines)]);
    let is_of_hours = matches!(asked.by, By::Hour | By::WeekdayHour);
    let edges = [
        (asked.is_of_cases(), "insight.edges.cases"),
        (!asked.is_of_cases(), "insight.edges.answers"),
        (is_of_hours, "insight.edges.hours"),
    ];
    let edges = edges.into_iter().filter(|(holds, _)| *holds).map(|(_, key)| t.get(key));
    [explained.as_str()].into_iter().chain(edges).collect::<Vec<_>>().join(" ")
}

/// Whose reports somebody reads; refuses who reads none.
pub(super) fn reach(who: &SignedIn) -> Result<ReportReach> {
    who.standing.report_reach().ok_or_else(|| Error::Forbidden("you may not read reports".into()))
}

/// Refuses whoever may not read the company's reports.
pub(super) fn check(who: &SignedIn) -> Result<()> {
    who.require(Action::ReadReports, "you may not read reports")
}

/// The figures of a report of one row, each with that of the period before.
pub(super) fn figures(names: &Names<'_>, report: &Report) -> Vec<Figure> {
    let ([row], true) = (report.rows.as_slice(), report.by == reports::By::All) else { return Vec::new() };
    let before = report.before.as_ref().and_then(|before| before.rows.first());
    let mut figures: Vec<Figure> = Vec::new();
    for column in shown(names.asked, &report.rows) {
        let (label, text) = (names.t.get(column.label), column.cell(names.t, row));
        match figures.last_mut() {
            // Words and intervals say something of the figure before them, and are none of their own.
            Some(figure) if column.is_note() => figure.notes.extend((text != NO_FIGURE).then_some((label, text))),
            _ => figures.push(Figure {
                label,
                text,
                address: column.cases.and_then(|cases| links::cases(names, row, cases)),
                before: before.map(|before| column.cell(names.t, before)).filter(|text| text != NO_FIGURE),
                notes: Vec::new(),
            }),
        }
    }
    figures
}

/// The heads of the columns of a report's table.
pub(super) fn heads(names: &Names<'_>, report: &Report) -> Vec<Head> {
    let head = |column: &Column| Head { label: names.t.get(column.label), is_number: !column.is_text() };
    shown(names.asked, &report.rows).into_iter().map(head).collect()
}

/// The rows of a report as a table has them: the name of each group, and its cells.
pub(super) fn rows(names: &Names<'_>, report: &Report) -> Vec<(String, Vec<Cell>)> {
    let columns = shown(names.asked, &report.rows);
    let row = |(at, row): (usize, &reports::Row)| {
        let before = report.row_before(at);
        let cell = |column: &Column| Cell {
            label: names.t.get(column.label),
            text: column.cell(names.t, row),
            address: column.cases.and_then(|cases| links::cases(names, row, cases)),
            is_number: !column.is_text(),
            before: before
                .filter(|_| !column.is_text())
                .map(|before| column.cell(names.t, before))
                .filter(|text| text != NO_FIGURE),
        };
        (names.group(&row.group), columns.iter().copied().map(cell).collect())
    };
    // Of the hours of a week only those are read in which something was.
    let is_shown = |row: &(usize, &reports::Row)| row.1.n > 0 || report.by != reports::By::WeekdayHour;
    report.rows.iter().enumerate().filter(is_shown).map(row).collect()
}

/// What does not count, as sentences.
fn left_out(names: &Names<'_>, report: &Report) -> Vec<String> {
    let some = report.left_out.iter().filter(|(_, n)| **n > 0);
    some.map(|(reason, n)| names.t.count(&format!("insight.left_out.{reason}"), *n)).collect()
}
