//! What is done with a case that rules match.

use std::sync::LazyLock;

use crate::app::App;
use crate::auth::Member;
use crate::auth::member::{Email, who_may_own};
use crate::cases::properties::{Patch, Properties};
use crate::clocks::Terms;
use crate::db::{Tx, counters};
use crate::http::Error;
use crate::service::rules::{Actions, Assignee, Rule};
use crate::service::words::{Address, Key, Tag};
use crate::with_tx;

/// What is to be done, in its order.
#[derive(Debug, Default)]
pub struct Wanted<'s>(Vec<Step<'s>>);

/// One thing to be done.
#[derive(Debug)]
pub struct Step<'s> {
    /// Why, as the event says it: `rule` or `category`.
    pub because: &'static str,
    /// Which rule or category.
    pub name: String,
    team: Option<&'s Key>,
    actions: Option<&'s Actions>,
    /// The identifier and the number of the event that the rule looked at; none if time alone had passed.
    event: Option<(&'s str, i64)>,
}

impl<'s> Wanted<'s> {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is to be done.
    pub fn steps(&self) -> impl Iterator<Item = &Step<'s>> {
        self.0.iter()
    }

    /// The team of its category gets it.
    pub fn category(&mut self, team: &'s Key) {
        self.0.push(Step { because: "by", name: "category".to_owned(), team: Some(team), actions: None, event: None });
    }

    /// Whoever looks after its customer gets it first.
    pub fn representative(&mut self) {
        static GIVE: LazyLock<Actions> =
            LazyLock::new(|| Actions { owner: Some(Assignee::Representative), ..Actions::default() });
        let (because, name) = ("by", "representative".to_owned());
        self.0.push(Step { because, name, team: None, actions: Some(&GIVE), event: None });
    }

    /// A rule matches, looking at an event.
    pub fn rule(&mut self, rule: &'s Rule, event: Option<(&'s str, i64)>) {
        let (team, actions) = (rule.then.team.as_ref(), Some(&rule.then));
        self.0.push(Step { because: "rule", name: rule.name.to_string(), team, actions, event });
    }
}

/// The targets that are told, and the event that they are told of.
pub type NamedTargets<'s> = (&'s [Key], Option<(&'s str, i64)>);

impl Step<'_> {
    /// Whether the rule looked at the case as it came.
    fn is_creation(&self) -> bool {
        matches!(self.event, Some((_, 1)))
    }

    /// Who is told; none if nobody is.
    pub fn targets(&self) -> Option<NamedTargets<'_>> {
        let targets = self.actions?.targets.as_slice();
        (!targets.is_empty()).then_some((targets, self.event))
    }

    /// What the customer is told.
    pub fn template(&self) -> Option<&Key> {
        self.actions.and_then(|actions| actions.template.as_ref())
    }
}

/// What of a case is to be another. A member who has left, or may own nothing, gets nothing.
pub async fn patch(
    tx: &mut Tx,
    app: &App,
    terms: &Terms,
    (case_id, current): (&str, &Properties),
    step: &Step<'_>,
) -> Result<Patch, Error> {
    let mut patch = Patch { team: step.team.map(|team| Some(team.to_string())), ..Patch::default() };
    let Some(actions) = step.actions else { return Ok(patch) };
    patch.priority = actions.priority;
    patch.problem = actions.problem.as_ref().map(|key| Some(key.to_string()));
    if !actions.tags.is_empty() {
        patch.tags = Some(current.tags.clone().with(actions.tags.iter().map(Tag::as_str)));
    }
    let team = step.team.map(Key::as_str).or(current.team.as_deref());
    let members = match team.and_then(|key| terms.service().team(key)) {
        Some(team) => present(app, &team.members).await?,
        None => Vec::new(),
    };
    let owner = match &actions.owner {
        None => None,
        Some(Assignee::Member(address)) => present(app, std::slice::from_ref(address)).await?.pop(),
        Some(Assignee::Representative) => representative(tx, app, case_id).await?,
        // A new case that went to whoever looks after its customer stays there, unless a rule names somebody.
        Some(Assignee::RoundRobin | Assignee::LeastLoaded)
            if step.is_creation() && has_representative(tx, app, case_id, current).await? =>
        {
            None
        }
        Some(Assignee::RoundRobin) => next_in_turn(tx, team.unwrap_or_default(), &members).await?,
        Some(Assignee::LeastLoaded) => least_loaded(tx, &members).await?,
    };
    patch.owner_id = owner.map(|member| Some(member.id));
    Ok(patch)
}

/// Who is told.
pub async fn escalation(app: &App, step: &Step<'_>) -> Result<Option<String>, Error> {
    let Some(address) = step.actions.and_then(|actions| actions.escalate_to.as_ref()) else { return Ok(None) };
    Ok(present(app, std::slice::from_ref(address)).await?.pop().map(|member| member.id))
}

/// Who looks after the customer of a case, if they can get something now.
async fn representative(tx: &mut Tx, app: &App, case_id: &str) -> Result<Option<Member>, Error> {
    let select = "select customers.representative_id from cases join customers on customers.id = cases.customer_id where cases.id = $1";
    let id: Option<Option<String>> =
        with_tx!(tx, conn => sqlx::query_scalar(select).bind(case_id).fetch_optional(conn).await)?;
    let Some(id) = id.flatten() else { return Ok(None) };
    if_present(app, &id).await
}

/// Whether the owner of a case is the one who looks after its customer.
async fn has_representative(tx: &mut Tx, app: &App, case_id: &str, current: &Properties) -> Result<bool, Error> {
    let representative = representative(tx, app, case_id).await?;
    Ok(representative.is_some_and(|member| current.owner_id.as_deref() == Some(&member.id)))
}

/// Those of some members who can get something now, in the order of the team.
async fn present(app: &App, addresses: &[Address]) -> Result<Vec<Member>, Error> {
    let mut present = Vec::new();
    for address in addresses {
        let Ok(email) = Email::parse(address.as_str()) else { continue };
        let Some(member) = Member::by_email(&app.db, &email).await? else { continue };
        present.extend(if_present(app, &member.id).await?);
    }
    Ok(present)
}

/// A member who can get something now: one who works here, may own cases and is not away.
async fn if_present(app: &App, member_id: &str) -> Result<Option<Member>, Error> {
    match who_may_own(&app.db, member_id).await {
        Ok(member) => Ok(Some(member).filter(|member| !member.is_away(app.clock.now()))),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Each in turn, over all collectors: who is next is counted in the database.
async fn next_in_turn(tx: &mut Tx, team: &str, members: &[Member]) -> sqlx::Result<Option<Member>> {
    let Ok(count) = i64::try_from(members.len()) else { return Ok(None) };
    if count == 0 {
        return Ok(None);
    }
    let turn = counters::count_up(tx, &format!("round_robin/{team}")).await?;
    Ok(usize::try_from(turn.rem_euclid(count)).ok().and_then(|turn| members.get(turn)).cloned())
}

/// Whoever has the fewest open cases; of several the first of the team. What was merged is worked on elsewhere, and what is held by nobody.
async fn least_loaded(tx: &mut Tx, members: &[Member]) -> sqlx::Result<Option<Member>> {
    let mut least: Option<(i64, &Member)> = None;
    for member in members {
        let select = "select count(*) from cases where owner_id = $1 and status not in ('resolved', 'closed') and quarantine = ''";
        let load: i64 = with_tx!(&mut *tx, conn => sqlx::query_scalar(select).bind(&member.id).fetch_one(conn).await)?;
        if least.is_none_or(|(fewest, _)| load < fewest) {
            least = Some((load, member));
        }
    }
    Ok(least.map(|(_, member)| member.clone()))
}
