//! Which cases a member sees, of one case and as a condition of lists; what a member may do is decided by
//! [`can`].

use sayso_shared::id::CaseId;
use serde_json::json;

use super::Case;
use super::search::Facet;
use super::tasks::Task;
use crate::app::App;
use crate::audit::{self, Change, Stamp};
use crate::auth::permissions::{Action, Actor, CaseAccess, Object, Standing, TaskAccess, can};
use crate::db::search::Term;
use crate::http::{Error, Result};
use crate::with_tx;

/// The cases that a member sees, where these are not all: those of some teams and of the member, those with a task for them, and for agents
/// those without a team and those of open sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visibility {
    pub(super) member_id: String,
    pub(super) teams: Vec<String>,
    pub(super) without_team: Option<OpenSites>,
}

/// The sites that show all their cases to all agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpenSites(pub(super) Vec<String>);

impl Visibility {
    /// That of a member; none for those who see all cases.
    pub fn of(standing: &Standing) -> Option<Self> {
        (!standing.sees_all()).then(|| Self {
            member_id: standing.member_id.clone(),
            teams: standing.teams.clone(),
            without_team: standing.sees_cases_without_team().then(|| OpenSites(standing.open_sites.clone())),
        })
    }

    /// Whether its member sees how customers are reached only where that was shared: so do partners, who see no cases without a team either.
    pub const fn hides_contacts(&self) -> bool {
        self.without_team.is_none()
    }

    /// What the search index is asked for.
    pub fn term(&self) -> Term {
        let mut facets = vec![Facet::Owner(Some(&self.member_id)), Facet::TaskOfMember(&self.member_id)];
        facets.extend(self.teams.iter().flat_map(|key| [Facet::Team(Some(key)), Facet::TaskOfTeam(key)]));
        if let Some(OpenSites(sites)) = &self.without_team {
            facets.push(Facet::Team(None));
            facets.extend(sites.iter().map(|id| Facet::Site(id)));
        }
        Term::any_of(facets.into_iter().map(Facet::token))
    }
}

impl CaseAccess {
    /// What the access to a case depends on.
    pub fn of(case: &Case, tasks: &[Task]) -> Self {
        Self {
            site_id: case.site_id.clone(),
            team: case.team.clone(),
            owner_id: case.owner_id.clone(),
            tasks: tasks.iter().map(TaskAccess::of).collect(),
            is_quarantined: case.quarantine().is_some(),
            is_contact_shared: case.contact_shared_at.is_some(),
        }
    }
}

impl TaskAccess {
    /// Whom a task was given to.
    pub fn of(task: &Task) -> Self {
        Self { team: task.team.clone(), owner_id: task.owner_id.clone() }
    }
}

/// The case with this identifier, for a member who wants to do something with it. One that they must not see is not there, and so is what is no
/// identifier; of one that they see they are told that they may not do it.
pub async fn case_for(app: &App, standing: &Standing, id: &str, action: Action) -> Result<Case> {
    let (case, access) = readable_case(app, standing, id).await?;
    if !can(Actor::Member(standing), action, Object::Case(&access)) {
        tracing::info!(security = "forbidden", member = standing.member_id, "a member may not do this with a case");
        return Err(Error::Forbidden("you may read this case, but not do this with it".into()));
    }
    Ok(case)
}

/// The case with this identifier, for a member who may read it, with what their access to it depends on. The tasks are read only for those who may see
/// the case because of one.
pub async fn readable_case(app: &App, standing: &Standing, id: &str) -> Result<(Case, CaseAccess)> {
    let id = CaseId::parse(id).map_err(|_| no_such_case())?;
    let case = Case::by_id(app, id.as_str()).await?;
    let tasks = match standing.sees_all() {
        true => Vec::new(),
        false => Task::of_cases(&app.db, std::slice::from_ref(&case.id)).await?,
    };
    let access = CaseAccess::of(&case, &tasks);
    if !can(Actor::Member(standing), Action::ReadCase, Object::Case(&access)) {
        tracing::info!(security = "forbidden", member = standing.member_id, "a member asked for a case of others");
        return Err(no_such_case());
    }
    Ok((case, access))
}

/// With whom the contact of a case is shared, beside the staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// With the partners whom the case, or a task of it, was given to.
    WithPartners,
    /// With nobody else.
    Nobody,
}

/// Shares the contact of a case, or takes that back. The audit log has who did it.
pub async fn share_contact(app: &App, case: &Case, member_id: &str, sharing: Sharing) -> Result<()> {
    let now = app.clock.now();
    let shared_at = (sharing == Sharing::WithPartners).then_some(now);
    if shared_at.is_some() == case.contact_shared_at.is_some() {
        return Ok(());
    }
    let update = "update cases set contact_shared_at = $1 where id = $2";
    let mut tx = app.db.begin().await?;
    with_tx!(&mut tx, conn => sqlx::query(update).bind(shared_at).bind(&case.id).execute(conn).await.map(|_| ()))?;
    let described = |is_shared: bool| json!({"contact_shared": is_shared});
    let change = Change {
        action: "case.contact.share",
        object: format!("case/{}", case.id),
        before: described(shared_at.is_none()),
        after: described(shared_at.is_some()),
    };
    audit::append(&mut tx, &Stamp::member(member_id, now), &change).await?;
    Ok(tx.commit().await?)
}

const fn no_such_case() -> Error {
    Error::NotFound("there is no such case")
}
