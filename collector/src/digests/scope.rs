//! What a digest is about.

use crate::auth::{Member, Role};
use crate::service::Service;
use crate::service::objects::Team;

const COMPANY: &str = "company";
const TEAM: &str = "team:";

/// All cases, or those of a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Company,
    /// Those of the team with this key.
    Team(String),
}

impl Scope {
    /// What a member gets digests of: managers and admins of everything, agents of the teams that they lead, and of those that they are in and nobody leads.
    pub fn of_member(member: &Member, service: &Service) -> Vec<Self> {
        match member.role() {
            Role::Admin | Role::Manager => vec![Self::Company],
            Role::Agent => {
                let is_led_by_another =
                    |team: &&Team| team.lead.as_ref().is_some_and(|lead| lead.as_str() != member.email);
                let teams = service.teams_of(&member.email).filter(|team| !is_led_by_another(team));
                teams.map(|team| Self::Team(team.key.to_string())).collect()
            }
            Role::Viewer | Role::Partner => Vec::new(),
        }
    }

    /// How it is written in a delivery.
    pub fn name(&self) -> String {
        match self {
            Self::Company => COMPANY.to_owned(),
            Self::Team(key) => format!("{TEAM}{key}"),
        }
    }

    /// Reads how it is written.
    pub fn parse(name: &str) -> Option<Self> {
        match name.strip_prefix(TEAM) {
            Some(key) => Some(Self::Team(key.to_owned())),
            None => (name == COMPANY).then_some(Self::Company),
        }
    }

    /// The key of its team.
    pub fn team(&self) -> Option<&str> {
        match self {
            Self::Company => None,
            Self::Team(key) => Some(key),
        }
    }
}
