//! Mailboxes that mail comes in by: `[imap.NAME]`.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use url::Url;

use super::Secret;
use super::hosts::{canonical_host, is_loopback};
use super::oauth::{OAuth, TokenOrigin};
use super::smtp::Proof;

/// The ports of IMAP without TLS from the start, and with it.
const PORTS: (u16, u16) = (143, 993);

/// A mailbox that is read.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Imap {
    /// `imaps://mail.example.com`, or `imap://mail.example.com` for STARTTLS.
    pub url: String,
    /// Who signs in.
    pub user: String,
    /// By which password; where the provider has such, an authorisation code.
    #[serde(default)]
    pub password: Secret,
    /// A command that prints a token for XOAUTH2, instead of a password; run by `sh -c` at each connection.
    #[serde(default)]
    pub token_command: String,
    /// A provider of tokens for XOAUTH2, instead of a password.
    #[serde(default)]
    pub oauth: OAuth,
    /// The folder.
    #[serde(default = "inbox")]
    pub folder: String,
    /// The folder that mails are moved to once they are stored; empty to leave them where they are.
    #[serde(default)]
    pub move_to: String,
    /// The key of the site that new mails are for; empty for the site whose address they were sent to.
    #[serde(default)]
    pub site: String,
    /// The team that new cases go to; of several the first.
    #[serde(default)]
    pub teams: Vec<String>,
    /// A PEM file with certificates of your own that signed the server's.
    #[serde(default)]
    pub ca_file: PathBuf,
}

/// Where a mailbox is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImapServer {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: Security,
}

/// How a connection to a mailbox is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// By TLS from the start.
    FromStart,
    /// By TLS before anybody signs in.
    StartTls,
    /// Not at all: it stays on this machine.
    None,
}

fn inbox() -> String {
    "INBOX".to_owned()
}

impl Imap {
    /// Where it is.
    pub fn server(&self) -> anyhow::Result<ImapServer> {
        const FORM: &str =
            "url must look like imaps://mail.example.com or imap://mail.example.com:143, without user and password";
        let url = Url::parse(&self.url).ok().context(FORM)?;
        ensure!(url.username().is_empty() && url.password().is_none() && matches!(url.path(), "" | "/"), FORM);
        let host = url.host_str().and_then(canonical_host).context(FORM)?;
        let security = match url.scheme() {
            "imaps" => Security::FromStart,
            "imap" if is_loopback(&host) => Security::None,
            "imap" => Security::StartTls,
            _ => bail!(FORM),
        };
        let port = url.port().unwrap_or(if security == Security::FromStart { PORTS.1 } else { PORTS.0 });
        Ok(ImapServer { host, port, security })
    }

    /// By what Sayso signs in there.
    pub fn proof(&self) -> anyhow::Result<Proof> {
        match (self.password.reveal(), TokenOrigin::parse(&self.token_command, &self.oauth)?) {
            (Some(password), None) => Ok(Proof::Password(password.to_owned())),
            (None, Some(origin)) => Ok(Proof::Token(origin)),
            _ => bail!("either password, token_command or oauth must be set"),
        }
    }

    /// Whether what the settings say of it can be used.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        self.server()?;
        ensure!(!self.user.is_empty(), "user must not be empty");
        self.proof()?;
        ensure!(!self.folder.is_empty(), "folder must not be empty");
        ensure!(!self.move_to.eq_ignore_ascii_case(&self.folder), "move_to must not be the folder that is read");
        Ok(())
    }
}
