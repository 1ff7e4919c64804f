//! How members sign in, and when that ends.

use anyhow::ensure;
use serde::{Deserialize, Serialize};

use super::ROLES;
use crate::clock::{HOUR, Millis};

/// How members sign in.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The words of the roles whose members need a second factor.
    pub second_factor_for: Vec<String>,
    /// Whether members sign in with passwords.
    pub passwords: bool,
    /// After so many hours without use a session ends.
    pub idle_hours: u16,
    /// So many hours after signing in it ends in any case.
    pub session_hours: u16,
}

impl SignIn {
    /// After which time without use a session ends.
    pub fn idle(&self) -> Millis {
        i64::from(self.idle_hours) * HOUR
    }

    /// After which time it ends in any case.
    pub fn longest(&self) -> Millis {
        i64::from(self.session_hours) * HOUR
    }

    /// Whether what the settings say of it can be used.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        for role in &self.second_factor_for {
            ensure!(
                ROLES.contains(&role.as_str()),
                "[sign_in] second_factor_for: {role} is none of {}",
                ROLES.join(", ")
            );
        }
        let Self { idle_hours, session_hours, .. } = *self;
        ensure!(
            (1..=720).contains(&session_hours) && (1..=session_hours).contains(&idle_hours),
            "[sign_in] session_hours must be 1 to 720, and idle_hours 1 to session_hours"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_without_use_before_it_ends_in_any_case() {
        for (idle_hours, session_hours, is_right) in [
            (12, 168, true),
            (1, 1, true),
            (720, 720, true),
            (0, 24, false),
            (25, 24, false),
            (1, 721, false),
            (0, 0, false),
        ] {
            let settings = SignIn { second_factor_for: Vec::new(), passwords: true, idle_hours, session_hours };
            assert_eq!(settings.check().is_ok(), is_right, "{idle_hours} {session_hours}");
        }
    }
}
