//! A real SMTP server (RFC 5321) that keeps what it gets, for tests that read the collector's mail.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mail_parser::MessageParser;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

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
    refusals: Mutex<VecDeque<u16>>,
}

impl MailServer {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let kept = Arc::new(Kept { mails: watch::Sender::new(Vec::new()), refusals: Mutex::default() });
        let keeping = Arc::clone(&kept);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&keeping);
                // A client that hangs up has said what it wanted to.
                tokio::spawn(async move { converse(stream, &kept).await.ok() });
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
        self.kept.refusals.lock().expect("no test panics here").push_back(code);
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

    /// The part in plain text.
    pub fn text(&self) -> String {
        self.parsed().body_text(0).expect("a part in plain text").replace("\r\n", "\n")
    }

    /// The part in HTML.
    pub fn html(&self) -> String {
        self.parsed().body_html(0).expect("a part in HTML").into_owned()
    }

    /// A header as it stands in the mail.
    pub fn header(&self, name: &str) -> String {
        self.parsed().header_raw(name).unwrap_or_default().trim().to_owned()
    }

    fn parsed(&self) -> mail_parser::Message<'_> {
        MessageParser::default().parse(&self.raw).expect("a mail")
    }
}

async fn converse(stream: TcpStream, kept: &Kept) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut from, mut to) = (String::new(), Vec::new());
    say(&mut stream, "220 tests ESMTP").await?;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end();
        let verb = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => say(&mut stream, "250-tests\r\n250-8BITMIME\r\n250 SMTPUTF8").await?,
            "HELO" | "NOOP" => say(&mut stream, "250 OK").await?,
            "RSET" => {
                from.clear();
                to.clear();
                say(&mut stream, "250 OK").await?;
            }
            "MAIL" => {
                from = address(command);
                say(&mut stream, "250 OK").await?;
            }
            "RCPT" => {
                to.push(address(command));
                say(&mut stream, "250 OK").await?;
            }
            "DATA" if to.is_empty() => say(&mut stream, "503 no recipient").await?,
            "DATA" => {
                say(&mut stream, "354 go on").await?;
                let raw = read_data(&mut stream).await?;
                let refusal = kept.refusals.lock().expect("no test panics here").pop_front();
                if let Some(code) = refusal {
                    say(&mut stream, &format!("{code} refused {}", to.join(" "))).await?;
                } else {
                    let mail = Mail { from: std::mem::take(&mut from), to: std::mem::take(&mut to), raw };
                    kept.mails.send_modify(|mails| mails.push(mail));
                    say(&mut stream, "250 kept").await?;
                }
            }
            "QUIT" => return say(&mut stream, "221 bye").await,
            _ => say(&mut stream, "502 not known").await?,
        }
    }
}

async fn say(stream: &mut BufReader<TcpStream>, answer: &str) -> std::io::Result<()> {
    stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// Reads up to the line with a single dot, and takes away the dot that the client put before lines that begin with one.
async fn read_data(stream: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
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
