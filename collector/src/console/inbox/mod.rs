//! The inbox: cases by status, kind, site, owner and text, newest first. All of it is in the address, so it works without
//! script and can be bookmarked.

pub mod asked;
mod bulk;
mod excerpt;
mod export;
pub mod filter;
pub mod look;
pub mod reported;
pub mod rows;
mod views;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Html;
use axum::routing::{get, post};
use sayso_shared::Kind;

use self::asked::Asked;
use self::bulk::Done;
use self::filter::{Filter, Owner, Tab};
use self::look::{Column, Layout, Look};
use self::rows::{Counts, Page, Row};
use self::views::{Audiences, ShownView};
use super::shell::{Screen, Shell, page};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::guard::HOME;
use crate::auth::{Member, Role, SignedIn};
use crate::cases::access::Visibility;
use crate::cases::listing::Sort;
use crate::cases::search::query::{LENGTH_MAX, PARTS_MAX};
use crate::cases::search::{Field, QueryError};
use crate::cases::{Priority, Quarantine};
use crate::clock::day_of;
use crate::http::Result;
use crate::http::body::fresh_key;
use crate::service::objects::Team;
use crate::sites::Site;
use crate::text::Texts;

/// `/staff/cases`.
pub fn router() -> Router<App> {
    Router::new()
        .route(HOME, get(inbox))
        .route("/staff/cases/export", post(export::export))
        .merge(views::router())
        .merge(bulk::router())
        .merge(look::router())
        .route("/staff/cases/none", get(nothing_chosen))
}

#[derive(Template)]
#[template(path = "console/inbox.html")]
struct InboxPage {
    t: Texts,
    shell: Shell,
    filter: Filter,
    look: Look,
    counts: Counts,
    rows: Vec<Row>,
    next: Option<String>,
    is_partial: bool,
    search_error: Option<String>,
    sites: Vec<Arc<Site>>,
    members: Vec<Member>,
    teams: Vec<(String, String)>,
    /// The keys of those that the reader belongs to.
    own_teams: Vec<String>,
    views: Vec<ShownView>,
    /// Whom the reader may save a view for, beside themselves.
    audiences: Audiences,
    me: String,
    /// What was done to several cases just now.
    bulk_done: Option<Done>,
    /// By what the form for several cases is told from the same one sent again.
    bulk_key: String,
    /// Whether the reader is one of the company, who sees who the customers are and what is suspected.
    sees_contacts: bool,
    /// Whether an export may say who the customers are.
    exports_contacts: bool,
}

impl InboxPage {
    fn tab_text(&self, tab: &Tab) -> &'static str {
        match *tab {
            Tab::Open => self.t.get("console.inbox.open"),
            Tab::All => self.t.get("console.inbox.all"),
            Tab::One(status) => self.t.get(&format!("common.status.{}", status.as_str())),
            Tab::Suspected(Quarantine::Held) => self.t.get("console.quarantine.held"),
            Tab::Suspected(Quarantine::Discarded) => self.t.get("console.quarantine.discarded"),
        }
    }

    /// What has to be known about the cases of the quarantine.
    fn about_quarantine(&self) -> Option<&'static str> {
        match self.filter.tab {
            Tab::Suspected(Quarantine::Held) => Some(self.t.get("console.quarantine.text")),
            Tab::Suspected(Quarantine::Discarded) => Some(self.t.get("console.quarantine.text_discarded")),
            _ => None,
        }
    }

    /// What became of a view, as a sentence; the second says whether it is one that went well.
    fn view_done(&self) -> Option<(&'static str, bool)> {
        match self.filter.view {
            "saved" => Some((self.t.get("console.view.saved"), true)),
            "shared" => Some((self.t.get("desk.view.shared"), true)),
            "removed" => Some((self.t.get("console.view.removed"), true)),
            "unnamed" => Some((self.t.get("console.view.unnamed"), false)),
            "many" => Some((self.t.get("console.view.many"), false)),
            _ => None,
        }
    }

    /// Why an export was refused, as a sentence.
    fn export_error(&self) -> Option<&'static str> {
        export::refusal_text(&self.filter.export).map(|key| self.t.get(key))
    }

    /// The filter as a view keeps it.
    fn filter_query(&self) -> String {
        self.filter.address_of(&self.filter.tab).split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default()
    }

    /// What became of a change of several cases, as a sentence.
    fn bulk_text(&self) -> Option<String> {
        if let Some(done) = &self.bulk_done {
            let (changed, refused) = (done.changed.to_string(), done.refused.to_string());
            let key = if done.refused == 0 { "desk.bulk.done" } else { "desk.bulk.done_partly" };
            return Some(self.t.with(key, &[("count", &changed), ("refused", &refused)]));
        }
        let key = match self.filter.bulk.as_str() {
            "none" => "desk.bulk.none",
            "reason" => "desk.bulk.reason_missing",
            "undone" => "desk.bulk.undone",
            "undone-partly" => "desk.bulk.undone_partly",
            _ => return None,
        };
        Some(self.t.get(key).to_owned())
    }

    /// Where the reader is led back to: the page of the list that they chose from.
    fn here(&self) -> String {
        let filter = &self.filter;
        let address = match &filter.before {
            Some(id) => filter.address_before(id),
            None => filter.address_of(&filter.tab),
        };
        address.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default()
    }

    fn layout_text(&self, layout: &Layout) -> &'static str {
        self.t.get(&format!("desk.layout.{}", layout.as_str()))
    }

    fn column_text(&self, column: &Column) -> &'static str {
        self.t.get(&format!("desk.column.{}", column.as_str()))
    }

    /// Whether the open case stands beside the list.
    fn is_split(&self) -> bool {
        self.look.layout() == Layout::Split
    }

    /// Where the link of a row leads: to the page of the case; beside the open case also into its pane, and the style sheet shows one of both.
    fn targets(&self) -> &'static [Option<&'static str>] {
        if self.is_split() { &[Some("case"), None] } else { &[None] }
    }

    /// What stands in the pane.
    fn pane(&self) -> String {
        format!("{HOME}/{}", self.filter.open.as_deref().unwrap_or("none"))
    }

    /// Whether a case stands in the pane.
    fn is_open(&self, row: &Row) -> bool {
        self.is_split() && self.filter.open.as_deref() == Some(row.id.as_str())
    }

    /// Whether several cases can be chosen and changed at once.
    fn may_pick(&self) -> bool {
        self.shell.may_act && self.sees_contacts && self.about_quarantine().is_none()
    }

    fn customer<'a>(&self, row: &'a Row) -> &'a str {
        let unnamed = if self.sees_contacts { "console.anonymous" } else { "console.case.customer" };
        row.customer.as_deref().unwrap_or_else(|| self.t.get(unnamed))
    }

    /// Who works on a case, as far as it is to be shown.
    fn whose(&self, row: &Row) -> String {
        let team = row.team.as_deref().filter(|_| self.look.shows(Column::Team));
        let owner = row.owner.as_deref().filter(|_| self.look.shows(Column::Owner));
        team.into_iter().chain(owner).collect::<Vec<_>>().join(" · ")
    }

    /// The order that pressing the head of a column gives, if there is one.
    fn sort_address(&self, column: &Column) -> Option<String> {
        let sort = match column {
            Column::Received if self.filter.sort == Sort::Newest => Sort::Oldest,
            Column::Received => Sort::Newest,
            Column::Due => Sort::Due,
            Column::Updated => Sort::Updated,
            _ => return None,
        };
        Some(self.filter.address_sorted(sort))
    }

    /// How a column is ordered, as a screen reader says it.
    fn aria_sort(&self, column: &Column) -> Option<&'static str> {
        match (column, self.filter.sort) {
            (Column::Received, Sort::Newest) | (Column::Updated, Sort::Updated) => Some("descending"),
            (Column::Received, Sort::Oldest) | (Column::Due, Sort::Due) => Some("ascending"),
            _ => None,
        }
    }

    fn scripts(&self) -> &'static [&'static str] {
        if self.is_split() { &["live.js", "pane.js"] } else { &["live.js"] }
    }

    /// What a report that led here counts, as a sentence.
    fn reported_text(&self) -> Option<String> {
        let counted = self.filter.reported.counted.as_ref()?;
        let figure = self.t.get(&format!("insight.counted.{}", counted.figure.as_str()));
        let [from, to] = [counted.period.from, counted.period.to].map(|at| at.map(|at| self.t.moment(at)));
        let values =
            [("figure", figure), ("from", from.as_deref().unwrap_or("–")), ("to", to.as_deref().unwrap_or("–"))];
        Some(self.t.with("insight.counted.text", &values))
    }

    /// The address without what the report counts.
    fn unreported_address(&self) -> String {
        let filter = Filter { reported: reported::Reported::default(), ..self.filter.clone() };
        filter.address_of(&filter.tab)
    }

    /// The reader's own cases, those of each of their teams, and those that nobody has.
    fn whose_views(&self) -> Vec<(String, String)> {
        let own = |name: &str, filter: &str| (self.t.get(name).to_owned(), views::address(filter));
        let of_teams = self.teams.iter().filter(|(key, _)| self.own_teams.contains(key));
        let of_teams = of_teams.map(|(key, name)| (name.clone(), views::address(&format!("team={key}"))));
        [own("desk.whose.mine", "owner=me")]
            .into_iter()
            .chain(of_teams)
            .chain([own("desk.whose.nobody", "owner=nobody")])
            .collect()
    }

    fn is_here(&self, address: &str) -> bool {
        self.filter.address_of(&self.filter.tab) == address
    }

    fn due_text(&self, word: &str) -> &'static str {
        self.t.get(&format!("console.due.{word}"))
    }

    fn sort_text(&self, word: &str) -> &'static str {
        self.t.get(&format!("console.sort.{word}"))
    }

    /// Examples of what can be searched for, with what they mean.
    fn search_help(&self) -> Vec<(&'static str, &'static str)> {
        let examples = ["phrase", "without", "beginning", "fields", "people", "dates", "case"];
        let text = |name: &str, part: &str| self.t.get(&format!("console.search.{part}.{name}"));
        examples.into_iter().map(|name| (text(name, "example"), text(name, "meaning"))).collect()
    }

    fn suspicion(&self, word: &str) -> &'static str {
        self.t.get(&format!("console.quarantine.why.{word}"))
    }

    fn word(&self, of: &str, word: &str) -> &'static str {
        self.t.get(&format!("common.{of}.{word}"))
    }
}

async fn inbox(State(app): State<App>, who: SignedIn, Query(query): Query<filter::InboxQuery>) -> Result<Html<String>> {
    let sites = app.sites.all().await?;
    let zone = app.service.current().await?.zone_of_first(&sites);
    let today = day_of(app.clock.now(), &zone);
    let filter = Filter::read(query, Visibility::of(&who.standing), today);
    let (found, search_error) = match Asked::read(&app, filter.clone(), &who.member.id, &sites).await? {
        Ok(asked) => (rows::find(&app, who.t, &asked, &who.standing).await?, None),
        Err(error) => {
            let counts = rows::counts(&app, &Asked::without_text(&filter, &who.member.id, &sites)).await?;
            (Page { counts, ..Page::default() }, Some(error_text(who.t, error)))
        }
    };
    let service = app.service.current().await?;
    let is_partner = who.standing.role == Role::Partner;
    // A partner sees what was given to them, and of the company nothing else.
    let own_teams: Vec<&Team> =
        service.teams.iter().filter(|team| who.standing.teams.iter().any(|key| *key == team.key.as_str())).collect();
    let mut members: Vec<Member> =
        Member::all(&app.db).await?.into_iter().filter(|member| member.disabled_at.is_none()).collect();
    if is_partner {
        let is_in = |team: &&Team, member: &Member| team.members.iter().any(|one| one.as_str() == member.email);
        members.retain(|member| member.id == who.member.id || own_teams.iter().any(|team| is_in(team, member)));
    }
    let teams = service.teams.iter().filter(|team| !is_partner || own_teams.contains(team));
    let bulk_done = Done::read(&app.db, &filter.bulk, &who.member.id).await?;
    let shown = InboxPage {
        t: who.t,
        shell: Shell::load(&app, &who, Screen::Inbox).await?,
        next: found.next.map(|id| filter.address_before(&id)),
        is_partial: found.is_partial,
        search_error,
        counts: found.counts,
        rows: found.rows,
        teams: teams.map(|team| (team.key.to_string(), team.name.to_string())).collect(),
        own_teams: who.standing.teams.clone(),
        views: views::of_member(&service, &who, &filter),
        audiences: Audiences::of(&service, &who),
        members,
        sites,
        filter,
        look: Look::of(&who.member.inbox_look),
        bulk_done,
        bulk_key: fresh_key().as_str().to_owned(),
        me: who.member.id,
        sees_contacts: !is_partner,
        exports_contacts: matches!(who.standing.role, Role::Admin | Role::Manager),
    };
    page(&shown)
}

#[derive(Template)]
#[template(path = "console/inbox_none.html")]
struct NothingChosen {
    t: Texts,
    shell: Shell,
}

/// What stands beside the list before a case was chosen.
async fn nothing_chosen(State(app): State<App>, who: SignedIn) -> Result<Html<String>> {
    page(&NothingChosen { t: who.t, shell: Shell::load(&app, &who, Screen::Inbox).await? })
}

/// What can't be searched for, in the reader's language.
fn error_text(t: Texts, error: QueryError) -> String {
    let expected = error.field().map_or("", |field| t.get(&format!("console.search.expected.{}", expected(field))));
    let values = [
        ("field", error.field().map_or("", Field::name)),
        ("expected", expected),
        ("length", &LENGTH_MAX.to_string()),
        ("parts", &PARTS_MAX.to_string()),
    ];
    t.with(&format!("console.search.wrong.{}", error.word()), &values)
}

/// The word for what the values of a field are.
const fn expected(field: Field) -> &'static str {
    match field {
        Field::Is => Field::Status.name(),
        Field::Before | Field::After | Field::On => "date",
        field => field.name(),
    }
}
