//! `sayso exposure`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;
use csv::{ReaderBuilder, StringRecord};

use super::{Exposed, Outcome, put};
use crate::audit::{self, Change, Stamp};
use crate::charset;
use crate::context::Context;
use crate::sites::Site;

/// Largest file, in bytes.
const FILE_MAX: u64 = 16 * 1024 * 1024;
/// Refused rows that are named one by one.
const NAMED_MAX: u64 = 100;
/// The columns that a file may have; the first two it must have.
const COLUMNS: [&str; 3] = ["date", "count", "kind"];

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
        /// Only say what would be stored and what would be refused.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Does what the command says.
pub async fn run(command: ExposureCommand, context: &Context) -> anyhow::Result<()> {
    let ExposureCommand::Import { file, site, dry_run } = command;
    let site = find(context, site.as_deref()).await?;
    let rows = read(&file)?;
    let (mut new, mut replaced, mut same, mut refused) = (0_u64, 0_u64, 0_u64, 0_u64);
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    for (line, row) in rows {
        match row {
            Ok(row) => match put(&mut tx, site.id(), &row, now).await? {
                Outcome::New => new += 1,
                Outcome::Replaced => replaced += 1,
                Outcome::Same => same += 1,
            },
            Err(reason) => {
                refused += 1;
                if refused <= NAMED_MAX {
                    eprintln!("line {line}: {reason}");
                }
            }
        }
    }
    if dry_run || new + replaced == 0 {
        tx.rollback().await?;
    } else {
        let after = serde_json::json!({"new": new, "replaced": replaced});
        let change = Change {
            action: "exposure.import",
            object: format!("site/{}", site.key()),
            before: serde_json::Value::Null,
            after,
        };
        audit::append(&mut tx, &Stamp::command(now), &change).await?;
        tx.commit().await?;
    }
    let verb = if dry_run { "Would be imported" } else { "Imported" };
    println!("{verb}: {new}. Replaced: {replaced}. There already: {same}. Refused: {refused}.");
    if refused > 0 {
        bail!("{refused} rows were refused; the others are {}", if dry_run { "fine" } else { "stored" });
    }
    Ok(())
}

async fn find(context: &Context, key: Option<&str>) -> anyhow::Result<Site> {
    let mut sites = Site::all(&context.db).await?;
    match key {
        Some(key) => {
            sites.into_iter().find(|site| site.key() == key).with_context(|| format!("there is no site {key}"))
        }
        None => {
            ensure!(sites.len() == 1, "say which site it is of, with --site KEY; `sayso site list` shows the sites");
            sites.pop().context("there is no site")
        }
    }
}

/// The rows of a file, each with its line, or with what is wrong with it.
fn read(file: &Path) -> anyhow::Result<Vec<(u64, Result<Exposed, String>)>> {
    let size = fs::metadata(file).with_context(|| format!("cannot open {}", file.display()))?.len();
    ensure!(size <= FILE_MAX, "the file is larger than {} MB", FILE_MAX / 1024 / 1024);
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let text =
        charset::decode(&bytes).context("the file has characters that are none in its encoding; save it as UTF-8")?;
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let places = places(reader.headers()?)?;
    let cell = |record: &StringRecord, at: usize| {
        places[at].and_then(|place| record.get(place)).unwrap_or_default().to_owned()
    };
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.context("the file is not CSV")?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = Exposed::parse(&cell(&record, 0), &cell(&record, 1), &cell(&record, 2));
        rows.push((line, row.map_err(|error| error.to_string())));
    }
    Ok(rows)
}

/// Where the columns are.
fn places(header: &StringRecord) -> anyhow::Result<[Option<usize>; 3]> {
    let mut places = [None; 3];
    for (place, name) in header.iter().enumerate() {
        let name = name.trim().trim_start_matches('\u{feff}').to_lowercase();
        let at = COLUMNS.iter().position(|known| *known == name);
        let at = at.with_context(|| format!("there is no column {name:?}; the columns are {}", COLUMNS.join(", ")))?;
        ensure!(places[at].replace(place).is_none(), "the column {name} is there twice");
    }
    for at in [0, 1] {
        ensure!(places[at].is_some(), "the column {} is missing", COLUMNS[at]);
    }
    Ok(places)
}
