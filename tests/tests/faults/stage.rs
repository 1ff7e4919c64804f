//! Where a test plays: a database, a site with a webhook, its receiver; and the comparison of what was answered with what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use sayso::cases::EventType;
use sayso::cases::code::lookup_hash;
use sayso::clock::Clock;
use sayso::db::Db;
use sayso::keys::Keys;
use sayso::sites::targets::Target;
use sayso::sites::{Origin, Site, SiteKey};
use sayso::with_db;
use sayso_shared::TrackingCode;
use sayso_tests::process::Served;
use sayso_tests::{Client, Database, TestApp, WebhookReceiver, write_key};
use tempfile::TempDir;

use crate::load::{Answered, feedback, message};

/// How long nothing at all may follow from the submissions: the leases of those that were killed have to end first.
const PATIENCE: Duration = Duration::from_secs(120);

/// So many keys are used once more when all is done.
const REPEATED: usize = 50;

/// The scene of one test.
pub struct Stage {
    /// The data folder.
    pub data: TempDir,
    /// Empty for SQLite in the data folder.
    pub url: String,
    /// Where events go.
    pub receiver: WebhookReceiver,
}

/// What the receiver got, by the identifier of the delivery, and how often.
pub type Arrivals = BTreeMap<String, usize>;

impl Stage {
    /// So many deliveries at most has a process claimed, and perhaps sent, of which the database does not know yet.
    pub const CONCURRENCY: usize = 8;

    /// The settings of every server. A lease ends ten seconds after an attempt would have timed out, which none does on a busy machine:
    /// it would be made again.
    pub const SETTINGS: [(&str, &str); 6] = [
        ("SAYSO_DANGEROUS_ALLOW_PRIVATE_TARGETS", "true"),
        ("SAYSO_DANGEROUS_DISABLE_GUARDS", "true"),
        ("SAYSO_OUTBOX__CONCURRENCY", "8"),
        ("SAYSO_OUTBOX__TIMEOUT", "10"),
        ("SAYSO_OUTBOX__SCHEDULE", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"),
        ("SAYSO_LOG", "error"),
    ];

    /// A scene on a new database, with the site `acme` and its webhook.
    pub async fn new(database: Database) -> Self {
        let stage = Self::empty(database.make_durable().await.reveal().unwrap_or_default().to_owned()).await;
        stage.furnish().await;
        stage
    }

    /// A scene on a database that nobody has used yet.
    pub async fn empty(url: String) -> Self {
        let data = tempfile::tempdir().unwrap();
        write_key(data.path());
        Self { data, url, receiver: WebhookReceiver::start().await }
    }

    /// Adds the site and its webhook.
    pub async fn furnish(&self) {
        let db = self.open().await;
        db.migrate().await.unwrap();
        let now = Clock::default().now();
        let (key, origin) = (SiteKey::parse("acme").unwrap(), Origin::parse(TestApp::ORIGIN).unwrap());
        Site::add(&db, &key, "Acme Home", &[origin], &sayso::audit::Stamp::command(now)).await.unwrap();
        let site = Site::by_key(&db, "acme").await.unwrap();
        let keys = Keys::load(&db, self.data.path()).await.unwrap();
        let events = [EventType::Created];
        Target::add_webhook(&db, &keys, &site, &self.receiver.url, &events, &sayso::audit::Stamp::command(now))
            .await
            .unwrap();
        db.close().await;
    }

    /// Starts a server on this port.
    pub async fn serve(&self, port: u16) -> Served {
        Served::start_on(port, self.data.path(), &self.url, &Self::SETTINGS).await
    }

    /// The database, for looking inside.
    pub async fn open(&self) -> Db {
        Db::connect(self.data.path(), Some(self.url.as_str()).filter(|url| !url.is_empty())).await.unwrap()
    }

    /// Waits until everything that follows has happened, and holds what is there against what was answered; the collector at `url` is asked
    /// again for some of it.
    pub async fn verify(&self, url: &str, answered: &Answered) -> Arrivals {
        let db = self.open().await;
        wait_for_forwarding(&db).await;
        let client = Client::new(url);
        for (key, code) in answered.iter().take(REPEATED) {
            let again = client.submit_with_key(feedback(key), key).await;
            assert_eq!(again.status, StatusCode::CREATED, "{}", again.body);
            assert_eq!(again.json()["code"].as_str(), Some(code.as_str()), "a repeat gets the first answer");
        }
        self.compare(&db, answered).await
    }

    async fn compare(&self, db: &Db, answered: &Answered) -> Arrivals {
        let keys = Keys::load(db, self.data.path()).await.unwrap();
        // Every key was answered in the end, so there is exactly one case for each, and none besides.
        let select = "select cases.code_hash, feedback.message from feedback left join cases on cases.id = feedback.id";
        type Row = (Option<String>, String);
        let mut stored: Vec<Row> = with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await).unwrap();
        let code_hash = |code: &str| lookup_hash(&keys, &TrackingCode::parse(code).unwrap());
        let mut expected: Vec<Row> = answered.iter().map(|(key, code)| (Some(code_hash(code)), message(key))).collect();
        stored.sort();
        expected.sort();
        assert_eq!(stored.len(), expected.len(), "cases that are there, keys that were answered");
        assert!(stored == expected, "each case has the code and the words that its customer has");

        // Each case began with one event, and that was planned into one delivery for the one webhook, which was sent.
        let select = "select deliveries.id from feedback join events on events.case_id = feedback.id and events.seq = 1 and events.type = 'case.created' \
            join deliveries on deliveries.order_key = events.case_id and deliveries.order_no = events.seq and deliveries.channel = 'webhook' and deliveries.state = 'sent'";
        let sent: Vec<String> = with_db!(db, pool => sqlx::query_scalar(select).fetch_all(pool).await).unwrap();
        let sent: BTreeSet<String> = sent.into_iter().collect();
        assert_eq!(sent.len(), answered.len(), "deliveries that were sent, cases");
        let mut arrivals = Arrivals::new();
        for received in self.receiver.received() {
            *arrivals.entry(received.header("webhook-id").to_owned()).or_default() += 1;
        }
        assert!(arrivals.keys().eq(sent.iter()), "exactly what was sent has arrived, each under its own id");
        arrivals
    }
}

/// How many identifiers arrived more than once.
pub fn repeated(arrivals: &Arrivals) -> usize {
    arrivals.values().filter(|count| **count > 1).count()
}

async fn wait_for_forwarding(db: &Db) {
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    let (mut fewest, mut since) = (i64::MAX, Instant::now());
    loop {
        let left = unfinished(db).await;
        if left == 0 {
            return;
        }
        if left < fewest {
            (fewest, since) = (left, Instant::now());
        }
        assert!(since.elapsed() < PATIENCE, "{left} events or deliveries are not done, and none was for {PATIENCE:?}");
        ticks.tick().await;
    }
}

/// How many events wait to be planned, and deliveries were not sent.
async fn unfinished(db: &Db) -> i64 {
    let select = "select (select count(*) from events where position is null) + (select count(*) from jobs where kind = 'forward') + (select count(*) from deliveries where state <> 'sent')";
    with_db!(db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap()
}
