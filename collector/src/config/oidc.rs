//! Providers of OpenID Connect, by whose accounts members sign in: `[oidc.NAME]`.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use url::Url;

use super::hosts::is_loopback;
use super::{ROLES, Secret};

/// The longest label, in characters: it stands on a button.
const LABEL_MAX: usize = 60;

/// A provider.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// Its address, as it calls itself: `https://login.example.com/realms/acme`.
    pub issuer: String,
    /// What it knows this collector by.
    pub client_id: String,
    /// By which secret; empty for a public client, which PKCE alone protects.
    #[serde(default)]
    pub client_secret: Secret,
    /// What the button calls it.
    #[serde(default = "company_account")]
    pub label: String,
    /// What is asked for.
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
    /// The claim with the groups; dots lead into objects: `realm_access.roles`.
    #[serde(default = "groups_claim")]
    pub groups_claim: String,
    /// What members of a group are here, by the group's name. With none of them roles and teams are set in Sayso alone.
    #[serde(default)]
    pub groups: BTreeMap<String, Grant>,
    /// Whether people of these groups who are no members yet become some when they sign in.
    #[serde(default)]
    pub create_members: bool,
}

/// What a group gives.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The role.
    pub role: String,
    /// The keys of the teams.
    #[serde(default)]
    pub teams: Vec<String>,
}

fn company_account() -> String {
    "OpenID Connect".to_owned()
}

fn usual_scopes() -> Vec<String> {
    ["openid", "profile", "email"].map(str::to_owned).to_vec()
}

fn groups_claim() -> String {
    "groups".to_owned()
}

impl Oidc {
    /// Whether it is on this machine, and spoken to without TLS: for tests.
    pub fn is_local(&self) -> bool {
        Url::parse(&self.issuer).is_ok_and(|url| url.scheme() == "http" && url.host_str().is_some_and(is_local_host))
    }

    /// Whether it is spoken to without TLS, and not on this machine.
    pub fn is_plain(&self) -> bool {
        !self.is_local() && Url::parse(&self.issuer).is_ok_and(|url| url.scheme() == "http")
    }

    /// Whether what the settings say of it can be used.
    pub(super) fn check(&self, name: &str) -> anyhow::Result<()> {
        let is_name = (1..=32).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte));
        ensure!(is_name, "the name must be 1 to 32 lower-case letters, digits, - and _");
        let issuer = Url::parse(&self.issuer).ok().context("issuer is not a URL")?;
        ensure!(matches!(issuer.scheme(), "https" | "http"), "issuer must begin with https://");
        ensure!(
            issuer.has_host()
                && issuer.query().is_none()
                && issuer.fragment().is_none()
                && issuer.username().is_empty(),
            "issuer must be an address without a user, a question mark and a fragment"
        );
        ensure!(!self.client_id.is_empty(), "client_id must not be empty");
        let label = self.label.trim();
        ensure!(
            (1..=LABEL_MAX).contains(&label.chars().count()) && !label.contains(char::is_control),
            "label must have 1 to {LABEL_MAX} characters"
        );
        ensure!(self.scopes.iter().any(|scope| scope == "openid"), "scopes must have openid");
        let is_scope = |scope: &String| !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic());
        ensure!(self.scopes.iter().all(is_scope), "a scope has no spaces");
        ensure!(!self.groups_claim.is_empty(), "groups_claim must not be empty");
        for (group, grant) in &self.groups {
            ensure!(
                ROLES.contains(&grant.role.as_str()),
                "groups: the role of {group:?} is none of {}",
                ROLES.join(", ")
            );
        }
        ensure!(
            !self.create_members || !self.groups.is_empty(),
            "create_members needs groups, which say what the new members are"
        );
        Ok(())
    }
}

fn is_local_host(host: &str) -> bool {
    is_loopback(host.trim_matches(['[', ']']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<Oidc, String> {
        let oidc: Oidc = toml::from_str(text).map_err(|error| error.to_string())?;
        oidc.check("acme").map_err(|error| error.to_string())?;
        Ok(oidc)
    }

    const HEAD: &str = "client_id = \"sayso\"\nissuer = ";

    #[test]
    fn an_issuer_is_an_address_with_tls_unless_it_is_this_machine() {
        for good in [
            "https://login.example.com",
            "https://login.example.com/realms/acme",
            "http://127.0.0.1:9",
            "http://[::1]:9",
        ] {
            assert!(checked(&format!("{HEAD}{good:?}")).is_ok_and(|oidc| !oidc.is_plain()), "{good}");
        }
        for bad in [
            "login.example.com",
            "http://login.example.com",
            "http://10.0.0.1",
            "https://a.example/?x",
            "https://u@a.example",
        ] {
            assert!(
                checked(&format!("{HEAD}{bad:?}")).is_ok_and(|oidc| oidc.is_plain()) == bad.starts_with("http://"),
                "{bad}"
            );
        }
        let oidc = checked(&format!("{HEAD}\"https://login.example.com\"")).expect("it holds");
        assert!(oidc.check("Acme!").is_err());
    }

    #[test]
    fn groups_give_roles_that_there_are() {
        let with = |rest: &str| checked(&format!("{HEAD}\"https://a.example\"\n{rest}"));
        let read =
            with("create_members = true\ngroups = { \"team/care\" = { role = \"agent\", teams = [\"delivery\"] } }");
        assert_eq!(read.expect("it holds").groups["team/care"].teams, ["delivery"]);
        for (wrong, said) in [
            ("groups = { a = { role = \"owner\" } }", "none of admin"),
            ("create_members = true", "needs groups"),
            ("scopes = [\"email\"]", "openid"),
            ("secret = \"x\"", "unknown field"),
        ] {
            assert!(with(wrong).expect_err(wrong).contains(said), "{wrong}");
        }
    }
}
