//! `sayso exposure`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Subcommand;
use encoding_rs::Encoding;

use super::{Counts, Exposed, put};
use crate::audit::Stamp;
use crate::context::Context;
use crate::import::table::{Cells, Need, Table, encoding_of};
use crate::sites::Site;

/// Refused rows that are named one by one.
const NAMED_MAX: u64 = 100;
/// The columns of a file.
const COLUMNS: &[(&str, Need)] = &[("date", Need::Required), ("count", Need::Required), ("kind", Need::Optional)];

/// Store how many orders, visits or accounts there were, so that reports say complaints per thousand.
#[derive(Debug, Subcommand)]
pub enum ExposureCommand {
    /// Store rows of a CSV file with the columns date and count and, if it is not orders that are counted, kind. The same row again stores nothing, and another
    /// number replaces the first.
    Import {
        /// The file.
        file: PathBuf,
        /// The key of the site; not needed where there is one.
        #[arg(long)]
        site: Option<String>,
        /// How the file's characters are written, such as GBK, Big5 or windows-1252; without it, as they look.
        #[arg(long, value_name = "NAME", value_parser = encoding_of)]
        encoding: Option<&'static Encoding>,
        /// Only say what would be stored and what would be refused.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Does what the command says.
pub async fn run(command: ExposureCommand, context: &Context) -> anyhow::Result<()> {
    let ExposureCommand::Import { file, site, encoding, dry_run } = command;
    let site = Site::by_key_or_only(&context.db, site.as_deref()).await?;
    let mut table = Table::open(&file, encoding, COLUMNS)?;
    let (mut rows, mut refused) = (Vec::new(), 0_u64);
    while let Some((line, row)) = table.next_row()? {
        match row.and_then(|row| read(&row)) {
            Ok(row) => rows.push(row),
            Err(reason) => {
                refused += 1;
                if refused <= NAMED_MAX {
                    eprintln!("line {line}: {reason}");
                }
            }
        }
    }
    // Only now: nobody else writes to SQLite meanwhile, and a file may come through a pipe.
    let mut counts = Counts::default();
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    for row in &rows {
        counts.add(put(&mut tx, site.id(), row, now).await?);
    }
    if dry_run || counts.is_unchanged() {
        tx.rollback().await?;
    } else {
        counts.note(&mut tx, &site, &Stamp::command(now)).await?;
        tx.commit().await?;
    }
    let Counts { new, replaced, same } = counts;
    let verb = if dry_run { "Would be imported" } else { "Imported" };
    println!("{verb}: {new}. Replaced: {replaced}. There already: {same}. Refused: {refused}.");
    if refused > 0 {
        bail!("{refused} rows were refused; the others are {}", if dry_run { "fine" } else { "stored" });
    }
    Ok(())
}

fn read(row: &Cells) -> Result<Exposed, String> {
    Exposed::parse(row.get("date"), row.get("count"), row.get("kind")).map_err(|error| error.to_string())
}
