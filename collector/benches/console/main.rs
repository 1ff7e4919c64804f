//! How fast every page of the console and the staff's API answers over a million cases, on both databases, with one reader and with
//! eight, and while customers submit. `cargo xtask bench console` runs it. With the argument `reports`, which `cargo xtask bench reports` gives it, it makes every
//! report instead.
//!
//! The databases stay where they were made, so that the next run begins at once; they are made anew when what they hold has changed.
//! Arguments choose: `sqlite` or `postgresql`, `--cases N`, `--only TEXT` for the questions whose names contain it.

mod ask;
mod fill;
#[path = "../filling/mod.rs"]
mod filling;
mod questions;
mod reports;
mod server;
mod texts;

use std::time::Instant;

use ask::{Measured, Question, Readers};
use server::Server;

/// Rounds, of which the median counts.
const ROUNDS: usize = 3;
/// How often each reader asks in a round, alone and beside seven others.
const TIMES: [(usize, usize); 2] = [(1, 24), (8, 12)];
/// What customers submit beside the readers, a second.
const SUBMISSIONS: f64 = 200.0;

/// As the released collector does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    sayso::install_crypto();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let value = |name: &str| {
        arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1)).cloned()
    };
    let cases = value("--cases").map_or(Ok(1_000_000), |cases| cases.parse())?;
    let only = value("--only").unwrap_or_default();
    let databases = [("SQLite", None), ("PostgreSQL", std::env::var("SAYSO_TEST_POSTGRES").ok())];
    let is_named = |name: &str| arguments.iter().any(|argument| name.to_lowercase() == *argument);
    let none_named = !databases.iter().any(|(name, _)| is_named(name));
    for (name, url) in databases {
        if (name == "PostgreSQL" && url.is_none()) || !(none_named || is_named(name)) {
            continue;
        }
        let started = Instant::now();
        let server = Server::start(url.as_deref(), cases).await?;
        println!(
            "\n{name}: {cases} cases, there after {:.0} s; idle {:.0} MiB",
            started.elapsed().as_secs_f64(),
            server.memory_mib()?
        );
        if is_named("reports") {
            reports::measure(&server, cases).await?;
        } else {
            let questions: Vec<Question> =
                questions::all(&server).into_iter().filter(|question| question.name.contains(&only)).collect();
            measure(&server, &questions).await?;
            println!("memory afterwards: {:.0} MiB", server.memory_mib()?);
        }
        server.stop().await?;
    }
    Ok(())
}

async fn measure(server: &Server, questions: &[Question]) -> anyhow::Result<()> {
    println!("\n| p50 / p95 / max, ms | 1 reader | 8 readers | 8 readers, {SUBMISSIONS} submissions a second | p95 |");
    println!("| --- | ---: | ---: | ---: | --- |");
    let mut quiet = Vec::new();
    for question in questions {
        let mut of = Vec::new();
        for (readers, times) in TIMES {
            of.push(rounds(&server.readers, question, readers, times).await?);
        }
        quiet.push(of);
    }
    let load = server.submit_beside(SUBMISSIONS);
    let mut late = 0;
    for (question, mut measured) in questions.iter().zip(quiet) {
        measured.push(rounds(&server.readers, question, TIMES[1].0, TIMES[1].1).await?);
        let is_met = measured.iter().all(|one| one.p95 <= question.budget_ms);
        late += usize::from(!is_met);
        let verdict = if is_met { "≤" } else { "**over**" };
        println!("| {} | {} | {verdict} {} |", question.name, cells(&measured), question.budget_ms);
    }
    load.abort();
    println!("\n{} of {} within the budget", questions.len() - late, questions.len());
    Ok(())
}

async fn rounds(of: &Readers, question: &Question, readers: usize, times: usize) -> anyhow::Result<Measured> {
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        rounds.push(of.ask(question, readers, times).await?);
    }
    Ok(Measured::median(&rounds))
}

/// A line of a table.
fn cells(measured: &[Measured]) -> String {
    let cells = measured.iter().map(|one| format!("{:.1} / {:.1} / {:.1}", one.p50, one.p95, one.max));
    cells.collect::<Vec<_>>().join(" | ")
}
