//! Removing members, sites and targets, which the service names: in the same transaction they are taken out of what names them, since a service that
//! names what is not there can neither be changed nor be written to a file that can be applied.

use super::file::ServiceFile;
use super::objects::{Answer, CategoryDefinition, Object, Problem, Promise, Team, Tier, View};
use super::plan::{Prune, Step, plan};
use super::rules::{Actions, Assignee, Rule};
use super::store::{COUNTER, apply_object, load, objects, rows};
use super::survey::Survey;
use crate::audit::Stamp;
use crate::auth::Member;
use crate::auth::member::Email;
use crate::customers::handover;
use crate::db::{Db, Tx, counters};
use crate::sites::Site;
use crate::sites::targets::Target;
use crate::with_tx;

/// What goes.
#[derive(Clone, Copy, Debug)]
enum Gone<'a> {
    /// The member with this address.
    Member(&'a str),
    /// The site with this key.
    Site(&'a str),
    /// The target with this key.
    Target(&'a str),
}

impl Member {
    /// Lets a member leave, and takes it out of the teams, rules, problems and views that name it. Gives how many customers have no representative
    /// by it: else their mails would go nowhere, and rules would pass over them, without anybody seeing that.
    pub async fn remove(db: &Db, email: &Email, stamp: &Stamp) -> anyhow::Result<u64> {
        let mut tx = db.begin().await?;
        let select = "select id from members where email = $1 and disabled_at is null";
        let id: Option<String> =
            with_tx!(&mut tx, conn => sqlx::query_scalar(select).bind(email.as_str()).fetch_optional(conn).await)?;
        let left = match &id {
            Some(id) => handover::move_all(&mut tx, id, None, stamp.at).await?,
            None => 0,
        };
        forget(&mut tx, db, Some(Gone::Member(email.as_str())), stamp).await?;
        Self::remove_in(&mut tx, email, stamp).await?;
        if let Some(id) = id.filter(|_| left > 0) {
            handover::note(&mut tx, &id, None, left, stamp).await?;
        }
        tx.commit().await?;
        Ok(left)
    }
}

impl Site {
    /// Removes a site that has no cases, with what the service has for it alone.
    pub async fn remove(&self, db: &Db, stamp: &Stamp) -> anyhow::Result<()> {
        let mut tx = db.begin().await?;
        forget(&mut tx, db, Some(Gone::Site(self.key())), stamp).await?;
        self.remove_in(&mut tx, stamp).await?;
        Ok(tx.commit().await?)
    }
}

impl Target {
    /// Removes a target, also from the rules that name it.
    pub async fn remove(&self, db: &Db, stamp: &Stamp) -> anyhow::Result<()> {
        let mut tx = db.begin().await?;
        forget(&mut tx, db, Some(Gone::Target(&self.key)), stamp).await?;
        Self::remove_in(&mut tx, &self.id, stamp).await?;
        Ok(tx.commit().await?)
    }
}

/// Takes what is not there out of all that names it: an upgrade, for what was removed by earlier versions.
pub async fn mend_names(db: &Db, stamp: &Stamp) -> anyhow::Result<()> {
    let mut tx = db.begin().await?;
    forget(&mut tx, db, None, stamp).await?;
    Ok(tx.commit().await?)
}

/// Takes what is gone, and whatever else is not there, out of what names it. Before anything else that writes the audit log: whoever changes the
/// service locks in this order.
async fn forget(tx: &mut Tx, db: &Db, gone: Option<Gone<'_>>, stamp: &Stamp) -> anyhow::Result<()> {
    counters::next(tx, COUNTER, 1).await?;
    // Read once nobody else can change it.
    let known = load(db).await?;
    let mut left = known.clone();
    match gone {
        Some(Gone::Member(address)) => left.members.retain(|member| member.address.as_str() != address),
        Some(Gone::Site(key)) => {
            left.sites.retain(|site| site.key.as_str() != key);
            left.targets.retain(|target| target.site.as_str() != key);
        }
        Some(Gone::Target(key)) => left.targets.retain(|target| target.key.as_str() != key),
        None => {}
    }
    // The categories themselves are settings of their site; what stands beside them are rows like all others.
    let known = ServiceFile { categories: objects(&rows(db).await?), ..known };
    left.categories.clone_from(&known.categories);
    mend(&mut left);
    let kinds = [
        Team::KIND,
        Tier::KIND,
        CategoryDefinition::KIND,
        Promise::KIND,
        Rule::KIND,
        View::KIND,
        Problem::KIND,
        Answer::KIND,
        Survey::KIND,
    ];
    let plan = plan(&known, &left, Prune::Remove);
    let steps: Vec<&Step> = plan.steps().iter().filter(|step| kinds.contains(&step.kind)).collect();
    for step in steps {
        apply_object(tx, step, stamp).await?;
    }
    Ok(())
}

/// Leaves out what is not there, and what says nothing any more without it.
fn mend(file: &mut ServiceFile) {
    let members: Vec<String> = file.members.iter().map(|member| member.address.to_string()).collect();
    let workers: Vec<String> =
        file.members.iter().filter(|member| member.role.may_act()).map(|member| member.address.to_string()).collect();
    let sites: Vec<String> = file.sites.iter().map(|site| site.key.as_str().to_owned()).collect();
    let targets: Vec<String> = file.targets.iter().map(|target| target.key.to_string()).collect();
    fn has(names: &[String], name: &impl ToString) -> bool {
        names.contains(&name.to_string())
    }
    for team in &mut file.teams {
        team.members.retain(|member| has(&members, member));
        team.lead.take_if(|lead| !has(&members, lead));
    }
    file.problems.iter_mut().for_each(|problem| drop(problem.owner.take_if(|owner| !has(&members, owner))));
    file.tiers.retain(|tier| has(&sites, &tier.site));
    file.categories.retain(|category| has(&sites, &category.site));
    file.surveys.retain(|survey| has(&sites, &survey.site));
    file.promises.retain(|promise| promise.site.as_ref().is_none_or(|site| has(&sites, site)));
    file.answers.retain(|answer| answer.site.as_ref().is_none_or(|site| has(&sites, site)));
    file.rules.retain(|rule| rule.site.as_ref().is_none_or(|site| has(&sites, site)));
    file.views.retain(|view| {
        view.owner.as_ref().is_none_or(|owner| has(&members, owner))
            && site_of(&view.filter).is_none_or(|site| has(&sites, &site))
    });
    file.rules.retain_mut(|rule| {
        let before = rule.then.clone();
        let Actions { owner, escalate_to, targets: told, .. } = &mut rule.then;
        owner.take_if(|owner| matches!(owner, Assignee::Member(address) if !has(&workers, address)));
        escalate_to.take_if(|address| !has(&members, address));
        told.retain(|target| has(&targets, target));
        // One that did nothing else would be refused. One that stops the rules after it still does.
        rule.then == before || !rule.then.is_empty() || rule.stop
    });
}

/// The site that the filter of a view names.
fn site_of(filter: &str) -> Option<String> {
    let filter = filter.trim_start_matches('?');
    let named =
        url::form_urlencoded::parse(filter.as_bytes()).find(|(name, value)| name == "site" && !value.is_empty());
    named.map(|(_, value)| value.into_owned())
}
