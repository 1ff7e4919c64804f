//! The start page: what a member has to do today, and how well their teams keep what was promised.

pub mod counts;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;

use self::counts::{Attainment, Mine};
use super::inbox::asked::Asked;
use super::inbox::filter::{Filter, InboxQuery, Tab};
use super::inbox::rows;
use super::shell::{Screen, Shell, page};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::guard::START;
use crate::auth::permissions::Action;
use crate::auth::{Role, SignedIn};
use crate::cases::access::Visibility;
use crate::cases::tasks::{Task, WithoutTeam};
use crate::cases::{Status, query};
use crate::clock::{Millis, day_of, rfc3339, week_of};
use crate::http::Result;
use crate::inbound::Received;
use crate::sites::Site;
use crate::text::Texts;

/// Tasks that are listed; whoever has more begins with the first ones.
const TASKS: i64 = 20;

/// `/staff`.
pub fn router() -> Router<App> {
    Router::new().route(START, get(show)).route("/staff/", get(show))
}

#[derive(Template)]
#[template(path = "console/today.html")]
struct TodayPage {
    t: Texts,
    shell: Shell,
    mine: Mine,
    /// New cases that nobody has, for each team of the reader.
    unassigned: Vec<Unassigned>,
    tasks: Vec<ShownTask>,
    attainment: Vec<ShownAttainment>,
    /// How many emails wait to be looked at, for whoever may take them.
    held_mails: Option<String>,
}

/// New cases of a team that nobody has taken.
struct Unassigned {
    /// The name of the team; none for cases that no team has.
    team: Option<String>,
    count: String,
    address: String,
}

struct ShownTask {
    title: String,
    case_id: String,
    case: String,
    due: Option<(String, String)>,
    is_overdue: bool,
}

struct ShownAttainment {
    team: String,
    percent: String,
    met: i64,
    all: i64,
}

async fn show(State(app): State<App>, who: SignedIn) -> Result<Html<String>> {
    let sites = app.sites.all().await?;
    let zone = app.service.current().await?.zone_of_first(&sites);
    let now = app.clock.now();
    page(&TodayPage {
        t: who.t,
        shell: Shell::load(&app, &who, Screen::Today).await?,
        mine: Mine::count(&app.db, &who.member.id, now, day_of(now, &zone)).await?,
        unassigned: unassigned(&app, &who, &sites).await?,
        tasks: tasks(&app, &who, now).await?,
        attainment: attainment(&app, &who, now, week_of(now, &zone)).await?,
        held_mails: held_mails(&app, &who).await?,
    })
}

async fn held_mails(app: &App, who: &SignedIn) -> Result<Option<String>> {
    if !who.may(Action::ManageMail) {
        return Ok(None);
    }
    let held = u64::try_from(Received::count_held(&app.db).await?).unwrap_or_default();
    Ok((held > 0).then(|| who.t.count("desk.today.held_mails", held)))
}

/// What nobody has taken yet, by the same search and with the same numbers as the inbox that each leads to.
async fn unassigned(app: &App, who: &SignedIn, sites: &[Arc<Site>]) -> Result<Vec<Unassigned>> {
    let service = app.service.current().await?;
    let named = |key: &String| service.team(key).map_or_else(|| key.clone(), |team| team.name.to_string());
    let mut teams: Vec<(String, Option<String>)> =
        who.standing.teams.iter().map(|key| (key.clone(), Some(named(key)))).collect();
    if who.standing.sees_cases_without_team() {
        teams.push(("none".to_owned(), None));
    }
    let mut all = Vec::with_capacity(teams.len());
    for (team, name) in teams {
        let query = InboxQuery::of(&[("status", "new"), ("owner", "nobody"), ("team", &team)]);
        let filter = Filter::read(query, Visibility::of(&who.standing), (0, 0));
        let tab = Tab::One(Status::New);
        let counts = rows::counts(app, &Asked::without_text(&filter, &who.member.id, sites)).await?;
        all.push(Unassigned { team: name, count: counts.of(&tab), address: filter.address_of(&tab) });
    }
    Ok(all)
}

/// The tasks for the reader and their teams, and those of nobody that come to them by their cases, those first that are due first.
async fn tasks(app: &App, who: &SignedIn, now: Millis) -> Result<Vec<ShownTask>> {
    let without_team = match who.standing.sees_cases_without_team() {
        true => WithoutTeam::Seen,
        false => WithoutTeam::Hidden,
    };
    let tasks = Task::open_for(&app.db, &who.member.id, &who.standing.teams, without_team, TASKS).await?;
    let ids: Vec<String> = tasks.iter().map(|task| task.case_id.clone()).collect();
    let numbers = query::numbers(&app.db, &ids).await?;
    let shown = tasks.into_iter().map(|task| ShownTask {
        case: numbers.get(&task.case_id).map_or_else(String::new, |number| format!("#{number}")),
        is_overdue: task.due_at.is_some_and(|due| due < now),
        due: task.due_at.map(|due| (rfc3339(due), who.t.moment(due))),
        title: task.title,
        case_id: task.case_id,
    });
    Ok(shown.collect())
}

/// How many promises were kept this week, for each team of the reader; for those who see everything, for all teams.
async fn attainment(app: &App, who: &SignedIn, now: Millis, week: (Millis, Millis)) -> Result<Vec<ShownAttainment>> {
    let service = app.service.current().await?;
    let teams: Vec<String> = match who.standing.role {
        Role::Admin | Role::Manager | Role::Viewer => service.teams.iter().map(|team| team.key.to_string()).collect(),
        Role::Agent => who.standing.teams.clone(),
        Role::Partner => Vec::new(),
    };
    let counted = Attainment::of_teams(&app.db, &teams, week, now).await?;
    let shown = teams.iter().filter_map(|key| {
        let of_team = counted.iter().find(|one| one.team == *key)?;
        Some(ShownAttainment {
            team: service.team(key).map_or_else(|| key.clone(), |team| team.name.to_string()),
            percent: of_team.percent().to_string(),
            met: of_team.met,
            all: of_team.all,
        })
    });
    Ok(shown.collect())
}
