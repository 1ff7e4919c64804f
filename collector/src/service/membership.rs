//! Who belongs to which team, changed for one member by what decides it elsewhere: an invitation, or the groups of a company account.

use super::objects::{Object as _, Team, to_json};
use super::plan::Step;
use super::store::{COUNTER, apply_object, objects, rows};
use super::words::Address;
use crate::audit::Stamp;
use crate::auth::member::Email;
use crate::db::{Db, Tx, counters};

/// Puts somebody into the teams with the keys `join`, and takes them out of those with the keys `leave`. Teams that are not there are passed over, and
/// whoever leads a team goes on to lead it. Take it before anything that writes the audit log: whoever changes the service locks in this order.
pub async fn change(
    tx: &mut Tx,
    db: &Db,
    email: &Email,
    join: &[&str],
    leave: &[&str],
    stamp: &Stamp,
) -> anyhow::Result<()> {
    let address: Address = email.as_str().parse()?;
    if changed(&objects(&rows(db).await?), &address, join, leave).is_empty() {
        return Ok(());
    }
    counters::next(tx, COUNTER, 1).await?;
    // Read once more, now that nobody else can change them.
    for (team, after) in changed(&objects(&rows(db).await?), &address, join, leave) {
        let (before, after) = (Some(to_json(&team)), Some(to_json(&after)));
        apply_object(tx, &Step { kind: Team::KIND, key: team.key(), before, after }, stamp).await?;
    }
    Ok(())
}

/// The teams that are not as they should be, with how they become.
fn changed(teams: &[Team], address: &Address, join: &[&str], leave: &[&str]) -> Vec<(Team, Team)> {
    let change = |team: &Team| {
        let mut after = team.clone();
        let is_named = |keys: &[&str]| keys.contains(&team.key.as_str());
        let is_in = team.members.contains(address) || team.lead.as_ref() == Some(address);
        if is_named(join) && !is_in {
            after.members.push(address.clone());
        } else if is_named(leave) && !is_named(join) {
            after.members.retain(|member| member != address);
        }
        (after != *team).then(|| (team.clone(), after))
    };
    teams.iter().filter_map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_changes_and_whoever_leads_goes_on_to_lead() {
        let team = |key: &str, members: &[&str], lead: Option<&str>| -> Team {
            serde_json::from_value(serde_json::json!({"key": key, "name": key, "members": members, "lead": lead}))
                .expect("a team")
        };
        let (mei, tom) = ("mei@shop.example", "tom@shop.example");
        let teams =
            [team("delivery", &[tom], None), team("billing", &[mei, tom], Some(mei)), team("night", &[mei], None)];
        let address: Address = mei.parse().expect("an address");
        let keys = |join: &[&str], leave: &[&str]| {
            let changes = changed(&teams, &address, join, leave);
            changes
                .into_iter()
                .map(|(_, after)| (after.key(), after.members.len(), after.lead.is_some()))
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(&["delivery"], &[]), [("delivery".to_owned(), 2, false)]);
        assert_eq!(keys(&["billing", "night", "gone"], &[]), []);
        assert_eq!(keys(&["night"], &["night", "billing"]), [("billing".to_owned(), 1, true)]);
        assert_eq!(keys(&[], &["delivery"]), [], "who is in it none the less stays out");
    }
}
