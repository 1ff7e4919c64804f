//! `sayso audit`.

use anyhow::bail;

use super::{Verdict, head, verify};
use crate::clock::rfc3339;
use crate::db::Db;
use crate::with_db;

/// What `sayso audit` can do.
#[derive(Debug, clap::Subcommand)]
pub enum AuditCommand {
    /// Prove that the log is whole, or name the first broken entry.
    Verify,
    /// Print the head of the chain, to be kept elsewhere: whoever has it can tell later that nothing was cut off.
    Anchor,
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
        AuditCommand::List { limit } => list(db, limit).await?,
    }
    Ok(())
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
