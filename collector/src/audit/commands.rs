//! `sayso audit`.

use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::verify::links_after;
use super::{Verdict, head, verify};
use crate::clock::{Millis, parse_rfc3339, rfc3339};
use crate::db::Db;
use crate::with_db;

/// What `sayso audit` can do.
#[derive(Debug, clap::Subcommand)]
pub enum AuditCommand {
    /// Prove that the log is whole, or name the first broken entry.
    Verify,
    /// Print the head of the chain, to be kept elsewhere: whoever has it can tell later that nothing was cut off.
    Anchor,
    /// Write all entries as JSON, one a line, the oldest first: each with its hash and that of the one before, so that whoever has them can follow the
    /// chain.
    Export {
        /// The file to write; without it, or with -, they are printed.
        file: Option<PathBuf>,
        /// Only entries of this time or later, such as 2026-11-22T10:00:00Z.
        #[arg(long, value_parser = read_time)]
        from: Option<Millis>,
    },
    /// List the last entries, the newest first.
    List {
        /// How many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=1_000))]
        limit: i64,
    },
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    at: i64,
    actor: String,
    actor_name: Option<String>,
    action: String,
    object: String,
}

/// Does what the command line says.
pub async fn run(command: AuditCommand, db: &Db) -> anyhow::Result<()> {
    match command {
        AuditCommand::Verify => match verify(db).await? {
            Verdict::Whole { entries, head } => {
                println!("The audit log is whole: {entries} entries, head {}.", shown(&head))
            }
            Verdict::Broken { number, reason } => bail!("the audit log is broken at entry {number}: {reason}"),
        },
        AuditCommand::Anchor => {
            let (number, hash) = head(db).await?;
            println!("{number} {}", shown(&hash));
        }
        AuditCommand::Export { file, from } => export(db, file.as_deref(), from.unwrap_or_default()).await?,
        AuditCommand::List { limit } => list(db, limit).await?,
    }
    Ok(())
}

async fn export(db: &Db, file: Option<&Path>, from: Millis) -> anyhow::Result<()> {
    let mut out: Box<dyn Write> = match file.filter(|file| *file != Path::new("-")) {
        Some(path) => {
            let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            Box::new(BufWriter::new(made.with_context(|| format!("cannot make {}", path.display()))?))
        }
        None => Box::new(std::io::stdout().lock()),
    };
    let (mut last, mut count) = (0, 0_usize);
    loop {
        let links = links_after(db, last).await?;
        let Some(end) = links.last() else { break };
        last = end.entry.number;
        for link in links.into_iter().filter(|link| link.entry.at >= from) {
            let details: Value = serde_json::from_str(&link.entry.details).unwrap_or_default();
            let line = json!({"number": link.entry.number, "at": rfc3339(link.entry.at), "at_ms": link.entry.at, "actor": link.entry.actor,
                "actor_id": link.entry.actor_id, "action": link.entry.action, "object": link.entry.object, "before": details["before"],
                "after": details["after"], "details": link.entry.details, "previous_hash": link.entry.previous_hash, "hash": link.hash});
            writeln!(out, "{line}")?;
            count += 1;
        }
    }
    out.flush()?;
    if let Some(path) = file.filter(|file| *file != Path::new("-")) {
        println!("{count} entries are in {}.", path.display());
    }
    Ok(())
}

fn read_time(text: &str) -> Result<Millis, String> {
    parse_rfc3339(text).ok_or_else(|| "a time is written as in RFC 3339, such as 2026-11-22T10:00:00Z".to_owned())
}

async fn list(db: &Db, limit: i64) -> anyhow::Result<()> {
    let select = "select audit_log.number, audit_log.at, audit_log.actor, coalesce(members.name, tokens.name) as actor_name, \
        audit_log.action, audit_log.object from audit_log left join members on members.id = audit_log.actor_id \
        left join tokens on tokens.id = audit_log.actor_id order by audit_log.number desc limit $1";
    let rows: Vec<Row> = with_db!(db, pool => sqlx::query_as(select).bind(limit).fetch_all(pool).await)?;
    for row in rows {
        let actor = row.actor_name.unwrap_or(row.actor);
        println!("{:>6}  {}  {:<20} {:<24} {}", row.number, rfc3339(row.at), row.action, row.object, actor);
    }
    Ok(())
}

/// An empty chain has no hash to show.
fn shown(hash: &str) -> &str {
    if hash.is_empty() { "-" } else { hash }
}
