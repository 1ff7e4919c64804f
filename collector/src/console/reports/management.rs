//! The management report: the findings of a period in sentences, and below them the picture and the figures that each rests on, made to be printed. With a team
//! in its address it is the team's.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use jiff::civil::Date;

use super::form;
use super::page::check;
use super::parts::{Part, Wanted, Whole, period};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::{Member, SignedIn};
use crate::charts::Mark;
use crate::console::shell::{Screen, Shell, page};
use crate::http::Result;
use crate::reports::periods::day;
use crate::reports::{Asked, By, Name};
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
    let asked = Asked::read(&app, PARTS[0].0, parameters.clone()).await?;
    let wanted = Wanted { app: &app, t: who.t, sites: &sites, members: &members, service: &service, parameters };
    let parts = wanted.parts(&PARTS, Whole::Linked).await?;
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
