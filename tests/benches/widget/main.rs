//! What the widget costs a company's page, and how long its form takes to open, in Chromium, on a page of another site under the strict
//! policy. `cargo xtask bench widget` builds what is released, runs this, and prints the figures against their budgets.
//!
//! Every load is the first one of a new browser with a new profile, so that nothing is cached, neither files nor compiled code. Loads of the
//! page, of the same page without the tag, and at both speeds take turns, so that a machine that drifts does so for all of them.
//!
//! The arguments are the file that gets the figures as JSON and, for trying the bench itself, another number of loads.

mod recording;
mod samples;
mod stage;
mod visit;

use std::path::PathBuf;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};

use samples::Samples;
use stage::Stage;
use visit::{Speed, Visit};

/// Loads of each kind; the figure is their median.
const LOADS: usize = 9;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let file = PathBuf::from(arguments.first().context("the file for the figures is missing")?);
    let loads = arguments.get(1).map_or(Ok(LOADS), |loads| loads.parse()).context("the number of loads")?;
    sayso::install_crypto();
    let (stage, busy) = (Stage::open(&[]).await?, Stage::open(&stage::BUSY).await?);

    let mut plan = Vec::new();
    for _ in 0..loads {
        for speed in [Speed::Full, Speed::Quarter] {
            plan.extend([Visit::Blank, Visit::Cold, Visit::Hovered, Visit::Recorded].map(|visit| (speed, visit)));
        }
        plan.extend([(Speed::Full, Visit::Bare), (Speed::Full, Visit::Later), (Speed::Quarter, Visit::Busy)]);
    }
    let bar = progress(plan.len());
    let mut samples = Samples::default();
    for (speed, visit) in plan {
        bar.set_message(format!("{visit} at {speed}"));
        let stage = if visit == Visit::Busy { &busy } else { &stage };
        let measured = visit.measure(stage, speed).await.with_context(|| format!("{visit} at {speed}"))?;
        samples.add(speed, visit, measured);
        bar.inc(1);
        if bar.is_hidden() && bar.position().is_multiple_of(9) {
            println!("  {} of {} loads", bar.position(), bar.length().unwrap_or_default());
        }
    }
    bar.finish_and_clear();
    std::fs::write(&file, samples.into_json()).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(())
}

fn progress(loads: usize) -> ProgressBar {
    let bar = ProgressBar::new(loads as u64);
    let style = ProgressStyle::with_template("{bar:30.cyan} {pos}/{len} {elapsed:.dim} {wide_msg:.dim}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
