//! Mails that come while the mailbox is being read: a server tells of each one once, as part of whatever it answers next.

use std::sync::{Arc, Mutex};

use sayso_tests::{eventually, on_both_databases};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::imap::{messages, reading};
use super::{CARE, mail};

/// A mailbox whose mails come at a moment that is named: right after a command was answered whose text begins so.
struct Mailbox {
    mails: Vec<(Vec<u8>, Seen)>,
    arrivals: Vec<(&'static str, &'static str)>,
    /// The command at which the connection breaks, once.
    breaks_at: Option<&'static str>,
    told: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Yes,
    No,
}

impl Mailbox {
    fn empty() -> Self {
        Self { mails: Vec::new(), arrivals: Vec::new(), breaks_at: None, told: 0 }
    }

    fn put(&mut self, words: &str, seen: Seen) {
        let id = format!("a{}", self.mails.len());
        self.mails.push((mail("li@example.com", CARE, &id, "", words), seen));
    }

    /// What of a command's answer comes before its last line.
    fn answer(&mut self, command: &str) -> String {
        let mut answer = match command.split_once(' ').map_or(command, |(first, _)| first) {
            "CAPABILITY" => "* CAPABILITY IMAP4rev1 IDLE\r\n".to_owned(),
            "SELECT" => {
                self.told = self.mails.len();
                format!("* {} EXISTS\r\n* OK [UIDVALIDITY 7] numbers\r\n", self.told)
            }
            _ => String::new(),
        };
        let numbers = 1..=self.mails.len();
        if let Some(query) = command.strip_prefix("UID SEARCH ") {
            let found: Vec<usize> = match query {
                "UID *" => numbers.last().into_iter().collect(),
                "UNSEEN" => numbers.filter(|number| self.mails[number - 1].1 == Seen::No).collect(),
                range => {
                    let first: usize = range.trim_start_matches("UID ").trim_end_matches(":*").parse().unwrap();
                    numbers.filter(|number| *number >= first).collect()
                }
            };
            let found: String = found.iter().map(|number| format!(" {number}")).collect();
            answer += &format!("* SEARCH{found}\r\n");
        }
        if let Some(wanted) = command.strip_prefix("UID FETCH ") {
            let (number, what) = wanted.split_once(' ').unwrap();
            let raw = String::from_utf8(self.mails[number.parse::<usize>().unwrap() - 1].0.clone()).unwrap();
            let size = raw.len();
            answer += &match what {
                "(UID RFC822.SIZE)" => format!("* {number} FETCH (UID {number} RFC822.SIZE {size})\r\n"),
                _ => format!("* {number} FETCH (UID {number} BODY[] {{{size}}}\r\n{raw})\r\n"),
            };
        }
        answer
    }

    /// What it tells of mails that have come since it last told.
    fn news(&mut self) -> String {
        let count = self.mails.len();
        if std::mem::replace(&mut self.told, count) == count { String::new() } else { format!("* {count} EXISTS\r\n") }
    }

    /// Lets come what comes after this command.
    fn arrive_after(&mut self, command: &str) {
        if let Some(at) = self.arrivals.iter().position(|(after, _)| command.starts_with(after)) {
            let (_, words) = self.arrivals.remove(at);
            self.put(words, Seen::No);
        }
    }
}

/// Serves the mailbox, and gives its address.
async fn serve(mailbox: Arc<Mutex<Mailbox>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("imap://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // The collector goes away with the test.
            let _ = talk(stream, &mailbox).await;
        }
    });
    url
}

async fn talk(stream: TcpStream, mailbox: &Mutex<Mailbox>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"* OK ready\r\n").await?;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let (tag, command) = line.trim_end().split_once(' ').unwrap();
        let answer = {
            let mut mailbox = mailbox.lock().unwrap();
            if mailbox.breaks_at.is_some_and(|breaking| command.starts_with(breaking)) {
                mailbox.breaks_at = None;
                return Ok(());
            }
            let answer = mailbox.answer(command) + mailbox.news().as_str();
            mailbox.arrive_after(command);
            answer
        };
        stream.write_all(answer.as_bytes()).await?;
        if command == "IDLE" {
            stream.write_all(b"+ idling\r\n").await?;
            let mut done = String::new();
            stream.read_line(&mut done).await?;
        }
        stream.write_all(format!("{tag} OK done\r\n").as_bytes()).await?;
        line.clear();
    }
    Ok(())
}

on_both_databases! {
    async fn a_mail_that_comes_while_others_are_read_is_not_waited_for(database: Database) {
        let mut mailbox = Mailbox::empty();
        mailbox.arrivals = vec![
            ("UID SEARCH UID *", "after the newest was asked for"),
            ("UID SEARCH UNSEEN", "after the unread were asked for"),
            ("UID FETCH", "while one is fetched"),
            ("UID SEARCH UID", "after the last look, before the wait"),
            ("UID SEARCH UID", "and once more"),
        ];
        mailbox.put("was there, unread", Seen::No);
        mailbox.put("was there, read", Seen::Yes);
        let mailbox = Arc::new(Mutex::new(mailbox));
        let app = reading(database, &serve(mailbox.clone()).await, "acme").await;
        eventually("all mails are cases", || async { messages(&app).await.len() == 6 }).await;
        let messages = messages(&app).await;
        assert!(mailbox.lock().unwrap().arrivals.is_empty());
        assert!(!messages.iter().any(|message| message.contains("was there, read")), "{messages:?}");
    }

    async fn a_first_reading_that_breaks_off_makes_no_cases_of_mails_that_were_read(database: Database) {
        let mut mailbox = Mailbox::empty();
        mailbox.put("first, unread", Seen::No);
        mailbox.put("read", Seen::Yes);
        mailbox.put("third, unread", Seen::No);
        mailbox.breaks_at = Some("UID FETCH 3");
        let mailbox = Arc::new(Mutex::new(mailbox));
        let app = reading(database, &serve(mailbox).await, "acme").await;
        eventually("both unread ones are cases", || async { messages(&app).await.len() >= 2 }).await;
        let messages = messages(&app).await;
        assert!(!messages.iter().any(|message| message.ends_with("\n\nread")), "{messages:?}");
    }
}
