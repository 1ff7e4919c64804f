//! Named filters of the inbox: those of the service, and those that members keep for themselves.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;

use super::filter::{Filter, InboxQuery};
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::guard::HOME;
use crate::auth::permissions::Action;
use crate::auth::{CsrfForm, Member, Role, SignedIn};
use crate::http::{Error, Result};
use crate::keys::new_id;
use crate::service::Service;
use crate::service::file::ServiceFile;
use crate::service::objects::{Team, View};
use crate::service::plan::Prune;
use crate::service::store;
use crate::service::words::{Address, Key, Title};

/// Views that one member keeps.
const OWN_MOST: usize = 50;
/// Characters of a filter; what the inbox writes is far shorter.
const FILTER_MOST: usize = 2_000;

/// `POST /staff/views…`.
pub fn router() -> Router<App> {
    Router::new().route("/staff/views", post(save)).route("/staff/views/{key}/remove", post(remove))
}

/// A view as the inbox offers it.
pub struct ShownView {
    /// What it is called.
    pub name: String,
    /// The address of the inbox with its filter.
    pub address: String,
    /// Whether the inbox shows it.
    pub is_current: bool,
    /// Its key, if the reader may remove it.
    pub own_key: Option<String>,
}

/// Whom a member may save a view for, beside themselves: all members, and teams by key and name.
pub struct Audiences {
    /// Whether for everybody.
    pub all: bool,
    /// The teams.
    pub teams: Vec<(String, String)>,
}

impl Audiences {
    /// Managers save views for everybody, and whoever leads a team for that.
    pub fn of(service: &Service, who: &SignedIn) -> Self {
        let manages = who.may(Action::ManageService);
        let leads = |team: &&Team| team.lead.as_ref().is_some_and(|lead| lead.as_str() == who.member.email);
        let teams = service.teams.iter().filter(|team| manages || (leads(team) && who.standing.role != Role::Partner));
        let teams = teams.map(|team| (team.key.to_string(), team.name.to_string())).collect();
        Self { all: manages, teams }
    }

    /// Whether there is anybody beside the member.
    pub fn is_empty(&self) -> bool {
        !self.all && self.teams.is_empty()
    }

    /// Whether a view is one of theirs, so that they may change and remove it.
    fn have(&self, view: &View) -> bool {
        match (&view.owner, &view.team) {
            (Some(_), _) => false,
            (None, Some(team)) => self.teams.iter().any(|(key, _)| key == team.as_str()),
            (None, None) => self.all,
        }
    }
}

/// The views that a member sees: their own, those of their teams, and those of all.
pub fn of_member(service: &Service, who: &SignedIn, shown: &Filter) -> Vec<ShownView> {
    let (member, standing) = (&who.member, &who.standing);
    let audiences = Audiences::of(service, who);
    let current = shown.address_of(&shown.tab);
    let views = service.views.iter().filter(|view| match (&view.owner, &view.team) {
        (Some(owner), _) => owner.as_str() == member.email,
        (None, Some(team)) => standing.sees_all() || standing.teams.iter().any(|key| key == team.as_str()),
        // What the company calls its views is not for others.
        (None, None) => standing.role != Role::Partner,
    });
    let shown = views.map(|view| {
        let address = address(&view.filter);
        ShownView {
            name: view.name.to_string(),
            is_current: address == current,
            address,
            own_key: (is_own(view, member) || audiences.have(view)).then(|| view.key.to_string()),
        }
    });
    shown.collect()
}

fn is_own(view: &View, member: &Member) -> bool {
    view.owner.as_ref().is_some_and(|owner| owner.as_str() == member.email)
}

/// The address of the inbox with these parameters, and nothing else in it.
pub(super) fn read_address(parameters: &str) -> String {
    let query: InboxQuery = serde_urlencoded::from_str(parameters).unwrap_or_default();
    let filter = Filter::read(query, None, (0, 0));
    match &filter.before {
        Some(id) => filter.address_before(id),
        None => filter.address_of(&filter.tab),
    }
}

/// The address of a filter as a view has it, in the one order in which the inbox writes its parameters.
pub(super) fn address(filter: &str) -> String {
    let query: InboxQuery = serde_urlencoded::from_str(filter).unwrap_or_default();
    let filter = Filter::read(query, None, (0, 0));
    filter.address_of(&filter.tab)
}

#[derive(Deserialize)]
struct ViewForm {
    name: String,
    /// The query of the inbox's address.
    filter: String,
    /// Nothing for the member alone, `all`, or `team:KEY`.
    #[serde(default)]
    audience: String,
}

async fn save(State(app): State<App>, who: SignedIn, CsrfForm(form): CsrfForm<ViewForm>) -> Result<Response> {
    let address = address(&form.filter.chars().take(FILTER_MOST).collect::<String>());
    let (_, filter) = address.split_once('?').unwrap_or_default();
    let back = |word: &str| Redirect::to(&format!("{address}&view={word}")).into_response();
    let Ok(name) = form.name.parse::<Title>() else { return Ok(back("unnamed")) };
    let service = app.service.current().await?;
    let audiences = Audiences::of(&service, &who);
    let (owner, team): (Option<Address>, Option<Key>) = match form.audience.as_str() {
        "" => (Some(who.member.email.parse()?), None),
        "all" if audiences.all => (None, None),
        other => match other.strip_prefix("team:").filter(|team| audiences.teams.iter().any(|(key, _)| key == team)) {
            Some(team) => (None, Some(team.parse()?)),
            None => return Err(Error::Forbidden("you may not save views for them".into())),
        },
    };
    let is_same = |view: &&View| (&view.owner, &view.team) == (&owner, &team);
    let own: Vec<&View> = service.views.iter().filter(is_same).collect();
    // Saved again under its name it is another filter.
    let known = own.iter().find(|view| view.name == name).map(|view| view.key.clone());
    if known.is_none() && own.len() >= OWN_MOST {
        return Ok(back("many"));
    }
    let key = match known {
        Some(key) => key,
        None => format!("view-{}", new_id()).parse()?,
    };
    let word = if owner.is_some() { "saved" } else { "shared" };
    let view = View { key, name, filter: filter.to_owned(), team, owner };
    let wanted = ServiceFile { views: vec![view], ..ServiceFile::default() };
    let stamp = Stamp::member(&who.member.id, app.clock.now());
    store::apply(&app.db, &wanted, Prune::Keep, &stamp).await?;
    app.service.forget();
    Ok(back(word))
}

async fn remove(
    State(app): State<App>,
    who: SignedIn,
    Path(key): Path<String>,
    CsrfForm(_): CsrfForm<Nothing>,
) -> Result<Redirect> {
    let service = app.service.current().await?;
    let audiences = Audiences::of(&service, &who);
    let may = |view: &&View| is_own(view, &who.member) || audiences.have(view);
    let view = service.views.iter().filter(may).find(|view| view.key.as_str() == key);
    let view = view.ok_or(Error::NotFound("you have no such view"))?;
    store::remove::<View>(&app.db, view.key.as_str(), &Stamp::member(&who.member.id, app.clock.now())).await?;
    app.service.forget();
    Ok(Redirect::to(&format!("{HOME}?view=removed")))
}

#[derive(Deserialize)]
struct Nothing {}
