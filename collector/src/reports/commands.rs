//! `sayso reports`.

use indicatif::{ProgressBar, ProgressStyle};

use super::facts::{self, Sizes};
use crate::clock::Clock;
use crate::db::Db;

/// What `sayso reports` can do.
#[derive(Debug, clap::Subcommand)]
pub enum ReportsCommand {
    /// Gather the facts of all older cases anew, from which reports are made; a server may run meanwhile.
    Rebuild,
}

/// Does what the command line says.
pub async fn run(command: ReportsCommand, db: &Db, clock: &Clock) -> anyhow::Result<()> {
    match command {
        ReportsCommand::Rebuild => rebuild(db, clock).await,
    }
}

async fn rebuild(db: &Db, clock: &Clock) -> anyhow::Result<()> {
    let progress = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} cases  {elapsed}");
    progress.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let cases = facts::rebuild(db, Sizes::USUAL, clock.now(), |done, all| {
        progress.set_length(all);
        progress.set_position(done);
    })
    .await?;
    progress.finish_and_clear();
    println!("The facts of {cases} cases are gathered; newer ones are read as they are.");
    Ok(())
}
