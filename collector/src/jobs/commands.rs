//! `sayso jobs`.

use anyhow::Context as _;

use crate::clock::{Clock, rfc3339};
use crate::db::Db;
use crate::db::jobs::{Kind, counts, failed, retry_failed};

/// Jobs of a kind that are shown.
const SHOWN: i64 = 20;

/// What `sayso jobs` can do.
#[derive(Debug, clap::Subcommand)]
pub enum JobsCommand {
    /// Count the jobs that wait, and list those that were given up, with the reason.
    List,
    /// Let the jobs that were given up begin anew, once the reason is gone.
    Retry {
        /// The kind of jobs, such as forward or search.
        kind: String,
    },
}

/// Does what the command line says.
pub async fn run(command: JobsCommand, db: &Db, clock: &Clock) -> anyhow::Result<()> {
    match command {
        JobsCommand::List => list(db).await,
        JobsCommand::Retry { kind } => {
            let kinds = Kind::ALL.map(Kind::as_str).join(", ");
            let kind = Kind::parse(&kind)
                .with_context(|| format!("there are no jobs of the kind {kind}; there are: {kinds}"))?;
            let count = retry_failed(db, kind, clock.now()).await?;
            println!("{count} jobs of the kind {} begin anew.", kind.as_str());
            Ok(())
        }
    }
}

async fn list(db: &Db) -> anyhow::Result<()> {
    let counts = counts(db).await?;
    if counts.is_empty() {
        println!("No jobs wait, and none was given up.");
    }
    for count in counts {
        let due = count.first_due.map(|due| format!(", the first due {}", rfc3339(due))).unwrap_or_default();
        println!("{:<10} {} wait{due}; {} given up", count.kind, count.waiting, count.failed);
        let Some(kind) = Kind::parse(&count.kind) else { continue };
        for (key, error) in failed(db, kind, SHOWN).await? {
            println!("  {key}  {}", error.unwrap_or_default());
        }
    }
    Ok(())
}
