//! How many submissions a second become durable, and how fast they are answered: the real binary, loaded from this process on the
//! same machine, with a contact each, two webhooks, and the outbox at work. `cargo xtask bench` runs it.
//!
//! Figures of one machine drift, so each run also measures one commit for each submission, and prints the ratio. What was
//! answered is counted in the database afterwards; a count that differs is an error.

mod load;
mod server;

use std::time::Duration;

use load::{Load, Measured};
use server::{Server, Sink};

/// Connections that submit at the same time.
const CONNECTIONS: usize = 64;
/// How long each round takes.
const ROUND: Duration = Duration::from_secs(8);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let postgres = std::env::var("SAYSO_TEST_POSTGRES").ok();
    if postgres.is_none() {
        println!("PostgreSQL is left out: `cargo xtask bench` starts one and sets SAYSO_TEST_POSTGRES.");
    }
    let sink = Sink::start().await?;
    let mut lines = Vec::new();
    for (name, url) in [("SQLite", None), ("PostgreSQL", postgres.as_deref())] {
        if name == "PostgreSQL" && url.is_none() {
            continue;
        }
        let single = round(name, url, &sink, "1").await?;
        let batched = round(name, url, &sink, "256").await?;
        let half = batched.per_second() / 2.0;
        let paced = paced_round(name, url, &sink, half).await?;
        lines.push((name, single, batched, paced));
    }
    print_table(&lines);
    Ok(())
}

struct Round {
    measured: Measured,
    idle_mib: f64,
    loaded_mib: f64,
    ready: Duration,
}

impl Round {
    fn per_second(&self) -> f64 {
        self.measured.per_second()
    }
}

async fn round(name: &str, url: Option<&str>, sink: &Sink, batch: &str) -> anyhow::Result<Round> {
    println!("→ {name}, at most {batch} submissions a commit, {CONNECTIONS} connections, {} s", ROUND.as_secs());
    measure(url, sink, batch, Load { connections: CONNECTIONS, duration: ROUND, per_second: None }).await
}

async fn paced_round(name: &str, url: Option<&str>, sink: &Sink, per_second: f64) -> anyhow::Result<Round> {
    println!("→ {name}, at half of that load: {per_second:.0} a second, {} s", ROUND.as_secs());
    measure(url, sink, "256", Load { connections: CONNECTIONS, duration: ROUND, per_second: Some(per_second) }).await
}

async fn measure(url: Option<&str>, sink: &Sink, batch: &str, load: Load) -> anyhow::Result<Round> {
    let server = Server::start(url, sink, batch).await?;
    let idle_mib = server.memory_mib()?;
    let measured = load.run(server.address).await?;
    let loaded_mib = server.memory_mib()?;
    let stored = server.stop_and_count().await?;
    anyhow::ensure!(
        stored == measured.answered(),
        "{} were answered with 201, but {stored} are stored",
        measured.answered()
    );
    println!("  {} stored and counted, {:.0} a second", stored, measured.per_second());
    Ok(Round { measured, idle_mib, loaded_mib, ready: server::last_ready() })
}

fn print_table(lines: &[(&str, Round, Round, Round)]) {
    println!("\n{:<44}{:>14}{:>14}", "", "measured", "budget");
    for (name, single, batched, paced) in lines {
        let target = if *name == "SQLite" { "≥ 10,000" } else { "≥ 12,000" };
        let row = |what: &str, value: String, budget: &str| {
            println!("{:<44}{value:>14}{budget:>14}", format!("{name}: {what}"))
        };
        row("durable submissions a second", format!("{:.0}", batched.per_second()), target);
        row("the same with a commit for each", format!("{:.0}", single.per_second()), "");
        row("ratio", format!("{:.1}", batched.per_second() / single.per_second()), "≥ 6");
        row(
            "p50 / p99 at full load, ms",
            format!("{:.1} / {:.1}", batched.measured.percentile(0.5), batched.measured.percentile(0.99)),
            "",
        );
        row("p99 at half of that load, ms", format!("{:.1}", paced.measured.percentile(0.99)), "≤ 20");
        row(
            "memory idle / after the load, MiB",
            format!("{:.0} / {:.0}", batched.idle_mib, batched.loaded_mib),
            "≤ 25 / ≤ 100",
        );
        row("from start to ready, ms", format!("{:.0}", batched.ready.as_secs_f64() * 1_000.0), "≤ 200");
    }
}
