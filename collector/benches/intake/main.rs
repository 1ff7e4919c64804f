//! How many submissions a second become durable, and how fast they are answered: the real binary, loaded from this process on the
//! same machine, with a contact each, two webhooks, and the outbox at work. `cargo xtask bench intake` runs it.
//!
//! Figures of one machine drift, so each run also measures the same server answering without storing, and with one commit for each
//! submission, and prints the ratios. What was answered is counted in the database afterwards; a count that differs is an error.
//!
//! Arguments choose: `sqlite` or `postgresql`, and rounds by name (`parse`, `single`, `full`, `half`, `connections`, `stored`).

mod load;
mod quiet;
mod seed;
mod server;
mod table;

use std::time::Duration;

use load::{Load, Measured};
use quiet::Quiet;
use server::{Server, Setup, Sink};

/// Connections that submit at the same time, where a round does not say otherwise.
const CONNECTIONS: usize = 64;
/// How long each round takes.
const ROUND: Duration = Duration::from_secs(5);
/// How often the rounds that are compared are taken, in turns; the medians count, so that a machine that gets slower does so for all of them.
const TURNS: usize = 5;
/// Other numbers of connections, to see the growth.
const OTHER_CONNECTIONS: [usize; 3] = [1, 8, 512];
/// Cases that are there before, to see the growth.
const STORED: [i64; 2] = [100_000, 1_000_000];

/// One measurement.
struct Round {
    measured: Measured,
    idle_mib: f64,
    loaded_mib: f64,
    ready: Duration,
    /// Written to the disk for each submission: by the server on SQLite, into its log on PostgreSQL.
    bytes: f64,
}

/// Everything that was measured on one database; what was not asked for is missing.
#[derive(Default)]
struct Rounds {
    parse: Option<Round>,
    single: Option<Round>,
    full: Option<Round>,
    half: Option<Round>,
    connections: Vec<(usize, Round)>,
    stored: Vec<(i64, Round)>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let databases = ["sqlite", "postgresql"];
    let chosen = |name: &str, all: &[&str]| {
        !asked.iter().any(|asked| all.contains(&asked.as_str())) || asked.iter().any(|asked| asked == name)
    };
    let postgres = std::env::var("SAYSO_TEST_POSTGRES").ok();
    if postgres.is_none() {
        println!("PostgreSQL is left out: `cargo xtask bench` starts one and sets SAYSO_TEST_POSTGRES.");
    }
    let sink = Sink::start().await?;
    let rounds = ["parse", "single", "full", "half", "connections", "stored"];
    let mut lines = Vec::new();
    let mut quiet = Quiet::new();
    for (name, url) in [("SQLite", None), ("PostgreSQL", postgres)] {
        if chosen(&name.to_lowercase(), &databases) && (name == "SQLite" || url.is_some()) {
            let bench = Bench { name, url, sink: &sink };
            lines.push((name, bench.run(|round| chosen(round, &rounds), &mut quiet).await?));
        }
    }
    table::print(&lines);
    quiet.print();
    Ok(())
}

/// The rounds on one database.
struct Bench<'a> {
    name: &'static str,
    url: Option<String>,
    sink: &'a Sink,
}

impl Bench<'_> {
    async fn run(&self, wanted: impl Fn(&str) -> bool, quiet: &mut Quiet) -> anyhow::Result<Rounds> {
        let mut rounds = Rounds::default();
        let plain = Setup::default();
        let (mut parse, mut single, mut full, mut half) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..TURNS {
            quiet.probe();
            if wanted("parse") {
                let nothing = Setup { stores: false, ..plain };
                parse.push(self.measure("answered after parsing, nothing stored", nothing, CONNECTIONS, None).await?);
            }
            if wanted("single") {
                let one = Setup { batch: 1, ..plain };
                single.push(self.measure("a commit for each submission", one, CONNECTIONS, None).await?);
            }
            if wanted("full") {
                full.push(self.measure("commits in groups", plain, CONNECTIONS, None).await?);
            }
            if let (true, Some(full)) = (wanted("half"), full.last()) {
                let rate = full.measured.per_second() / 2.0;
                half.push(self.measure("half of that load", plain, CONNECTIONS, Some(rate)).await?);
            }
        }
        rounds.parse = median(parse, |round| round.measured.per_second());
        rounds.single = median(single, |round| round.measured.per_second());
        rounds.full = median(full, |round| round.measured.per_second());
        rounds.half = median(half, |round| round.measured.percentile(0.99));
        if wanted("connections") {
            for connections in OTHER_CONNECTIONS {
                rounds
                    .connections
                    .push((connections, self.measure("commits in groups", plain, connections, None).await?));
            }
        }
        if wanted("stored") {
            for stored in STORED {
                let setup = Setup { stored, ..plain };
                rounds.stored.push((stored, self.measure("commits in groups", setup, CONNECTIONS, None).await?));
            }
        }
        Ok(rounds)
    }

    async fn measure(
        &self,
        what: &str,
        setup: Setup,
        connections: usize,
        per_second: Option<f64>,
    ) -> anyhow::Result<Round> {
        let pace = per_second.map_or(String::new(), |rate| format!(", {rate:.0} a second"));
        println!("→ {}: {what}, {connections} connections, {} cases before{pace}", self.name, setup.stored);
        let server = Server::start(self.url.as_deref(), self.sink, setup).await?;
        let idle_mib = server.memory_mib()?;
        let written = server.bytes_written().await?;
        let measured = Load { connections, duration: ROUND, per_second }.run(server.address).await?;
        let (loaded_mib, ready) = (server.memory_mib()?, server.ready);
        let bytes = (server.bytes_written().await? - written) / measured.answered().max(1) as f64;
        let expected = if setup.stores { setup.stored + measured.answered() } else { 0 };
        let stored = server.stop_and_count().await?;
        anyhow::ensure!(
            stored == expected,
            "{} were answered with 201, so {expected} should be stored, but {stored} are",
            measured.answered()
        );
        println!(
            "  {} answered and counted, {:.0} a second, p50 {:.1} ms, p99 {:.1} ms, {loaded_mib:.0} MiB, {bytes:.0} bytes written each",
            measured.answered(),
            measured.per_second(),
            measured.percentile(0.5),
            measured.percentile(0.99)
        );
        Ok(Round { measured, idle_mib, loaded_mib, ready, bytes })
    }
}

/// The round whose figure is in the middle.
fn median(mut rounds: Vec<Round>, figure: impl Fn(&Round) -> f64) -> Option<Round> {
    rounds.sort_by(|a, b| figure(a).total_cmp(&figure(b)));
    let middle = rounds.len() / 2;
    rounds.into_iter().nth(middle)
}
