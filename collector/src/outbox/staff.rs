//! Who of the staff hears of what a team has, as destinations of deliveries.

use std::collections::BTreeSet;

use super::delivery::{member, team_mailbox};
use crate::auth::Member;
use crate::service::Service;

/// Who works on cases.
pub struct Staff<'a> {
    /// The service, with its teams.
    pub service: &'a Service,
    /// All members.
    pub members: Vec<Member>,
}

impl Staff<'_> {
    /// Where a team hears of what it has: at its address; without one whoever leads it, and without a lead everybody in it, but for whoever did it.
    pub fn of_team(&self, team: Option<&str>, giver: Option<&str>) -> BTreeSet<String> {
        if let Some(mailbox) = self.mailbox_of(team) {
            return BTreeSet::from([mailbox]);
        }
        let Some(known) = team.and_then(|key| self.service.team(key)) else { return BTreeSet::new() };
        let is_in = |email: &str| known.members.iter().any(|address| address.as_str() == email);
        let ids: Vec<String> = match self.lead_of(team) {
            Some(lead) => vec![lead],
            None => {
                let there = self.members.iter().filter(|member| member.disabled_at.is_none() && is_in(&member.email));
                there.map(|member| member.id.clone()).collect()
            }
        };
        ids.iter().filter(|id| giver != Some(id.as_str())).map(|id| member(id)).collect()
    }

    /// The mailbox of a team, if it has one.
    pub fn mailbox_of(&self, team: Option<&str>) -> Option<String> {
        let team = self.service.team(team?)?;
        team.email.as_ref().map(|_| team_mailbox(team.key.as_str()))
    }

    /// The member who leads a team.
    pub fn lead_of(&self, team: Option<&str>) -> Option<String> {
        let lead = self.service.team(team?)?.lead.as_ref()?;
        let is_lead = |member: &&Member| member.disabled_at.is_none() && member.email == lead.as_str();
        self.members.iter().find(is_lead).map(|member| member.id.clone())
    }
}
