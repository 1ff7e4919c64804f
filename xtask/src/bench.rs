//! `cargo xtask bench`: how fast submissions become durable, on both databases, as a table against the budgets.

use std::process::Command;

use anyhow::bail;
use rustix::process::Signal;

use crate::environment;
use crate::postgres::Cluster;
use crate::process::{Group, OnInterrupt};
use crate::widget;

/// Builds what is released, starts a PostgreSQL, and runs the load against both databases, or those rounds that are named.
pub fn intake(rounds: &[String]) -> anyhow::Result<()> {
    widget::build()?;
    let cluster = Cluster::start()?;
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
