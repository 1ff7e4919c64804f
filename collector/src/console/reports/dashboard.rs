//! A dashboard for each role: what a member did in a week, how a team does, and how the company does, with filters in the address.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;

use super::parts::{Part, Wanted, Whole, period};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::permissions::ReportReach;
use crate::auth::{Member, Role, SignedIn};
use crate::charts::Mark;
use crate::console::shell::{Screen, Shell, page};
use crate::http::{Error, Result};
use crate::reports::periods::day;
use crate::reports::{By, Name};
use crate::text::Texts;

/// Whose dashboard it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    Mine,
    Team,
    Company,
}

impl View {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Team => "team",
            Self::Company => "company",
        }
    }

    /// Of so many days it is, unless something is said.
    const fn days(self) -> i64 {
        if matches!(self, Self::Mine) { 7 } else { 28 }
    }

    /// What it shows.
    const fn parts(self) -> &'static [(Name, By)] {
        match self {
            Self::Mine => &[
                (Name::Overview, By::All),
                (Name::Overview, By::Week),
                (Name::Promises, By::Promise),
                (Name::Satisfaction, By::All),
            ],
            Self::Team => &[
                (Name::Overview, By::All),
                (Name::Overview, By::Week),
                (Name::Workload, By::Member),
                (Name::Promises, By::Member),
                (Name::Satisfaction, By::All),
                (Name::Causes, By::Problem),
            ],
            Self::Company => &[
                (Name::Overview, By::All),
                (Name::Quality, By::Week),
                (Name::Causes, By::Problem),
                (Name::Promises, By::Team),
                (Name::Satisfaction, By::Team),
                (Name::Customers, By::Tier),
            ],
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DashboardQuery {
    view: String,
    team: String,
    site: String,
    from: String,
    to: String,
}

#[derive(Template)]
#[template(path = "console/dashboard.html")]
struct DashboardPage {
    t: Texts,
    shell: Shell,
    view: View,
    /// Those that the reader has.
    views: Vec<View>,
    /// The teams that may be chosen: key, name, and whether it is.
    teams: Vec<(String, String, bool)>,
    /// The sites, where there are several.
    sites: Vec<(String, String, bool)>,
    parts: Vec<Part>,
    from: String,
    to: String,
    period: String,
}

impl DashboardPage {
    fn is_shown(&self, view: &View) -> bool {
        *view == self.view
    }

    fn name(&self, view: &View) -> &'static str {
        self.t.get(&format!("insight.dashboard.{}", view.as_str()))
    }
}

/// `GET /staff/dashboard`.
pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<DashboardQuery>,
) -> Result<Html<String>> {
    if who.standing.role == Role::Partner {
        return Err(Error::Forbidden("partners have no dashboard".into()));
    }
    let reach = who.standing.report_reach();
    let (sites, service) = (app.sites.all().await?, app.service.current().await?);
    let views = views(reach.as_ref(), !service.teams.is_empty());
    let view = match query.view.as_str() {
        "" => views[0],
        word => *views
            .iter()
            .find(|view| view.as_str() == word)
            .ok_or_else(|| Error::Forbidden("this dashboard is not yours".into()))?,
    };
    let zone = service.zone_of_first(&sites);
    let (from, to) = dates(&query, view, day(app.clock.now(), &zone));
    let is_led = |key: &str| match &reach {
        Some(ReportReach::All) => true,
        Some(ReportReach::Teams(keys)) => keys.iter().any(|led| led == key),
        None => false,
    };
    let all_teams = service.teams.iter().filter(|team| is_led(team.key.as_str()));
    let team = match (view, query.team.as_str()) {
        (View::Team, "") => all_teams.clone().next(),
        (View::Team, key) => all_teams.clone().find(|team| team.key.as_str() == key),
        _ => None,
    };
    let mut parameters = vec![("from".to_owned(), from.to_string()), ("to".to_owned(), to.to_string())];
    match (view, team) {
        (View::Mine, _) => parameters.push(("member".to_owned(), who.member.email.clone())),
        (View::Team, Some(team)) => parameters.push(("team".to_owned(), team.key.to_string())),
        (View::Team, None) => return Err(Error::Forbidden("this team is not yours".into())),
        (View::Company, _) => {}
    }
    let site = sites.iter().find(|site| site.key() == query.site);
    parameters.extend(site.map(|site| ("site".to_owned(), site.key().to_owned())));
    let members = Member::all(&app.db).await?;
    let wanted = Wanted { app: &app, t: who.t, sites: &sites, members: &members, service: &service, parameters };
    // Whoever reads no reports sees their own figures here alone.
    let whole = match (view, &reach) {
        (View::Mine, None | Some(ReportReach::Teams(_))) => Whole::Unlinked,
        _ => Whole::Linked,
    };
    let parts = wanted.parts(view.parts(), whole).await?;
    let teams = all_teams.map(|one| {
        let is_chosen = team.is_some_and(|team| team.key == one.key);
        (one.key.to_string(), one.name.to_string(), is_chosen)
    });
    let of_site = sites.iter().filter(|_| sites.len() > 1).map(|one| {
        let is_chosen = site.is_some_and(|site| site.id() == one.id());
        (one.key().to_owned(), one.name().to_owned(), is_chosen)
    });
    let of_site = of_site.collect();
    let period = period(who.t, &who.t.date(from), &who.t.date(to));
    let teams = if view == View::Team { teams.collect() } else { Vec::new() };
    let shell = Shell::load(&app, &who, Screen::Reports).await?;
    page(&DashboardPage {
        t: who.t,
        shell,
        view,
        views,
        teams,
        sites: of_site,
        parts,
        from: from.to_string(),
        to: to.to_string(),
        period,
    })
}

/// The dashboards that somebody has, their own role's first.
fn views(reach: Option<&ReportReach>, has_teams: bool) -> Vec<View> {
    let team = has_teams.then_some(View::Team);
    match reach {
        Some(ReportReach::All) => [View::Company].into_iter().chain(team).chain([View::Mine]).collect(),
        Some(ReportReach::Teams(_)) => vec![View::Team, View::Mine],
        None => vec![View::Mine],
    }
}

/// From which day until which: what the address says as far as it makes sense, else the last days.
fn dates(query: &DashboardQuery, view: View, today: Date) -> (Date, Date) {
    let to = query.to.parse::<Date>().unwrap_or(today);
    let first = to.checked_sub((view.days() - 1).days()).unwrap_or(to);
    let from = query.from.parse::<Date>().ok().filter(|from| *from <= to).unwrap_or(first);
    (from, to)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_dashboard_is_of_the_last_days_unless_the_address_says_which() {
        let today = date(2026, 11, 30);
        let query = |from: &str, to: &str| DashboardQuery {
            from: from.to_owned(),
            to: to.to_owned(),
            ..DashboardQuery::default()
        };
        assert_eq!(dates(&query("", ""), View::Mine, today), (date(2026, 11, 24), today));
        assert_eq!(dates(&query("", "2026-11-01"), View::Team, today), (date(2026, 10, 5), date(2026, 11, 1)));
        assert_eq!(
            dates(&query("2027-01-01", "x"), View::Company, today),
            (date(2026, 11, 3), today),
            "nonsense is left out"
        );
    }
}
