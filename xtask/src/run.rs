//! `cargo xtask run`: the demo, with a fresh widget.

use std::process::Command;

use anyhow::bail;
use rustix::process::Signal;

use crate::environment;
use crate::process::{self, Group, OnInterrupt};
use crate::step::Step;
use crate::widget;

/// Builds what is stale, then runs the demo until it ends or is interrupted.
pub fn demo(demo_args: &[String]) -> anyhow::Result<()> {
    // The collector embeds the widget when it is compiled, so the order matters.
    widget::build()?;
    let step = Step::start("compile the collector");
    step.run(&mut environment::build_collector())?;
    step.finish("");

    eprintln!("→ sayso demo (Ctrl-C ends it)");
    let mut command = Command::new(environment::collector_program());
    command.current_dir(environment::workspace()).arg("demo").args(demo_args);
    let status = Group::spawn(&mut command, Signal::TERM, OnInterrupt::End)?.wait()?;
    if !status.success() && !process::interrupted() {
        bail!("the demo ended with {status}");
    }
    Ok(())
}
