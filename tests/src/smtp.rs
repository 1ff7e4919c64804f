//! A real SMTP server (RFC 5321) that keeps what it gets, for tests that read the collector's mail.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_parser::{MessageParser, MimeHeaders as _};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::token_provider::Issued;

/// Far longer than any mail takes; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A mail server on a random port of 127.0.0.1.
#[derive(Debug)]
pub struct MailServer {
    port: u16,
    kept: Arc<Kept>,
    server: JoinHandle<()>,
}

/// A mail as it came.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// Headers and body.
    pub raw: Vec<u8>,
}

#[derive(Debug)]
struct Kept {
    mails: watch::Sender<Vec<Mail>>,
    /// What is answered to the next mails instead of taking them.
    refusals: Mutex<VecDeque<String>>,
    /// Whose tokens let in, where none do by a password.
    tokens: Mutex<Option<Issued>>,
    /// Whether mails wait for their answer, and how many do.
    is_held: watch::Sender<bool>,
    waiting: watch::Sender<usize>,
    /// What clients called themselves.
    hellos: Mutex<Vec<String>>,
    /// Users and passwords, as clients sent them.
    logins: Mutex<Vec<String>>,
}

impl MailServer {
    /// Starts one.
    pub async fn start() -> Self {
        Self::start_with("127.0.0.1:0", None).await
    }

    /// Starts one at a port, such as of one that was away.
    pub async fn start_at(port: u16) -> Self {
        Self::start_with(&format!("127.0.0.1:{port}"), None).await
    }

    /// Starts one that offers STARTTLS, with a certificate that `tests/fixtures/tls/ca.pem` signed.
    pub async fn start_with_tls() -> Self {
        Self::start_with("127.0.0.1:0", Some(tls_acceptor())).await
    }

    async fn start_with(address: &str, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let kept = Arc::new(Kept {
            mails: watch::Sender::new(Vec::new()),
            refusals: Mutex::default(),
            tokens: Mutex::default(),
            is_held: watch::Sender::new(false),
            waiting: watch::Sender::new(0),
            hellos: Mutex::default(),
            logins: Mutex::default(),
        });
        let keeping = Arc::clone(&kept);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, tls) = (Arc::clone(&keeping), tls.clone());
                // A client that hangs up has said what it wanted to.
                tokio::spawn(async move { serve(stream, &kept, tls).await.ok() });
            }
        });
        Self { port, kept, server }
    }

    /// The setting `[smtp] url` that leads here.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Answers the next mail with this code instead of taking it.
    pub fn refuse_next(&self, code: u16) {
        self.answer_next(&format!("{code} refused"));
    }

    /// Answers the next mail with this line instead of taking it.
    pub fn answer_next(&self, line: &str) {
        self.kept.refusals.lock().expect("no test panics here").push_back(line.to_owned());
    }

    /// Lets in whoever shows an access token that holds (XOAUTH2), and nobody by a password.
    pub fn let_in_by_tokens(&self, issued: Issued) {
        *self.kept.tokens.lock().expect("no test panics here") = Some(issued);
    }

    /// Takes what mails say from now on, and answers nothing until they are let go.
    pub fn hold(&self) {
        self.kept.is_held.send_replace(true);
    }

    /// Answers the mails that wait for it.
    pub fn let_go(&self) {
        self.kept.is_held.send_replace(false);
    }

    /// Waits until so many mails wait for their answer.
    pub async fn wait_for_held(&self, count: usize) {
        let mut changes = self.kept.waiting.subscribe();
        let waited = tokio::time::timeout(PATIENCE, changes.wait_for(|waiting| *waiting >= count)).await;
        assert!(waited.is_ok(), "{count} mails were expected to wait, {} do", *self.kept.waiting.borrow());
    }

    /// What clients called themselves so far.
    pub fn hellos(&self) -> Vec<String> {
        self.kept.hellos.lock().expect("no test panics here").clone()
    }

    /// With which user and password clients signed in so far, as AUTH PLAIN has them.
    pub fn logins(&self) -> Vec<String> {
        self.kept.logins.lock().expect("no test panics here").clone()
    }

    /// All mails so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.kept.mails.borrow().clone()
    }

    /// The mails to one address so far.
    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.mails().into_iter().filter(|mail| mail.to.iter().any(|to| to == address)).collect()
    }

    /// Waits until there are `count` mails to an address, and gives them.
    pub async fn wait_for(&self, address: &str, count: usize) -> Vec<Mail> {
        let mut changes = self.kept.mails.subscribe();
        let enough = changes
            .wait_for(|mails| mails.iter().filter(|mail| mail.to.iter().any(|to| to == address)).count() >= count);
        let waited =
            tokio::time::timeout(PATIENCE, enough).await.map(|arrived| drop(arrived.expect("the server runs")));
        assert!(waited.is_ok(), "{count} mails to {address} were expected, there are {}", self.mails_to(address).len());
        self.mails_to(address)
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Mail {
    /// Reads a mail that was written to a file.
    pub fn from_file(raw: Vec<u8>) -> Self {
        Self { from: String::new(), to: Vec::new(), raw }
    }

    /// The subject, decoded.
    pub fn subject(&self) -> String {
        self.parsed().subject().unwrap_or_default().to_owned()
    }

    /// Who wrote it: their name, and their address in angles.
    pub fn sender(&self) -> String {
        let mail = self.parsed();
        let sender = mail.from().and_then(|from| from.first()).expect("somebody wrote it");
        format!("{} <{}>", sender.name().unwrap_or_default(), sender.address().unwrap_or_default()).trim().to_owned()
    }

    /// When it says that it was sent, in Unix milliseconds.
    pub fn sent_at(&self) -> i64 {
        self.parsed().date().expect("a date").to_timestamp() * 1_000
    }

    /// The part in plain text.
    pub fn text(&self) -> String {
        self.parsed().body_text(0).expect("a part in plain text").replace("\r\n", "\n")
    }

    /// The part in HTML.
    pub fn html(&self) -> String {
        self.parsed().body_html(0).expect("a part in HTML").into_owned()
    }

    /// The files that came with it: what they are called, and what is in them.
    pub fn files(&self) -> Vec<(String, String)> {
        let mail = self.parsed();
        let file = |part: &mail_parser::MessagePart<'_>| {
            let name = part.attachment_name()?.to_owned();
            Some((name, String::from_utf8_lossy(part.contents()).into_owned()))
        };
        mail.attachments().filter_map(file).collect()
    }

    /// A header as it stands in the mail.
    pub fn header(&self, name: &str) -> String {
        self.parsed().header_raw(name).unwrap_or_default().trim().to_owned()
    }

    /// What the HTML shows by an identifier: its type and its bytes.
    pub fn inline(&self, content_id: &str) -> Option<(String, Vec<u8>)> {
        let mail = self.parsed();
        let part = mail.parts.iter().find(|part| part.content_id() == Some(content_id))?;
        let kind = part.content_type()?;
        let kind = format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default());
        Some((kind, part.contents().to_vec()))
    }

    fn parsed(&self) -> mail_parser::Message<'_> {
        MessageParser::default().parse(&self.raw).expect("a mail")
    }
}

/// How a conversation went on.
enum Ending {
    Over,
    StartTls,
}

async fn serve(stream: TcpStream, kept: &Kept, tls: Option<TlsAcceptor>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 tests ESMTP").await?;
    match (converse(&mut stream, kept, tls.as_ref()).await?, tls) {
        (Ending::StartTls, Some(tls)) => {
            let mut stream = BufReader::new(tls.accept(stream.into_inner()).await?);
            converse(&mut stream, kept, None).await.map(|_| ())
        }
        _ => Ok(()),
    }
}

async fn converse(
    stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>,
    kept: &Kept,
    tls: Option<&TlsAcceptor>,
) -> std::io::Result<Ending> {
    let (mut from, mut to) = (String::new(), Vec::new());
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(Ending::Over);
        }
        let command = line.trim_end();
        let verb = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                let name = command.split_whitespace().nth(1).unwrap_or_default().to_owned();
                kept.hellos.lock().expect("no test panics here").push(name);
                let tls = if tls.is_some() { "250-STARTTLS\r\n" } else { "" };
                // Many servers know no SMTPUTF8, and neither does this one.
                let by_tokens = kept.tokens.lock().expect("no test panics here").is_some();
                let auth = if by_tokens { "XOAUTH2" } else { "PLAIN" };
                say(stream, &format!("250-tests\r\n{tls}250-AUTH {auth}\r\n250 8BITMIME")).await?;
            }
            "STARTTLS" if tls.is_some() => {
                say(stream, "220 go on").await?;
                return Ok(Ending::StartTls);
            }
            "AUTH" => {
                let login = command.split_whitespace().nth(2).and_then(|login| STANDARD.decode(login).ok());
                let login = String::from_utf8_lossy(&login.unwrap_or_default()).into_owned();
                let shown = login.replace(['\0', '\x01'], " ").trim().to_owned();
                kept.logins.lock().expect("no test panics here").push(shown);
                let tokens = kept.tokens.lock().expect("no test panics here").clone();
                let token = login.split('\x01').find_map(|part| part.strip_prefix("auth=Bearer "));
                if tokens.is_none_or(|issued| token.is_some_and(|token| issued.holds(token))) {
                    say(stream, "235 welcome").await?;
                } else {
                    // As Gmail does: the reason first, which an empty line answers.
                    say(stream, &format!("334 {}", STANDARD.encode(r#"{"status":"400"}"#))).await?;
                    stream.read_line(&mut String::new()).await?;
                    say(stream, "535 5.7.8 not accepted").await?;
                }
            }
            "HELO" | "NOOP" => say(stream, "250 OK").await?,
            "RSET" => {
                from.clear();
                to.clear();
                say(stream, "250 OK").await?;
            }
            "MAIL" => {
                from = address(command);
                say(stream, "250 OK").await?;
            }
            "RCPT" => {
                to.push(address(command));
                say(stream, "250 OK").await?;
            }
            "DATA" if to.is_empty() => say(stream, "503 no recipient").await?,
            "DATA" => {
                say(stream, "354 go on").await?;
                let raw = read_data(stream).await?;
                if *kept.is_held.borrow() {
                    kept.waiting.send_modify(|waiting| *waiting += 1);
                    kept.is_held.subscribe().wait_for(|is_held| !is_held).await.ok();
                    kept.waiting.send_modify(|waiting| *waiting -= 1);
                }
                let refusal = kept.refusals.lock().expect("no test panics here").pop_front();
                if let Some(line) = refusal {
                    say(stream, &format!("{line} {}", to.join(" "))).await?;
                } else {
                    let mail = Mail { from: std::mem::take(&mut from), to: std::mem::take(&mut to), raw };
                    kept.mails.send_modify(|mails| mails.push(mail));
                    say(stream, "250 kept").await?;
                }
            }
            "QUIT" => {
                say(stream, "221 bye").await?;
                return Ok(Ending::Over);
            }
            _ => say(stream, "502 not known").await?,
        }
    }
}

async fn say(stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>, answer: &str) -> std::io::Result<()> {
    stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// Reads up to the line with a single dot, and takes away the dot that the client put before lines that begin with one.
async fn read_data(stream: &mut BufReader<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut data = Vec::new();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(data);
        }
        data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

/// The address between the angle brackets of a command.
fn address(command: &str) -> String {
    command.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

/// What makes a TLS server of a connection, as `localhost`, with a certificate that `tests/fixtures/tls/ca.pem` signed.
pub fn tls_acceptor() -> TlsAcceptor {
    let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls").join(name);
    let certificates = CertificateDer::pem_file_iter(file("server.pem")).expect("the certificate is there");
    let certificates = certificates.map(|one| one.expect("it is PEM")).collect();
    let key = PrivateKeyDer::from_pem_file(file("server.key")).expect("the key is there");
    sayso::install_crypto();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key);
    TlsAcceptor::from(Arc::new(config.expect("they belong together")))
}
