//! What the widget costs a page: measured by the bench in `tests/benches/widget`, against the budgets and the last figures.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use rustix::process::Signal;

use crate::bench::figures::Figures;
use crate::bench::table;
use crate::browsers::Chromium;
use crate::environment;
use crate::process::{Group, OnInterrupt};
use crate::step::Step;
use crate::widget as widget_build;

/// What happens to the figures once they are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    Print,
    /// They become the last figures, for later runs to be compared with.
    Record,
}

/// Builds what is released, loads it in Chromium again and again, and prints the figures.
pub fn widget(afterwards: Afterwards) -> anyhow::Result<()> {
    let manifest = widget_build::build()?;
    ensure!(manifest.as_released, "figures need the widget as released, which needs the standard library's sources");
    let chromium = Chromium::find_or_install()?;
    let collector = released_collector()?;
    let step = Step::start("compile the bench");
    step.run(bench().arg("--no-run"))?;
    step.finish("");

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("samples.json");
    eprintln!("→ loads in Chromium (a few minutes)");
    let mut command = bench();
    command.arg("--").arg(&file).env("SAYSO_TEST_BINARY", &collector);
    chromium.tell(&mut command);
    let status = Group::spawn(&mut command, Signal::TERM, OnInterrupt::End)?.wait()?;
    if !status.success() {
        bail!("the bench ended with {status}");
    }
    let samples = fs::read_to_string(&file).context("the bench left no figures")?;
    let figures = Figures::new(&manifest, &samples, widget_build::bytes_by_crate()?, &machine(&chromium)?)?;
    let last = Figures::read_last()?;
    println!("\n{}", table::markdown(&figures, last.as_ref()));
    match afterwards {
        Afterwards::Record => figures.record(),
        Afterwards::Print => Ok(()),
    }
}

/// The collector as released: the one that `SAYSO_TEST_BINARY` names, or one that is compiled now.
pub fn released_collector() -> anyhow::Result<PathBuf> {
    if let Some(program) = std::env::var_os("SAYSO_TEST_BINARY") {
        return Ok(program.into());
    }
    let step = Step::start("compile the collector for release (the first time it takes minutes)");
    step.run(&mut environment::build_released_collector())?;
    step.finish("");
    Ok(environment::released_collector_program())
}

/// Measuring needs the collector and the widget as released; what drives the browser is compiled as the tests are.
fn bench() -> Command {
    let mut command = environment::cargo();
    command.args(["bench", "--quiet", "--workspace", "--bench", "widget", "--profile", "dev"]);
    command
}

/// What the figures are of.
fn machine(chromium: &Chromium) -> anyhow::Result<String> {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models = processors.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let models: Vec<&str> = models.map(|(_, name)| name.trim()).collect();
    let model = models.first().unwrap_or(&"processors of an unknown kind");
    Ok(format!("{} × {model}, {}", models.len(), chromium.version()?))
}
