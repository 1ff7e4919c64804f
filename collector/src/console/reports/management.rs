//! The management report: the findings of a period in sentences, and below them the picture and the figures that each rests on, made to be printed. With a team
//! in its address it is the team's.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::form;
use super::page::{Cell, Figure, Head, check, figures, heads, rows};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::{Member, SignedIn};
use crate::charts::{Chart, Mark};
use crate::console::shell::{Screen, Shell, page};
use crate::http::Result;
use crate::reports::findings::sentence;
use crate::reports::names::Names;
use crate::reports::periods::day;
use crate::reports::pictures::picture;
use crate::reports::{self, Asked, By, Name, Report};
use crate::text::Texts;

/// What it is made of, in the order of what a company asks itself: how much, is it getting worse, what hurts most, are promises kept, are customers content,
/// and who needs help.
const PARTS: [(Name, By); 9] = [
    (Name::Overview, By::All),
    (Name::Quality, By::Week),
    (Name::Quality, By::Category),
    (Name::Causes, By::Problem),
    (Name::Promises, By::Team),
    (Name::Satisfaction, By::All),
    (Name::Effort, By::All),
    (Name::Workload, By::Member),
    (Name::Customers, By::Tier),
];

/// Rows of a table at most; the report itself has them all.
const ROWS: usize = 12;

/// A part of it.
pub(super) struct Part {
    pub(super) title: String,
    pub(super) question: &'static str,
    pub(super) finding: String,
    pub(super) figures: Vec<Figure>,
    pub(super) chart: Option<Chart>,
    pub(super) heads: Vec<Head>,
    pub(super) rows: Vec<(String, Vec<Cell>)>,
    /// Where the whole report is.
    pub(super) address: String,
    /// From when until when, if it is another time than that of the others.
    pub(super) period: Option<String>,
}

impl Part {
    pub(super) fn of(names: &Names<'_>, report: &Report, address: String, period: Option<String>) -> Self {
        let t = names.t;
        let mut shown = if report.by == By::All { Vec::new() } else { rows(names, report) };
        // Of a time it is the end that counts, of everything else the largest.
        match report.by.unit() {
            Some(_) => _ = shown.drain(..shown.len().saturating_sub(ROWS)),
            None => shown.truncate(ROWS),
        }
        Self {
            title: title(t, report.report, report.by),
            question: t.get(&format!("insight.question.{}", report.report.as_str())),
            finding: sentence(names, report),
            figures: figures(names, report),
            chart: picture(names, report),
            heads: heads(names, report),
            rows: shown,
            address,
            period,
        }
    }
}

#[derive(Template)]
#[template(path = "console/management.html")]
struct ManagementPage {
    t: Texts,
    shell: Shell,
    /// Whose report it is: the company's, or a team's.
    whose: String,
    parts: Vec<Part>,
    from: String,
    to: String,
    /// The same as people write it.
    period: String,
    teams: Vec<(String, String, bool)>,
    sites: Vec<(String, String, bool)>,
}

/// `/staff/reports/management?from=&to=&site=&team=`: of the last whole month unless something else is asked for.
pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Html<String>> {
    check(&who)?;
    let (sites, service) = (app.sites.all().await?, app.service.current().await?);
    let zone = sites.first().map(|site| service.zone_of(site)).unwrap_or(jiff::tz::TimeZone::UTC);
    let mut parameters: Vec<(String, String)> = given.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    if parameters.iter().all(|(name, _)| name != "from" && name != "to") {
        let (from, to) = last_month(day(app.clock.now(), &zone));
        parameters.extend([("from".to_owned(), from.to_string()), ("to".to_owned(), to.to_string())]);
    }
    let members = Member::all(&app.db).await?;
    let mut parts = Vec::with_capacity(PARTS.len());
    let mut shown = None;
    for (name, by) in PARTS {
        let with_by = [parameters.as_slice(), &[("by".to_owned(), by.as_str().to_owned())]].concat();
        let (parameters, period) = match by {
            By::Week => half_a_year(who.t, with_by),
            _ => (with_by, None),
        };
        let asked = Asked::read(&app, name, parameters.clone()).await?;
        let report = reports::make(&app, &asked).await?;
        let names = Names { t: who.t, asked: &asked, sites: &sites, members: &members, service: &service };
        let address = format!("/staff/reports/{}?{}", name.as_str(), form::query(&parameters, &[]));
        parts.push(Part::of(&names, &report, address, period));
        shown.get_or_insert(asked);
    }
    let asked = shown.ok_or_else(|| anyhow::anyhow!("a management report has parts"))?;
    let team = asked.filter.team.clone().flatten();
    let typed = [
        form::typed_day(&asked, asked.from.as_ref(), asked.period.from),
        form::typed_day(&asked, asked.to.as_ref(), asked.period.to.map(|to| to - 1)),
    ];
    let said = |typed: &str| typed.parse::<Date>().map_or_else(|_| "…".to_owned(), |date| who.t.date(date));
    let period = period(who.t, &said(&typed[0]), &said(&typed[1]));
    let teams = service.teams.iter().map(|one| {
        let key = one.key.to_string();
        let is_chosen = team.as_ref() == Some(&key);
        (key, one.name.to_string(), is_chosen)
    });
    let of_site = sites.iter().map(|site| {
        let is_chosen = asked.filter.site_id.as_deref() == Some(site.id());
        (site.key().to_owned(), site.name().to_owned(), is_chosen)
    });
    let (teams, of_site): (Vec<_>, Vec<_>) = (teams.collect(), of_site.collect());
    let chosen = |all: &[(String, String, bool)]| {
        all.iter().find(|(_, _, is_chosen)| *is_chosen).map(|(_, name, _)| name.clone())
    };
    let whose = [chosen(&of_site), chosen(&teams)].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let [from, to] = typed;
    page(&ManagementPage {
        t: who.t,
        shell: Shell::load(&app, &who, Screen::Reports).await?,
        whose: if whose.is_empty() { who.t.get("insight.management.company").to_owned() } else { whose },
        parts,
        from,
        to,
        period,
        teams,
        sites: of_site,
    })
}

fn title(t: Texts, name: Name, by: By) -> String {
    let name = t.get(&format!("insight.report.{}", name.as_str()));
    match by {
        By::All => name.to_owned(),
        by => format!("{name} · {}", t.get(&format!("insight.by.{}", by.as_str()))),
    }
}

/// The same for the weeks that a control chart needs for its limits, up to the end of the period that is asked for; and which those are, in words.
pub(super) fn half_a_year(t: Texts, mut parameters: Vec<(String, String)>) -> (Vec<(String, String)>, Option<String>) {
    let to = parameters.iter().find(|(name, _)| name == "to").and_then(|(_, to)| to.parse::<Date>().ok());
    let Some((from, to)) = to.and_then(|to| Some((to.checked_sub((26 * 7 - 1).days()).ok()?, to))) else {
        return (parameters, None);
    };
    parameters.retain(|(name, _)| name != "from");
    parameters.push(("from".to_owned(), from.to_string()));
    (parameters, Some(period(t, &t.date(from), &t.date(to))))
}

pub(super) fn period(t: Texts, from: &str, to: &str) -> String {
    t.with("insight.management.period", &[("from", from), ("to", to)])
}

/// The first and the last day of the month before a day.
fn last_month(today: Date) -> (Date, Date) {
    let last = today.first_of_month().yesterday().unwrap_or(today);
    (last.first_of_month(), last)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::last_month;

    #[test]
    fn a_month_has_its_own_length() {
        assert_eq!(last_month(date(2028, 3, 31)), (date(2028, 2, 1), date(2028, 2, 29)));
        assert_eq!(last_month(date(2027, 1, 1)), (date(2026, 12, 1), date(2026, 12, 31)));
    }
}
