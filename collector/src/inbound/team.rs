//! The team that new cases of a mailbox go to.

use crate::app::App;
use crate::cases::idempotency::request_hash;
use crate::cases::properties::{Patch, patch};
use crate::cases::{Actor, CaseError};
use crate::keys::Purpose;

/// Gives a case to a team, once; rules may give it to another one later. A team that is not there any more gets nothing.
pub(super) async fn give(app: &App, case_id: &str, team: &str) -> anyhow::Result<()> {
    let service = app.service.current().await?;
    if service.team(team).is_none() {
        tracing::warn!(team, "a mailbox names a team that is not there");
        return Ok(());
    }
    let key = app.keys.request_key(Purpose::Mail, &format!("team/{case_id}"));
    let to_team = Patch { team: Some(Some(team.to_owned())), ..Patch::default() };
    let asked = request_hash(&("team", team));
    match patch(app, case_id, &Actor::System, &to_team, None, (&key, &asked)).await {
        Ok(_) => Ok(()),
        Err(CaseError::Database(error)) => Err(error.into()),
        // Such as one that is in quarantine.
        Err(error) => {
            tracing::debug!(case = case_id, %error, "a case was not given to the team of its mailbox");
            Ok(())
        }
    }
}
