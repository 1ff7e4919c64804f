//! `sayso exposure`.

use clap::Subcommand;

use super::{Counts, Exposed, put};
use crate::audit::Stamp;
use crate::context::Context;
use crate::import::file::{Mode, Refusals, TableFile};
use crate::import::table::{Cells, Need};
use crate::sites::Site;

/// The columns of a file.
const COLUMNS: &[(&str, Need)] = &[("date", Need::Required), ("count", Need::Required), ("kind", Need::Optional)];

/// Store how many orders, visits or accounts there were, so that reports say complaints per thousand.
#[derive(Debug, Subcommand)]
pub enum ExposureCommand {
    /// Store rows of a CSV file with the columns date and count and, if it is not orders that are counted, kind. The same row again stores nothing, and another
    /// number replaces the first.
    Import {
        #[command(flatten)]
        table: TableFile,
        /// The key of the site; not needed where there is one.
        #[arg(long)]
        site: Option<String>,
    },
}

/// Does what the command says.
pub async fn run(command: ExposureCommand, context: &Context) -> anyhow::Result<()> {
    let ExposureCommand::Import { table, site } = command;
    let mode = table.mode();
    let site = Site::by_key_or_only(&context.db, site.as_deref()).await?;
    let mut table = table.open(COLUMNS)?;
    let (mut rows, mut refusals) = (Vec::new(), Refusals::default());
    while let Some((line, row)) = table.next_row()? {
        match row.and_then(|row| read(&row)) {
            Ok(row) => rows.push(row),
            Err(reason) => refusals.refuse(line, &reason),
        }
    }
    // Only now: nobody else writes to SQLite meanwhile, and a file may come through a pipe.
    let mut counts = Counts::default();
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    for row in &rows {
        counts.add(put(&mut tx, site.id(), row, now).await?);
    }
    if mode == Mode::Try || counts.is_unchanged() {
        tx.rollback().await?;
    } else {
        counts.note(&mut tx, &site, &Stamp::command(now)).await?;
        tx.commit().await?;
    }
    let Counts { new, replaced, same } = counts;
    let verb = if mode == Mode::Try { "Would be imported" } else { "Imported" };
    println!("{verb}: {new}. Replaced: {replaced}. There already: {same}. Refused: {}.", refusals.count());
    refusals.finish(mode)
}

fn read(row: &Cells) -> Result<Exposed, String> {
    Exposed::parse(row.get("date"), row.get("count"), row.get("kind")).map_err(|wrong| {
        let texts: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        texts.join("; ")
    })
}
