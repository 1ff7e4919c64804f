//! `cargo xtask bench`: how fast submissions become durable, on both databases, what the widget costs a page, and how good suggestions are, as tables
//! against the budgets.

mod figures;
mod table;
mod widget;

use std::process::Command;

use anyhow::ensure;
use rustix::process::Signal;

use crate::bench::widget::released_collector;
use crate::environment;
use crate::packages;
use crate::postgres::{Cluster, Durability};
use crate::process::{Group, OnInterrupt};
use crate::widget as widget_build;

pub use crate::bench::widget::{Afterwards, widget};

/// Builds what is released, starts a PostgreSQL that keeps its data, and asks for every page of the console, or for every report.
pub fn console(arguments: &[String]) -> anyhow::Result<()> {
    widget_build::build()?;
    let cluster = Cluster::kept(&environment::workspace().join("target/bench/postgresql"))?;
    eprintln!("→ readers (the first time it compiles for release and makes the cases, which takes minutes)");
    run_on(&cluster, "console", arguments)
}

/// Builds what is released, starts a PostgreSQL, and asks for customers on both databases.
pub fn customers(arguments: &[String]) -> anyhow::Result<()> {
    widget_build::build()?;
    let cluster = Cluster::start(Durability::Full)?;
    eprintln!("→ customers (the first time it compiles for release, which takes minutes)");
    let ran = run_on(&cluster, "customers", arguments);
    cluster.stop();
    ran
}

/// Builds what is released, starts a PostgreSQL, and runs the load against both databases, or those rounds that are named.
pub fn intake(rounds: &[String]) -> anyhow::Result<()> {
    widget_build::build()?;
    let cluster = Cluster::start(Durability::Full)?;
    eprintln!("→ load (the first time it compiles for release, which takes minutes)");
    let ran = run_on(&cluster, "intake", rounds);
    cluster.stop();
    ran
}

/// Builds what is released, starts a PostgreSQL that keeps its data, and measures how cases travel to targets.
pub fn forward(rounds: &[String]) -> anyhow::Result<()> {
    widget_build::build()?;
    packages::ensure_dovecot()?;
    let collector = released_collector()?;
    let cluster = Cluster::start(Durability::Full)?;
    let mut command: Command = environment::cargo();
    // What submits and receives is compiled as the tests are.
    command.args(["bench", "--quiet", "--workspace", "--bench", "forward", "--profile", "dev", "--"]).args(rounds);
    command.env("SAYSO_TEST_BINARY", &collector).env("SAYSO_TEST_POSTGRES_DURABLE", cluster.url());
    let ran = run(&mut command, "forward");
    cluster.stop();
    ran
}

/// Measures suggestions, which need neither a widget nor a database.
pub fn suggest() -> anyhow::Result<()> {
    run(environment::cargo().args(["bench", "--package", "sayso-analysis", "--bench", "suggest"]), "suggest")
}

/// Runs a bench of the collector, which finds PostgreSQL at `cluster`.
fn run_on(cluster: &Cluster, bench: &str, arguments: &[String]) -> anyhow::Result<()> {
    let mut command: Command = environment::cargo();
    command.args(["bench", "--package", "sayso", "--bench", bench, "--"]).args(arguments);
    run(command.env("SAYSO_TEST_POSTGRES", cluster.url()), bench)
}

fn run(command: &mut Command, bench: &str) -> anyhow::Result<()> {
    let status = Group::spawn(command, Signal::TERM, OnInterrupt::End)?.wait()?;
    ensure!(status.success(), "the bench {bench} ended with {status}");
    Ok(())
}
