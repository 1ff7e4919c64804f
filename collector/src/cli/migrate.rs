//! `sayso migrate`.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::clock::rfc3339;
use crate::config::Config;
use crate::context::Context;
use crate::db::catalog::known_migrations;
use crate::db::{Db, sqlite_file};
use crate::upgrades::{self, Moment, Tools};

/// What `sayso migrate` is given.
#[derive(Debug, clap::Args)]
pub struct MigrateArguments {
    /// Only show which migrations and upgrades the database has had, and change nothing.
    #[arg(long)]
    status: bool,
}

/// Brings the database up to date, or shows how far it is.
pub async fn run(arguments: MigrateArguments, config: Config) -> anyhow::Result<()> {
    if arguments.status {
        return show(&config).await;
    }
    let context = Context::open(config).await?;
    let tools = Tools { db: &context.db, keys: &context.keys, clock: &context.clock };
    let progress = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {msg}  {pos} batches  {elapsed}");
    progress.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    progress.enable_steady_tick(Duration::from_millis(200));
    let working = upgrades::complete(tools, Moment::WhileServing, |upgrade| {
        progress.set_message(upgrade.name());
        progress.inc(1);
        std::future::ready(())
    });
    working.await?;
    progress.finish_and_clear();
    println!("The {} database is up to date.", context.db.name());
    Ok(())
}

/// The database is only looked at, so that a server of another version can go on with it.
async fn show(config: &Config) -> anyhow::Result<()> {
    let url = config.database_url.reveal();
    if let Some(file) = sqlite_file(&config.data, url).filter(|file| !file.exists()) {
        println!("There is no database {} yet.", file.display());
        return Ok(());
    }
    let db = Db::connect(&config.data, url).await?;
    let applied = db.migrations().await?;
    let known = known_migrations();
    println!("{} database, {} of {} migrations", db.name(), applied.len(), known.len());
    for version in &known {
        println!("  {} migration {version}", mark(applied.contains(version)));
    }
    for version in applied.iter().filter(|version| !known.contains(version)) {
        println!("  ? migration {version}, of a newer version of Sayso");
    }
    if known.iter().all(|version| applied.contains(version)) {
        for progress in upgrades::progress(&db).await? {
            let when = progress.done_at.map(|at| format!(", done {}", rfc3339(at))).unwrap_or_default();
            println!("  {} upgrade {}{when}", mark(progress.done_at.is_some()), progress.upgrade.name());
        }
    }
    Ok(())
}

fn mark(is_done: bool) -> &'static str {
    if is_done { "✓" } else { "·" }
}
