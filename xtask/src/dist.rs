//! `cargo xtask dist`: the one file that a company puts on its server.

use std::fs;

use anyhow::{Context as _, ensure};

use crate::environment;
use crate::step::Step;
use crate::widget;

/// What the binary may weigh.
const BUDGET: u64 = 30_000_000;

/// Builds the widget and the collector as released, and copies the binary to `target/dist/sayso`.
pub fn dist() -> anyhow::Result<()> {
    widget::build_within_budget()?;
    let step = Step::start("compile the release binary");
    step.run(&mut environment::build_released_collector())?;
    step.finish("");

    let built = environment::released_collector_program();
    let folder = environment::workspace().join("target/dist");
    fs::create_dir_all(&folder)?;
    let binary = folder.join("sayso");
    // Written beside and moved: a running server keeps its old file.
    let fresh = folder.join("sayso.new");
    fs::copy(&built, &fresh).with_context(|| format!("cannot copy {}", built.display()))?;
    fs::rename(&fresh, &binary)?;
    let bytes = fs::metadata(&binary)?.len();
    println!("\n{}: {} of {} allowed", binary.display(), megabytes(bytes), megabytes(BUDGET));
    ensure!(bytes <= BUDGET, "the binary is over its budget");
    Ok(())
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}
