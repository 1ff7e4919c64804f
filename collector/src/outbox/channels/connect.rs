//! The way to the mail server: by the settings, and what went wrong on it.

use std::error::Error;
use std::io;
use std::net::IpAddr;

use anyhow::Context as _;
use lettre::Tokio1Executor;
use lettre::transport::smtp::authentication::{Credentials as Login, Mechanism};
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{self, AsyncSmtpTransport, AsyncSmtpTransportBuilder};
use rustls::CertificateError;
use tokio::sync::Mutex;
use url::Url;

use crate::access_tokens::AccessTokens;
use crate::config::{Config, Credentials, Encryption, MailServer, Proof};

/// The way to a mail server, with whoever signs in there.
pub(super) enum Smtp {
    /// Nobody, or somebody by a password.
    Fixed(Transport),
    /// Somebody by access tokens, which end.
    ByToken(Box<ByToken>),
}

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// Signs in by access tokens (XOAUTH2).
pub(super) struct ByToken {
    builder: AsyncSmtpTransportBuilder,
    user: String,
    tokens: AccessTokens,
    /// The connections that were made with a token.
    open: Mutex<Option<(String, Transport)>>,
}

impl Smtp {
    /// The way to a server.
    pub(super) fn open(config: &Config, server: &MailServer) -> anyhow::Result<Self> {
        let public = Url::parse(&config.public_url).context("public_url is not a URL")?;
        let hello = config.smtp.hello_name(&public);
        let builder = Transport::builder_dangerous(server.host.as_str())
            .port(server.port)
            .tls(tls(config, server)?)
            .hello_name(client_id(hello))
            .timeout(Some(config.delivery_timeout()));
        Ok(match &server.credentials {
            None => Self::Fixed(builder.build()),
            Some(Credentials { user, proof: Proof::Password(password) }) => {
                Self::Fixed(builder.credentials(Login::new(user.clone(), password.clone())).build())
            }
            Some(Credentials { user, proof: Proof::Token(origin) }) => Self::ByToken(Box::new(ByToken {
                builder: builder.authentication(vec![Mechanism::Xoauth2]),
                user: user.clone(),
                tokens: AccessTokens::open(origin)?,
                open: Mutex::default(),
            })),
        })
    }

    /// Does something by it. A token that the server refuses is got anew once: it may have been called back before its end.
    pub(super) async fn run<T, F>(&self, act: impl Fn(Transport) -> F) -> Result<T, SmtpFailure>
    where
        F: Future<Output = Result<T, smtp::Error>>,
    {
        let by_token = match self {
            Self::Fixed(transport) => return act(transport.clone()).await.map_err(SmtpFailure::Server),
            Self::ByToken(by_token) => by_token,
        };
        let (token, transport) = by_token.transport().await?;
        match act(transport).await {
            Err(error) if refuses_token(&error) => by_token.forget(&token).await,
            result => return result.map_err(SmtpFailure::Server),
        }
        let (token, transport) = by_token.transport().await?;
        match act(transport).await {
            Err(error) if refuses_token(&error) => {
                by_token.forget(&token).await;
                Err(SmtpFailure::Token("the mail server does not take the access token".to_owned()))
            }
            result => result.map_err(SmtpFailure::Server),
        }
    }
}

impl ByToken {
    async fn transport(&self) -> Result<(String, Transport), SmtpFailure> {
        let token = self.tokens.get().await.map_err(|error| SmtpFailure::Token(format!("{error:#}")))?;
        let mut open = self.open.lock().await;
        if let Some((of, transport)) = open.as_ref()
            && *of == token
        {
            return Ok((token, transport.clone()));
        }
        let transport = self.builder.clone().credentials(Login::new(self.user.clone(), token.clone())).build();
        *open = Some((token.clone(), transport.clone()));
        Ok((token, transport))
    }

    async fn forget(&self, token: &str) {
        self.tokens.forget(token).await;
        let mut open = self.open.lock().await;
        if open.as_ref().is_some_and(|(of, _)| of == token) {
            *open = None;
        }
    }
}

/// What went wrong on the way out by SMTP.
pub(super) enum SmtpFailure {
    /// The server, or the way to it.
    Server(smtp::Error),
    /// There is no access token that the server takes; a sentence says why.
    Token(String),
}

impl SmtpFailure {
    /// The same in a sentence.
    pub(super) fn explain(&self) -> String {
        match self {
            Self::Server(error) => explain(error),
            Self::Token(reason) => reason.clone(),
        }
    }
}

/// What a server said for good: the code of RFC 3463 with which its answer begins, or that of SMTP where it has none.
pub(super) fn final_status(error: &smtp::Error) -> Option<String> {
    let code = error.status().filter(|_| error.is_permanent())?;
    let answer = error.source().map(ToString::to_string).unwrap_or_default();
    let first = answer.split_whitespace().next().unwrap_or_default();
    let parts: Vec<&str> = first.split('.').collect();
    let is_enhanced = parts.len() == 3
        && parts[0] == "5"
        && parts[1..].iter().all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    Some(if is_enhanced { first.to_owned() } else { u16::from(code).to_string() })
}

/// Whether a server refuses a token: by a code, or by a challenge that says why (as Gmail does), which the library takes for a fault of the server.
fn refuses_token(error: &smtp::Error) -> bool {
    let by_code = error.status().is_some_and(|code| matches!(u16::from(code), 334 | 534 | 535 | 538));
    by_code || error.is_client() && error.source().is_some_and(|source| source.to_string().contains("challenge"))
}

/// What a mail server or the way to it says, without the server's words, which often repeat the address.
fn explain(error: &smtp::Error) -> String {
    if let Some(code) = error.status() {
        return match u16::from(code) {
            530 => "the mail server wants a user and a password (530); set [smtp] user and password".into(),
            534 | 535 | 538 => format!("the mail server does not take the user and the password ({code})"),
            _ => format!("the mail server answered {code}"),
        };
    }
    if let Some(reason) = certificate_error(error) {
        return reason;
    }
    if error.is_client() && error.source().is_some_and(|source| source.to_string().contains("STARTTLS")) {
        return "the mail server offers no TLS (STARTTLS), and nothing is sent without it; see [smtp] dangerous_allow_plain_text".into();
    }
    let kind = sources(error).find_map(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
    match kind {
        _ if error.is_timeout() => "the mail server did not answer in time",
        _ if error.is_tls() => "no safe connection to the mail server",
        _ if error.is_client() => "the mail server lacks what this mail needs",
        Some(io::ErrorKind::ConnectionRefused) => "the mail server refuses the connection; is its port right?",
        Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
            "the mail server ended the connection; a port with TLS from the start needs smtps://"
        }
        _ if sources(error).any(|source| source.to_string().contains("lookup")) => {
            "the name of the mail server can't be resolved"
        }
        _ => "the mail server can't be reached",
    }
    .to_owned()
}

fn tls(config: &Config, server: &MailServer) -> anyhow::Result<Tls> {
    if server.encryption == Encryption::Never {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(server.host.clone());
    let file = &config.smtp.ca_file;
    if !file.as_os_str().is_empty() {
        let pem = std::fs::read(file).with_context(|| format!("[smtp] ca_file {} can't be read", file.display()))?;
        let certificate = Certificate::from_pem(&pem);
        let certificate =
            certificate.ok().with_context(|| format!("[smtp] ca_file {} is no PEM file", file.display()))?;
        parameters = parameters.add_root_certificate(certificate);
    }
    let parameters =
        parameters.build().ok().context("[smtp] the certificates in ca_file or of the system can't be used")?;
    Ok(match server.encryption {
        Encryption::FromStart => Tls::Wrapper(parameters),
        Encryption::Required => Tls::Required(parameters),
        Encryption::Opportunistic => Tls::Opportunistic(parameters),
        Encryption::Never => Tls::None,
    })
}

fn client_id(name: String) -> ClientId {
    match name.parse() {
        Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_) => ClientId::Domain(name),
    }
}

/// What is wrong with the certificate of the server, if that is the reason.
fn certificate_error(error: &smtp::Error) -> Option<String> {
    let of_tls = |source: &(dyn Error + 'static)| {
        let inner = source.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let inner: Option<&(dyn Error + 'static)> = inner.map(|inner| inner as &(dyn Error + 'static));
        inner.unwrap_or(source).downcast_ref::<rustls::Error>().cloned()
    };
    let reason = match sources(error).find_map(of_tls)? {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            "is signed by nobody whom this machine trusts; name the file of its CA in [smtp] ca_file"
        }
        rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "has expired"
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "is for another name than the one in [smtp] url",
        rustls::Error::InvalidCertificate(_) => {
            "can't be used; name the file of its CA in [smtp] ca_file if it is one of your own"
        }
        _ => {
            return Some(
                "no safe connection to the mail server: it speaks no TLS that is safe, or none at all on this port"
                    .into(),
            );
        }
    };
    Some(format!("the certificate of the mail server {reason}"))
}

fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let source = next?;
        next = source.source();
        Some(source)
    })
}
