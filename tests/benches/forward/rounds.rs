//! What is measured.

use std::time::{Duration, Instant};

use sayso_tests::process::lasting_port;
use sayso_tests::{Database, ImapServer};

use crate::receivers::Receiver;
use crate::stage::Stage;

/// Cases of which each is told alone, on an idle server.
const ARRIVALS: usize = 300;
/// Mails of which each is read alone.
const MAILS: usize = 20;
/// Cases that come at once.
const CASES: usize = 10_000;
/// Customers at the same time.
const CONNECTIONS: usize = 32;
/// How often rounds that are compared are taken, in turns.
const TURNS: usize = 5;
/// How long customers submit in each of those.
const TURN: Duration = Duration::from_secs(4);

/// The rounds on one database.
pub struct Rounds {
    pub name: &'static str,
    pub database: Database,
}

impl Rounds {
    /// From the 201 of a case to the arrival of its webhook.
    pub async fn arrival(&self) -> anyhow::Result<()> {
        let receiver = Receiver::healthy().await?;
        let stage = Stage::open(self.database, &[&receiver.url], &[]).await?;
        let mut took = Vec::new();
        // The first ones make connections and prepare statements.
        for number in 0..ARRIVALS + 20 {
            let answered = stage.submit().await?;
            let came = receiver.came(number + 1).await?;
            took.push(came.saturating_duration_since(answered));
        }
        let mut took = took.split_off(20);
        took.sort_unstable();
        let at = |share: f64| milliseconds(took[((took.len() as f64 * share) as usize).min(took.len() - 1)]);
        self.row(
            "from the 201 to the webhook's arrival, p50 / p99, ms",
            &format!("{:.1} / {:.1}", at(0.5), at(0.99)),
            "≤ 50 / ≤ 250",
        );
        Ok(())
    }

    /// From the arrival of a mail in the mailbox to the webhook about its case.
    pub async fn mail(&self) -> anyhow::Result<()> {
        let (server, receiver) = (ImapServer::start().await, Receiver::healthy().await?);
        let url = server.url();
        let settings = [
            ("SAYSO_IMAP__CARE__URL", url.as_str()),
            ("SAYSO_IMAP__CARE__USER", "care"),
            ("SAYSO_IMAP__CARE__PASSWORD", ImapServer::PASSWORD),
            ("SAYSO_IMAP__CARE__SITE", "acme"),
        ];
        let stage = Stage::open(self.database, &[&receiver.url], &settings).await?;
        let mut took = Vec::new();
        // What is there when the reader begins is found by looking, and what comes after it is told by IDLE.
        for number in 0..=MAILS {
            let delivered = Instant::now();
            server.deliver(format!(
                "From: Li <li{number}@example.com>\r\nTo: care@acme.example\r\nSubject: Parcel {number}\r\nMessage-ID: <{number}@example.com>\r\n\
                 Content-Type: text/plain; charset=utf-8\r\n\r\nThe parcel came late.\r\n"
            ).as_bytes());
            took.push(receiver.came(number + 1).await?.saturating_duration_since(delivered));
        }
        drop(stage);
        let mut took = took.split_off(1);
        took.sort_unstable();
        let (half, longest) = (milliseconds(took[took.len() / 2]), milliseconds(took[took.len() - 1]));
        self.row(
            "from a mail's arrival in IMAP to the webhook about its case, p50 / longest, ms",
            &format!("{half:.0} / {longest:.0}"),
            "≤ 2,000",
        );
        Ok(())
    }

    /// How long healthy targets take to hear of everything, without and with one that is dead and one that is slow.
    pub async fn drain(&self) -> anyhow::Result<()> {
        let alone = self.drain_with(&[]).await?;
        let slow = Receiver::slow().await?;
        let dead = format!("http://127.0.0.1:{}/hook", lasting_port());
        let beside = self.drain_with(&[&slow.url, &dead]).await?;
        let ratio = beside.as_secs_f64() / alone.as_secs_f64();
        self.row("healthy targets beside sick ones, against without", &format!("{ratio:.2}"), "≤ 1.10");
        self.row("what the slow one got meanwhile", &slow.count().to_string(), "");
        Ok(())
    }

    async fn drain_with(&self, sick: &[&str]) -> anyhow::Result<Duration> {
        let healthy = [Receiver::healthy().await?, Receiver::healthy().await?, Receiver::healthy().await?];
        let targets: Vec<&str> =
            healthy.iter().map(|receiver| receiver.url.as_str()).chain(sick.iter().copied()).collect();
        let stage = Stage::open(self.database, &targets, &[]).await?;
        let started = Instant::now();
        stage.submit_many(CASES, CONNECTIONS).await?;
        let submitted = started.elapsed();
        let before = stage.processor_time()?;
        let from = healthy.iter().map(Receiver::count).sum::<usize>();
        let mut last = started;
        for receiver in &healthy {
            last = last.max(receiver.came(CASES).await?);
        }
        let (took, deliveries) = (last - started, CASES * healthy.len());
        let of = if sick.is_empty() { "3 healthy targets" } else { "3 healthy targets, a slow and a dead one" };
        let per_second = deliveries as f64 / took.as_secs_f64();
        self.row(
            &format!(
                "{CASES} cases (stored after {:.1} s) to {of}: all healthy ones after, s; deliveries a second",
                submitted.as_secs_f64()
            ),
            &format!("{:.1}; {per_second:.0}", took.as_secs_f64()),
            "",
        );
        let spent =
            stage.processor_time()?.saturating_sub(before).as_secs_f64() * 1e6 / (deliveries - from).max(1) as f64;
        self.row(
            "processor time of a delivery, µs; memory, MiB",
            &format!("{spent:.0}; {:.0}", stage.memory_mib()),
            "",
        );
        Ok(took)
    }

    /// What forwarding costs the intake: with five targets, one of which is dead and one slow, against none.
    pub async fn intake(&self) -> anyhow::Result<()> {
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            let stage = Stage::open(self.database, &[], &[]).await?;
            without.push(stage.submit_for(TURN, CONNECTIONS).await?);
            drop(stage);
            let healthy = [Receiver::healthy().await?, Receiver::healthy().await?, Receiver::healthy().await?];
            let slow = Receiver::slow().await?;
            let dead = format!("http://127.0.0.1:{}/hook", lasting_port());
            let targets: Vec<&str> =
                healthy.iter().chain([&slow]).map(|receiver| receiver.url.as_str()).chain([dead.as_str()]).collect();
            let stage = Stage::open(self.database, &targets, &[]).await?;
            with.push(stage.submit_for(TURN, CONNECTIONS).await?);
        }
        let per_second = |counts: &mut Vec<usize>| {
            counts.sort_unstable();
            counts[counts.len() / 2] as f64 / TURN.as_secs_f64()
        };
        let (without, with) = (per_second(&mut without), per_second(&mut with));
        self.row("submissions a second without targets / with five", &format!("{without:.0} / {with:.0}"), "");
        self.row("ratio", &format!("{:.2}", with / without), "≥ 0.90");
        Ok(())
    }

    fn row(&self, what: &str, value: &str, budget: &str) {
        println!("| {}: {what} | {value} | {budget} |", self.name);
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
