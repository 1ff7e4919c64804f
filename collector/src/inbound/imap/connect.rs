//! The way to a mailbox: TLS, signing in, and opening the folder.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use async_imap::error::Error;
use async_imap::types::{Capabilities, Flag, Mailbox};
use async_imap::{Authenticator, Client, Session};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::filing::Filing;
use super::folders;
use super::wire::Wire;
use crate::access_tokens::AccessTokens;
use crate::config::{Imap, ImapServer, Proof, Security};

/// How long a server may take for one step.
pub(super) const STEP: Duration = Duration::from_secs(60);

/// An open folder.
pub(super) struct Folder {
    pub(super) session: Session<Box<dyn Wire>>,
    pub(super) can_idle: bool,
    pub(super) can_mark: bool,
    pub(super) filing: Filing,
    pub(super) validity: u32,
}

impl Folder {
    /// Says goodbye.
    pub(super) async fn leave(mut self) {
        // It is over either way.
        let _ = tokio::time::timeout(STEP, self.session.logout()).await;
    }
}

/// Connects, signs in and opens the folder.
pub(super) async fn open(mailbox: &Imap) -> anyhow::Result<Folder> {
    let opened = tokio::time::timeout(STEP, sign_in(mailbox)).await;
    let (mut session, capabilities) = opened.map_err(|_| anyhow!("the server did not answer in time"))??;
    if capabilities.has_str("ID") {
        // Servers of NetEase let nobody in who does not say which program it is.
        let about = [("name", Some("Sayso")), ("version", Some(env!("CARGO_PKG_VERSION"))), ("vendor", Some("Sayso"))];
        tokio::time::timeout(STEP, session.id(about)).await??;
    }
    let selected = tokio::time::timeout(STEP, session.select(folders::name(&mailbox.folder))).await?;
    let selected: Mailbox = selected
        .map_err(|error| explain(&error))
        .with_context(|| format!("the folder {} can't be opened", mailbox.folder))?;
    let validity = selected.uid_validity.context("the server gives its mails no lasting numbers (UIDVALIDITY)")?;
    Ok(Folder {
        can_idle: capabilities.has_str("IDLE"),
        filing: Filing::by(&capabilities),
        can_mark: selected.permanent_flags.contains(&Flag::MayCreate),
        validity,
        session,
    })
}

async fn sign_in(mailbox: &Imap) -> anyhow::Result<(Session<Box<dyn Wire>>, Capabilities)> {
    let server = mailbox.server()?;
    let client = greet(mailbox, &server).await?;
    let signed_in = match mailbox.proof()? {
        Proof::Password(password) => client.login(&mailbox.user, &password).await,
        Proof::Token(origin) => {
            let token = AccessTokens::open(&origin)?.get().await?;
            let answer = format!("user={}\x01auth=Bearer {token}\x01\x01", mailbox.user);
            client.authenticate("XOAUTH2", Bearer { answer: Some(answer) }).await
        }
    };
    let mut session = signed_in.map_err(|(error, _)| explain(&error)).context("signing in failed")?;
    let capabilities = session.capabilities().await.map_err(|error| explain(&error))?;
    Ok((session, capabilities))
}

/// A connection on which the server has said hello.
async fn greet(mailbox: &Imap, server: &ImapServer) -> anyhow::Result<Client<Box<dyn Wire>>> {
    let tcp = TcpStream::connect((server.host.as_str(), server.port)).await;
    let tcp = tcp.with_context(|| format!("{}:{} can't be reached", server.host, server.port))?;
    if server.security == Security::FromStart {
        return hello(encrypt(mailbox, server, tcp).await?).await;
    }
    let mut client = hello(Box::new(tcp)).await?;
    if server.security == Security::None {
        return Ok(client);
    }
    let started = client.run_command_and_check_ok("STARTTLS", None).await;
    started
        .map_err(|error| explain(&error))
        .context("the server offers no TLS (STARTTLS), and nobody signs in without it")?;
    let encrypted = encrypt(mailbox, server, client.into_inner()).await?;
    Ok(Client::new(encrypted))
}

async fn hello(wire: Box<dyn Wire>) -> anyhow::Result<Client<Box<dyn Wire>>> {
    let mut client = Client::new(wire);
    client
        .read_response()
        .await?
        .context("the server ended the connection; a port with TLS from the start needs imaps://")?;
    Ok(client)
}

async fn encrypt(mailbox: &Imap, server: &ImapServer, wire: impl Wire + 'static) -> anyhow::Result<Box<dyn Wire>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if !mailbox.ca_file.as_os_str().is_empty() {
        let file = mailbox.ca_file.display();
        let pem = std::fs::read(&mailbox.ca_file).with_context(|| format!("ca_file {file} can't be read"))?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            roots.add(certificate.with_context(|| format!("ca_file {file} is no PEM file"))?)?;
        }
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(server.host.clone()).context("url has no host that a certificate can be for")?;
    let connector = TlsConnector::from(Arc::new(config));
    let encrypted = connector.connect(name, wire).await.context("no safe connection to the server")?;
    Ok(Box::new(encrypted))
}

/// Answers the server's challenge once; what comes after a refusal is answered by an empty line, for which the server waits.
struct Bearer {
    answer: Option<String>,
}

impl Authenticator for Bearer {
    type Response = String;

    fn process(&mut self, _: &[u8]) -> String {
        self.answer.take().unwrap_or_default()
    }
}

/// What a server says. Its refusals may be told: they are about us, and not about anybody's mail.
pub(super) fn explain(error: &Error) -> anyhow::Error {
    match error {
        Error::No(text) | Error::Bad(text) if text.contains("Unsafe Login") => {
            anyhow!(
                "the provider refuses programs ({text}); allow IMAP in its web settings, and use the authorisation code that it gives as password"
            )
        }
        Error::No(text) | Error::Bad(text) => {
            anyhow!("the server refuses: {text}; many providers want an authorisation code or an app password here")
        }
        Error::Io(error) => anyhow!("the connection broke: {error}"),
        Error::ConnectionLost => anyhow!("the server ended the connection"),
        _ => anyhow!("the server's answer can't be read"),
    }
}
