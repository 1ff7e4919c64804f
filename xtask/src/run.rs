//! `cargo xtask run`: the demo, with a fresh widget.

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
    step.run(environment::cargo().args(["build", "--package", "sayso"]))?;
    step.finish("");

    eprintln!("→ sayso demo (Ctrl-C ends it)");
    let mut command = environment::cargo();
    command.args(["run", "--quiet", "--package", "sayso", "--", "demo"]).args(demo_args);
    let status = Group::spawn(&mut command, Signal::TERM, OnInterrupt::End)?.wait()?;
    if !status.success() && !process::interrupted() {
        bail!("the demo ended with {status}");
    }
    Ok(())
}
