//! `cargo xtask bench`: how fast submissions become durable, on both databases, what the widget costs a page, and how good suggestions are, as tables
//! against the budgets.

mod figures;
mod table;
mod widget;

use std::process::Command;

use anyhow::bail;
use rustix::process::Signal;

use crate::bench::widget::released_collector;
use crate::environment;
use crate::packages;
use crate::postgres::{Cluster, Durability};
use crate::process::{Group, OnInterrupt};
use crate::widget as widget_build;

pub use crate::bench::widget::{Afterwards, widget};

/// Builds what is released, starts a PostgreSQL that keeps its data, and asks for every page of the console.
pub fn console(arguments: &[String]) -> anyhow::Result<()> {
    widget_build::build()?;
    let cluster = Cluster::kept(&environment::workspace().join("target/bench/postgresql"))?;
    eprintln!("→ readers (the first time it compiles for release and makes the cases, which takes minutes)");
    let mut command: Command = environment::cargo();
    command
        .args(["bench", "--package", "sayso", "--bench", "console", "--"])
        .args(arguments)
        .env("SAYSO_TEST_POSTGRES", cluster.url());
    let status = Group::spawn(&mut command, Signal::TERM, OnInterrupt::End)?.wait()?;
    drop(cluster);
    if !status.success() {
        bail!("the readers ended with {status}");
    }
    Ok(())
}

/// Builds what is released, starts a PostgreSQL, and asks for customers on both databases.
pub fn customers(arguments: &[String]) -> anyhow::Result<()> {
    widget_build::build()?;
    let cluster = Cluster::start(Durability::Full)?;
    eprintln!("→ customers (the first time it compiles for release, which takes minutes)");
    let mut command: Command = environment::cargo();
    command
        .args(["bench", "--package", "sayso", "--bench", "customers", "--"])
        .args(arguments)
        .env("SAYSO_TEST_POSTGRES", cluster.url());
    let status = Group::spawn(&mut command, Signal::TERM, OnInterrupt::End)?.wait()?;
    cluster.stop();
    if !status.success() {
        bail!("the look-ups ended with {status}");
    }
    Ok(())
}

/// Builds what is released, starts a PostgreSQL, and runs the load against both databases, or those rounds that are named.
pub fn intake(rounds: &[String]) -> anyhow::Result<()> {
    widget_build::build()?;
    let cluster = Cluster::start(Durability::Full)?;
    eprintln!("→ load (the first time it compiles for release, which takes minutes)");
    let mut command: Command = environment::cargo();
    command
        .args(["bench", "--package", "sayso", "--bench", "intake", "--"])
        .args(rounds)
        .env("SAYSO_TEST_POSTGRES", cluster.url());
    let status = Group::spawn(&mut command, Signal::TERM, OnInterrupt::End)?.wait()?;
    cluster.stop();
    if !status.success() {
        bail!("the load ended with {status}");
    }
    Ok(())
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
    let status = Group::spawn(&mut command, Signal::TERM, OnInterrupt::End)?.wait()?;
    cluster.stop();
    if !status.success() {
        bail!("forwarding ended with {status}");
    }
    Ok(())
}

/// Measures suggestions, which need neither a widget nor a database.
pub fn suggest() -> anyhow::Result<()> {
    let mut command: Command = environment::cargo();
    command.args(["bench", "--package", "sayso-analysis", "--bench", "suggest"]);
    let status = Group::spawn(&mut command, Signal::TERM, OnInterrupt::End)?.wait()?;
    if !status.success() {
        bail!("the measuring of suggestions ended with {status}");
    }
    Ok(())
}
