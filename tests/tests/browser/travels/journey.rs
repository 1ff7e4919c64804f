//! The servers on the way of a complaint, and who sits before what.

use sayso::inbound;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::rooms::{Room, Vendor};
use sayso_tests::{Database, ImapServer, Mail, MailServer, Options, eventually};
use tokio::task::JoinHandle;

use crate::office::{Office, Outgoing};

/// Where the site takes mail.
const CARE: &str = "care@acme.example";

/// An office whose mail leaves by one server and comes in by another, with two rooms.
pub struct Journey {
    pub office: Office,
    /// The customer's browser.
    pub visitor: Browser,
    /// That of whoever works in the console.
    pub desk: Browser,
    pub smtp: MailServer,
    pub imap: ImapServer,
    pub team_room: Room,
    pub lead_room: Room,
    reading: JoinHandle<()>,
}

impl Journey {
    /// Opens all of it, on Monday at nine.
    pub async fn begin(database: Database) -> Self {
        let (smtp, imap) = (MailServer::start().await, ImapServer::start().await);
        let (server, mailbox) = (smtp.url(), imap.mailbox("acme"));
        let settings = move |config: &mut sayso::Config| {
            config.smtp.url = server.into();
            config.smtp.from = format!("Acme Home <{CARE}>");
            config.dangerous_allow_private_targets = true;
            config.imap.insert("care".into(), mailbox);
        };
        let options = Options { settings: Box::new(settings), ..Options::default() };
        let office = Office::build(database, options, Outgoing::Sent).await;
        let app = office.app().clone();
        let collector = &office.stage.collector;
        collector.set_site(&[&format!("mail_address={CARE}"), "time_zone=Asia/Shanghai"]).await;
        let secrets = ["sayso-feishu-secret", "SEC7d2e4b7b9a550c3a5f1e9d10"];
        let team_room = Room::open(Vendor::Feishu, secrets[0], app.clock.clone()).await;
        let lead_room = Room::open(Vendor::DingTalk, secrets[1], app.clock.clone()).await;
        let variables = [
            ("TEAM_ROOM_URL", team_room.url.as_str()),
            ("TEAM_ROOM_SECRET", secrets[0]),
            ("LEAD_ROOM_URL", lead_room.url.as_str()),
            ("LEAD_ROOM_SECRET", secrets[1]),
        ];
        collector.apply_service_in(include_str!("service.toml"), &variables).await;
        let visitor = Browser::start(Setup { language: "zh-CN", ..Setup::default() }).await;
        let desk = office.browser().await;
        // Only who leads reads mailboxes. Nobody else is there to take over.
        assert!(app.leader.campaign(&app.db, app.clock.now()).await.unwrap());
        let reading = tokio::spawn(async move { inbound::imap::run(&app).await });
        eventually("the collector waits to be told of mails", async || imap.is_followed()).await;
        office.begin();
        Self { office, visitor, desk, smtp, imap, team_room, lead_room, reading }
    }

    /// Puts a mail into the mailbox, and waits until the collector has taken it.
    pub async fn delivered(&self, raw: &[u8]) {
        let taken = self.imap.marked() + 1;
        self.imap.deliver(raw);
        eventually("the mail is taken", async || self.imap.marked() == taken).await;
    }

    /// The mail with this number to an address.
    pub async fn mail_to(&self, address: &str, number: usize) -> Mail {
        self.smtp.wait_for(address, number).await.swap_remove(number - 1)
    }

    /// Where a case is in the console.
    pub fn console_url(&self, case_id: &str) -> String {
        format!("{}/staff/cases/{case_id}", self.office.stage.collector.url)
    }

    /// How many deliveries there are in each state, by channel.
    pub async fn outgoing(&self) -> Vec<(String, String, i64)> {
        let select = "select channel, state, count(*) from deliveries group by channel, state order by channel, state";
        let db = &self.office.app().db;
        sayso::with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await).unwrap()
    }

    /// Closes the browsers, and lets nobody read the mailbox any more.
    pub async fn end(self) {
        self.reading.abort();
        self.desk.stop().await;
        self.visitor.stop().await;
    }
}
