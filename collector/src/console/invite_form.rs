//! The form by which somebody is invited.

use std::collections::HashMap;

use sayso_shared::Lang;
use serde::Deserialize;

use crate::auth::Role;
use crate::auth::invitations::NewInvitation;
use crate::auth::member::{Email, Name};

/// Who is to be invited, as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct InviteForm {
    pub email: String,
    pub name: String,
    pub role: String,
    pub lang: String,
    password: String,
    /// A box for each team: `team:KEY`.
    #[serde(flatten)]
    others: HashMap<String, String>,
}

impl InviteForm {
    /// What the form says before anybody has typed: an agent, in the language of whoever invites.
    pub fn empty(lang: Lang) -> Self {
        Self { role: Role::Agent.as_str().to_owned(), lang: lang.as_str().to_owned(), ..Self::default() }
    }

    /// The password of whoever invites.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Whether the box of a team is checked.
    pub fn has_team(&self, key: &str) -> bool {
        self.others.contains_key(&format!("team:{key}"))
    }

    /// What it says, or which fields are wrong and why. Of the teams those count that there are.
    pub fn read(&self, teams: &[String]) -> Result<NewInvitation, Vec<(&'static str, &'static str)>> {
        let mut errors = Vec::new();
        let email = Email::parse(&self.email).map_err(|_| errors.push(("email", "console.setup.email_error"))).ok();
        let name = Name::parse(&self.name).map_err(|_| errors.push(("name", "console.setup.name_error"))).ok();
        let Some(role) = Role::parse(&self.role) else { return Err(vec![("role", "access.invite.role_error")]) };
        match (email, name) {
            (Some(email), Some(name)) => {
                let teams = teams.iter().filter(|key| self.has_team(key)).cloned().collect();
                Ok(NewInvitation { email, name, role, teams, lang: Lang::of_console_for_tag(&self.lang) })
            }
            _ => Err(errors),
        }
    }
}
