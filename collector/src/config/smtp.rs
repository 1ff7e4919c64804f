//! How mail leaves: the server, who signs in at it, and what keeps the way to it safe.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use url::Url;

use super::Secret;
use super::hosts::{canonical_host, is_loopback};
use super::oauth::{OAuth, TokenOrigin};

/// The port for submitting mail (RFC 6409), and the one with TLS from the start (RFC 8314).
const PORTS: (u16, u16) = (587, 465);

/// Outgoing mail.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Empty for files in the data folder.
    pub url: Secret,
    /// Who signs in at the server, if it does not stand in the URL.
    pub user: String,
    /// The password of `user`.
    pub password: Secret,
    /// A command that prints a token for XOAUTH2, instead of a password; run by `sh -c`.
    pub token_command: String,
    /// A provider of tokens for XOAUTH2, instead of a password.
    pub oauth: OAuth,
    /// The sender of all mails but those of sites that have one of their own.
    pub from: String,
    /// A file with certificates, besides those of the system, that may have signed the server's; empty for none.
    pub ca_file: PathBuf,
    /// The name that is said in EHLO; empty for the host of the public address.
    pub hello_name: String,
    /// Mails and passwords may travel to another machine without TLS.
    pub dangerous_allow_plain_text: bool,
}

/// A mail server, and how to talk to it.
#[derive(Clone, PartialEq, Eq)]
pub struct MailServer {
    /// Its name or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// When the connection is encrypted.
    pub encryption: Encryption,
    /// Who signs in, if anybody has to.
    pub credentials: Option<Credentials>,
}

/// Who signs in at a mail server, and by what.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// What the user shows.
    pub proof: Proof,
}

/// By what somebody signs in at a mail server.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// A password.
    Password(String),
    /// An access token (XOAUTH2).
    Token(TokenOrigin),
}

/// When the connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// From the start.
    FromStart,
    /// By STARTTLS, or nothing is sent.
    Required,
    /// By STARTTLS if the server offers it.
    Opportunistic,
    /// Never.
    Never,
}

impl Smtp {
    /// The address that mails come from; none if it can't be read.
    pub fn sender(&self) -> Option<String> {
        self.from.parse::<lettre::message::Mailbox>().ok().map(|mailbox| mailbox.email.to_string())
    }

    /// The server, if one is set. An error repeats nothing of the URL, in which a password may stand.
    pub fn server(&self) -> anyhow::Result<Option<MailServer>> {
        const FORM: &str = "[smtp] url must look like smtp://mail.example.com:587 or smtps://mail.example.com; set user and password \
            by the settings of these names, where they may hold any characters (in the URL, # / ? @ : and % are written as %23 %2F %3F %40 %3A %25)";
        let Some(text) = self.url.reveal() else {
            ensure!(
                self.user.is_empty() && self.password.reveal().is_none() && self.token_origin()?.is_none(),
                "[smtp] user, password or oauth are set, but no url"
            );
            return Ok(None);
        };
        let url = Url::parse(text).ok().context(FORM)?;
        ensure!(matches!(url.scheme(), "smtp" | "smtps") && matches!(url.path(), "" | "/"), FORM);
        ensure!(url.fragment().is_none(), FORM);
        let host = url.host_str().filter(|host| !host.is_empty()).context(FORM)?;
        let host = canonical_host(host).context(FORM)?;
        let encryption = self.encryption(&url, is_loopback(&host))?;
        let port = if encryption == Encryption::FromStart { PORTS.1 } else { PORTS.0 };
        Ok(Some(MailServer {
            host,
            port: url.port().unwrap_or(port),
            encryption,
            credentials: self.credentials(&url, FORM)?,
        }))
    }

    /// The name to say in EHLO.
    pub fn hello_name(&self, public_url: &Url) -> String {
        let host = || public_url.host_str().unwrap_or("localhost").trim_matches(['[', ']']).to_owned();
        if self.hello_name.is_empty() { host() } else { self.hello_name.clone() }
    }

    /// Whether what the settings say of it can be used.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        self.from.parse::<lettre::message::Mailbox>().context("[smtp] from must look like Name <user@example.com>")?;
        let is_name = self.hello_name.bytes().all(|b| b.is_ascii_graphic());
        ensure!(is_name, "[smtp] hello_name must be a name such as mail.example.com");
        self.server().map(|_| ())
    }

    fn encryption(&self, url: &Url, is_here: bool) -> anyhow::Result<Encryption> {
        let asked = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        let encryption = match (url.scheme(), asked.as_deref()) {
            ("smtps", None | Some("wrapper")) => Encryption::FromStart,
            ("smtps", Some(_)) => bail!("[smtp] url with smtps:// is encrypted from the start; leave ?tls= out"),
            (_, Some("required")) => Encryption::Required,
            (_, Some("opportunistic")) => Encryption::Opportunistic,
            (_, Some("none")) => Encryption::Never,
            (_, Some(_)) => bail!("[smtp] url may end in ?tls=required, ?tls=opportunistic or ?tls=none"),
            (_, None) if is_here || self.dangerous_allow_plain_text => Encryption::Opportunistic,
            (_, None) => Encryption::Required,
        };
        let may_be_plain = matches!(encryption, Encryption::Opportunistic | Encryption::Never);
        ensure!(
            !may_be_plain || is_here || self.dangerous_allow_plain_text,
            "[smtp] url lets mails and passwords travel without TLS; leave ?tls= out, or see dangerous_allow_plain_text"
        );
        Ok(encryption)
    }

    fn token_origin(&self) -> anyhow::Result<Option<TokenOrigin>> {
        TokenOrigin::parse(&self.token_command, &self.oauth).context("[smtp]")
    }

    fn credentials(&self, url: &Url, form: &'static str) -> anyhow::Result<Option<Credentials>> {
        let decode = |text: &str| percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned());
        let user = if self.user.is_empty() { decode(url.username()).context(form)? } else { self.user.clone() };
        let of_url = if self.user.is_empty() { url.password() } else { None };
        let token = self.token_origin()?;
        if user.is_empty() {
            ensure!(token.is_none(), "[smtp] user must be set: the mailbox that the token is for");
            return Ok(None);
        }
        let proof = match (token, self.password.reveal()) {
            (Some(origin), None) if of_url.is_none() => Proof::Token(origin),
            (Some(_), _) => bail!("[smtp] has a password and a token; set one of them"),
            (None, Some(password)) => Proof::Password(password.to_owned()),
            (None, None) => Proof::Password(decode(of_url.unwrap_or_default()).context(form)?),
        };
        Ok(Some(Credentials { user, proof }))
    }
}

// The password must not reach a log.
impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailServer({}:{}, {:?})", self.host, self.port, self.encryption)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp(url: &str) -> Smtp {
        Smtp {
            url: url.to_owned().into(),
            user: String::new(),
            password: Secret::default(),
            token_command: String::new(),
            oauth: OAuth::default(),
            from: "Sayso <sayso@localhost>".into(),
            ca_file: PathBuf::new(),
            hello_name: String::new(),
            dangerous_allow_plain_text: false,
        }
    }

    #[test]
    fn only_this_machine_is_reached_without_tls() {
        for (url, allowed, expected) in [
            ("smtp://mail.example.com", false, Some((587, Encryption::Required))),
            ("smtp://mail.example.com:25?tls=required", false, Some((25, Encryption::Required))),
            ("smtps://mail.example.com", false, Some((465, Encryption::FromStart))),
            ("smtp://mail.example.com?tls=opportunistic", false, None),
            ("smtp://mail.example.com?tls=none", false, None),
            ("smtp://mail.example.com?tls=none", true, Some((587, Encryption::Never))),
            ("smtp://mail.example.com", true, Some((587, Encryption::Opportunistic))),
            ("smtp://127.0.0.1:1025", false, Some((1025, Encryption::Opportunistic))),
            ("smtp://localhost?tls=none", false, Some((587, Encryption::Never))),
            ("smtp://[::1]:25", false, Some((25, Encryption::Opportunistic))),
            ("smtp://mail.example.com?tls=maybe", true, None),
            ("http://mail.example.com", true, None),
            ("mail.example.com:25", true, None),
        ] {
            let settings = Smtp { dangerous_allow_plain_text: allowed, ..smtp(url) };
            let server = settings.server().ok().flatten();
            assert_eq!(server.map(|server| (server.port, server.encryption)), expected, "{url}");
        }
    }

    #[test]
    fn user_and_password_may_hold_any_characters() {
        let settings = Smtp {
            user: "li@example.com".into(),
            password: "pa#s/s?@:%".to_owned().into(),
            ..smtp("smtp://h.example")
        };
        assert!(signs_in(&settings, "li@example.com", "pa#s/s?@:%"));
        let in_url = smtp("smtp://li%40example.com:pa%23ss@h.example");
        assert!(signs_in(&in_url, "li@example.com", "pa#ss"));
        let mixed = Smtp { password: "pa#ss".to_owned().into(), ..smtp("smtp://li@h.example") };
        assert!(signs_in(&mixed, "li", "pa#ss"));
    }

    fn signs_in(settings: &Smtp, user: &str, password: &str) -> bool {
        let server = settings.server().expect("a server").expect("a server");
        server.credentials == Some(Credentials { user: user.into(), proof: Proof::Password(password.into()) })
    }

    #[test]
    fn a_token_is_instead_of_a_password() {
        let by_command = Smtp { token_command: "print-token".into(), ..smtp("smtp://li%40example.com@h.example") };
        let server = by_command.server().expect("a server").expect("a server");
        let proof = Proof::Token(TokenOrigin::Command("print-token".into()));
        assert!(server.credentials == Some(Credentials { user: "li@example.com".into(), proof }));
        for (settings, named) in [
            (Smtp { password: "x".to_owned().into(), ..by_command.clone() }, "one of them"),
            (Smtp { url: "smtp://li:x@h.example".to_owned().into(), ..by_command.clone() }, "one of them"),
            (Smtp { url: "smtp://h.example".to_owned().into(), ..by_command.clone() }, "user must be set"),
            (Smtp { url: Secret::default(), ..by_command }, "no url"),
        ] {
            let error = format!("{:#}", settings.server().expect_err(named));
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn errors_say_how_to_write_it_and_do_not_show_the_password() {
        for url in [
            "smtp://u:hunter2#x@h.example",
            "smtp://u:hunter2/x@h.example",
            "smtp://u:hunter2?x@h.example",
            "smtp://u:hunter2@",
            "hunter2",
            "ftp://u:hunter2@host",
        ] {
            let error = format!("{:?}", smtp(url).server().expect_err(url));
            assert!(error.contains("set user and password") && !error.contains("hunter2"), "{url}: {error}");
        }
    }

    #[test]
    fn a_host_has_one_form() {
        let host = |url: &str| smtp(url).server().ok().flatten().map(|server| server.host);
        assert_eq!(host("smtp://Mail.Bücher.example").as_deref(), Some("mail.xn--bcher-kva.example"));
        assert_eq!(host("smtp://[::1]").as_deref(), Some("::1"));
    }
}
