//! Access tokens instead of passwords, for mail servers that take no passwords (XOAUTH2): Microsoft 365, Gmail.

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use url::Url;

use super::Secret;
use super::hosts::is_loopback;

/// A provider of access tokens (OAuth 2.0, RFC 6749), as it stands in the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct OAuth {
    /// Its token endpoint; empty for none.
    pub token_url: String,
    /// What it knows this collector by.
    pub client_id: String,
    /// By which secret; empty for a public client.
    pub client_secret: Secret,
    /// The long-lived token of the mailbox's owner (section 6); empty where the client itself may use the mailbox (section 4.4).
    pub refresh_token: Secret,
    /// What is asked for, such as `https://outlook.office365.com/.default`.
    pub scope: String,
}

/// Where an access token comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenOrigin {
    /// What this command prints, run by `sh -c`.
    Command(String),
    /// A provider.
    Provider(Box<OAuth>),
}

impl TokenOrigin {
    /// That of the settings of a mail server, if they name one.
    pub(super) fn parse(command: &str, oauth: &OAuth) -> anyhow::Result<Option<Self>> {
        if oauth.token_url.is_empty() {
            let rest = [oauth.client_id.as_str(), oauth.scope.as_str()];
            let has_secrets = oauth.client_secret.reveal().is_some() || oauth.refresh_token.reveal().is_some();
            ensure!(rest.iter().all(|text| text.is_empty()) && !has_secrets, "oauth has no token_url");
            return Ok((!command.is_empty()).then(|| Self::Command(command.to_owned())));
        }
        ensure!(command.is_empty(), "either token_command or oauth must be set, not both");
        let url = Url::parse(&oauth.token_url).ok().context("oauth.token_url is not a URL")?;
        let is_safe = url.scheme() == "https" || url.scheme() == "http" && url.host_str().is_some_and(is_loopback);
        ensure!(is_safe, "oauth.token_url must begin with https://");
        ensure!(!oauth.client_id.is_empty(), "oauth.client_id must be set");
        let proof = [&oauth.client_secret, &oauth.refresh_token];
        ensure!(
            proof.iter().any(|secret| secret.reveal().is_some()),
            "oauth needs a client_secret, a refresh_token, or both"
        );
        Ok(Some(Self::Provider(Box::new(oauth.clone()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> OAuth {
        OAuth {
            token_url: "https://login.example/token".into(),
            client_id: "sayso".into(),
            client_secret: "hunter2".to_owned().into(),
            ..OAuth::default()
        }
    }

    #[test]
    fn a_token_comes_from_one_place() {
        let none = OAuth::default();
        assert_eq!(TokenOrigin::parse("", &none).expect("nothing is set"), None);
        let command = TokenOrigin::parse("print-token", &none).expect("a command");
        assert_eq!(command, Some(TokenOrigin::Command("print-token".into())));
        let given = TokenOrigin::parse("", &provider()).expect("a provider");
        assert_eq!(given, Some(TokenOrigin::Provider(Box::new(provider()))));
        assert!(TokenOrigin::parse("print-token", &provider()).is_err());
    }

    #[test]
    fn what_is_missing_or_unsafe_is_named() {
        let cases: [(&str, OAuth); 5] = [
            ("token_url", OAuth { token_url: String::new(), ..provider() }),
            ("https://", OAuth { token_url: "http://login.example/token".into(), ..provider() }),
            ("not a URL", OAuth { token_url: "login.example".into(), ..provider() }),
            ("client_id", OAuth { client_id: String::new(), ..provider() }),
            ("client_secret", OAuth { client_secret: Secret::default(), ..provider() }),
        ];
        for (named, oauth) in cases {
            let error = format!("{:#}", TokenOrigin::parse("", &oauth).expect_err(named));
            assert!(error.contains(named) && !error.contains("hunter2"), "{named}: {error}");
        }
        let local = OAuth { token_url: "http://127.0.0.1:9/token".into(), ..provider() };
        assert!(TokenOrigin::parse("", &local).is_ok());
    }
}
