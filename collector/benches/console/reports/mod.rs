//! How fast every report is made over a million cases and half a million answers, the first time and again; how fast what they count is gathered, and how fast
//! cases are exported.

mod questions;
mod surveys;

use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::ask::Readers;
use crate::server::{Server, memory_mib};
use crate::{cells, rounds};

/// How often each reader asks in a round, alone and beside seven others.
const TIMES: [(usize, usize); 2] = [(1, 12), (8, 6)];
/// What a report that was made just now may take, at most, for 95 of 100, in milliseconds.
const AGAIN_MS: f64 = 50.0;

/// Measures all of it.
pub async fn measure(server: &Server, cases: usize) -> anyhow::Result<()> {
    surveys::ensure(server)?;
    ask(&server.readers, &questions::all(server)).await?;
    println!("\nmemory afterwards: {:.0} MiB", server.memory_mib()?);
    commands(server, cases)
}

async fn ask(readers: &Readers, questions: &[questions::FirstAndAgain]) -> anyhow::Result<()> {
    println!(
        "\n| p50 / p95 / max, ms | first, 1 reader | first, 8 readers | again, 1 reader | again, 8 readers | p95 |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | --- |");
    let mut late = 0;
    for (first, again) in questions {
        let mut measured = Vec::new();
        for question in [first, again] {
            // So that it was made just now.
            readers.ask(again, 1, 1).await?;
            for (count, times) in TIMES {
                measured.push(rounds(readers, question, count, times).await?);
            }
        }
        let budgets = [first.budget_ms, first.budget_ms, again.budget_ms, again.budget_ms];
        let is_met = measured.iter().zip(budgets).all(|(one, budget)| one.p95 <= budget);
        late += usize::from(!is_met);
        let verdict = if is_met { "≤" } else { "**over**" };
        println!("| {} | {} | {verdict} {}, {} |", first.name, cells(&measured), first.budget_ms, again.budget_ms);
    }
    println!("\n{} of {} within the budgets", questions.len() - late, questions.len());
    Ok(())
}

/// What commands do with all cases.
fn commands(server: &Server, cases: usize) -> anyhow::Result<()> {
    println!("\n| with all cases | a second | memory, MiB | budget |\n| --- | ---: | ---: | --- |");
    let file = tempfile::NamedTempFile::new()?;
    let path = file.path().to_string_lossy().into_owned();
    for (name, arguments, budget) in [
        ("rows exported as CSV", ["export", "--format", "csv", &path].as_slice(), "≥ 50,000; ≤ 100 MiB"),
        ("rows exported as JSON Lines", &["export", "--format", "jsonl", &path], ""),
        ("cases whose facts are gathered", &["reports", "rebuild"], "≥ 1,000"),
    ] {
        let started = Instant::now();
        let mut child = server.command(arguments).spawn()?;
        let mut most = 0.0_f64;
        let status = loop {
            // It may have ended in between.
            most = memory_mib(child.id()).map_or(most, |now| now.max(most));
            match child.try_wait()? {
                Some(status) => break status,
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        ensure!(status.success(), "{} ended with {status}", arguments.join(" "));
        println!("| {name} | {:.0} | {most:.0} | {budget} |", cases as f64 / started.elapsed().as_secs_f64());
    }
    Ok(())
}
