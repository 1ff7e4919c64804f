//! What was measured, as Markdown, with the budgets.

use crate::{CONNECTIONS, Round, Rounds};

/// Prints the budgets with what was measured, then the growth.
pub fn print(lines: &[(&str, Rounds)]) {
    println!(
        "\n| {CONNECTIONS} connections, a contact and two webhooks each | measured | budget |\n| --- | ---: | ---: |"
    );
    for (name, rounds) in lines {
        print_budgets(name, rounds);
    }
    println!("\n| database | connections | cases before | a second | p50, ms | p99, ms | memory, MiB |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (name, rounds) in lines {
        let first = rounds.full.iter().map(|round| (CONNECTIONS, 0, round));
        let connections = rounds.connections.iter().map(|(connections, round)| (*connections, 0, round));
        let stored = rounds.stored.iter().map(|(stored, round)| (CONNECTIONS, *stored, round));
        for (connections, stored, round) in first.chain(connections).chain(stored) {
            let Round { measured, loaded_mib, .. } = round;
            println!(
                "| {name} | {connections} | {stored} | {:.0} | {:.1} | {:.1} | {loaded_mib:.0} |",
                measured.per_second(),
                measured.percentile(0.5),
                measured.percentile(0.99)
            );
        }
    }
}

fn print_budgets(name: &str, rounds: &Rounds) {
    let row = |what: &str, value: String, budget: &str| println!("| {name}: {what} | {value} | {budget} |");
    let rate = |round: &Round| format!("{:.0}", round.measured.per_second());
    if let Some(parse) = &rounds.parse {
        row("answered after parsing, nothing stored, a second", rate(parse), "");
    }
    if let Some(single) = &rounds.single {
        row("durable with a commit for each, a second", rate(single), "");
    }
    let Some(full) = &rounds.full else { return };
    row("durable submissions a second", rate(full), if name == "SQLite" { "≥ 10,000" } else { "≥ 12,000" });
    let ratio = |other: &Round| format!("{:.2}", full.measured.per_second() / other.measured.per_second());
    if let Some(single) = &rounds.single {
        row("ratio to a commit for each", ratio(single), "≥ 10");
    }
    if let Some(parse) = &rounds.parse {
        row("ratio to nothing stored", ratio(parse), "≥ 0.45");
    }
    let percentiles =
        |round: &Round| format!("{:.1} / {:.1}", round.measured.percentile(0.5), round.measured.percentile(0.99));
    row("p50 / p99 at full load, ms", percentiles(full), "");
    if let Some(half) = &rounds.half {
        row("p50 / p99 at half of that load, ms", percentiles(half), "p99 ≤ 6");
    }
    let written = if name == "SQLite" { "bytes written for each" } else { "bytes of its log for each" };
    row(written, format!("{:.0}", full.bytes), "");
    row("memory idle / at full load, MiB", format!("{:.0} / {:.0}", full.idle_mib, full.loaded_mib), "≤ 25 / ≤ 100");
    row("from start to listening, ms", format!("{:.0}", full.ready.as_secs_f64() * 1_000.0), "≤ 200");
}
