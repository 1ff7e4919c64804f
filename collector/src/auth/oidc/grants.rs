//! What somebody is here by the groups that they are in at the provider: pure.

use std::collections::BTreeSet;

use crate::auth::Role;
use crate::config::Oidc;

/// What the groups of somebody give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants<'a> {
    /// The role: of several the one that may most.
    pub role: Role,
    /// The keys of the teams that they belong to.
    pub join: Vec<&'a str>,
    /// The keys of teams that the provider gives to others. Teams of which it knows nothing stay as they are.
    pub leave: Vec<&'a str>,
}

/// What groups give by the settings of their provider; none if none of them is let in. A provider that says nothing of groups, since
/// there were too many or for any other reason, gives nothing.
pub fn grants<'a>(settings: &'a Oidc, groups: Option<&[String]>) -> Option<Grants<'a>> {
    let groups: BTreeSet<&str> = groups.unwrap_or_default().iter().map(String::as_str).collect();
    let given: Vec<_> =
        settings.groups.iter().filter(|(name, _)| groups.contains(name.as_str())).map(|(_, grant)| grant).collect();
    let roles: Vec<Role> = given.iter().filter_map(|grant| Role::parse(&grant.role)).collect();
    // They are listed from the one that may most on.
    let role = Role::ALL.iter().copied().find(|role| roles.contains(role))?;
    let teams_of = |grants: &mut dyn Iterator<Item = &'a crate::config::Grant>| -> BTreeSet<&'a str> {
        grants.flat_map(|grant| grant.teams.iter().map(String::as_str)).collect()
    };
    let join = teams_of(&mut given.into_iter());
    let leave = teams_of(&mut settings.groups.values()).difference(&join).copied().collect();
    Some(Grants { role, join: join.into_iter().collect(), leave })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Oidc {
        let text = "issuer = \"https://a.example\"\nclient_id = \"x\"\n[groups]\n\
            heads = { role = \"manager\", teams = [\"billing\"] }\ncare = { role = \"agent\", teams = [\"delivery\", \"billing\"] }\n\
            repairs = { role = \"partner\", teams = [\"workshop\"] }\n";
        toml::from_str(text).expect("it reads")
    }

    #[test]
    fn of_several_groups_the_highest_role_and_all_teams() {
        let settings = settings();
        let of = |groups: &[&str]| {
            let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
            grants(&settings, Some(&groups)).map(|given| (given.role, given.join.join(" "), given.leave.join(" ")))
        };
        let texts = |role, join: &str, leave: &str| Some((role, join.to_owned(), leave.to_owned()));
        assert_eq!(of(&["care"]), texts(Role::Agent, "billing delivery", "workshop"));
        assert_eq!(of(&["heads", "x"]), texts(Role::Manager, "billing", "delivery workshop"));
        assert_eq!(of(&["repairs", "care", "heads"]), texts(Role::Manager, "billing delivery workshop", ""));
        assert_eq!((of(&[]), of(&["Care", "x"])), (None, None));
        assert_eq!(grants(&settings, None), None, "a provider that says nothing lets nobody in");
    }
}
