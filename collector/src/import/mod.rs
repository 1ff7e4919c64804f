//! `sayso import`: feedback that was given elsewhere, from a file, row by row and never twice.
//!
//! Nobody is told of what is imported: no receipts, no mails to teams, no webhooks. Its place among the cases is by the time at which
//! it was given, it has no promise, and it is found by search at once.

mod batch;
pub mod file;
pub mod records;
mod report;
pub mod row;
pub mod table;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::ValueEnum;
use encoding_rs::{Encoding, UTF_8};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use self::batch::{ImportOutcome, Prepared};
use self::file::Mode;
use self::records::{Content, Format, Records};
use self::report::Report;
use self::row::{Columns, Row, RowError, read_json};
use self::table::{encoding, encoding_of, read_header, transcoded};
use crate::audit::{self, Change, Stamp};
use crate::context::Context;
use crate::db::{Db, is_unavailable};
use crate::keys::Keys;
use crate::sites::Site;

/// Rows of one commit.
const BATCH: usize = 250;
/// How often a batch is tried while the database takes nothing.
const ATTEMPTS: u32 = 10;

/// What to import, and how.
#[derive(Debug, clap::Args)]
pub struct ImportArguments {
    /// A CSV file with a header, or one with a JSON object on each line.
    file: PathBuf,
    /// The key of the site for rows that name none.
    #[arg(long, value_name = "KEY")]
    site: Option<String>,
    /// What the file is; without it, what its name ends in.
    #[arg(long)]
    format: Option<FormatName>,
    /// How the file's characters are written, such as GBK, Big5 or windows-1252; without it, as they look.
    #[arg(long, value_name = "NAME", value_parser = encoding_of)]
    encoding: Option<&'static Encoding>,
    /// Only say what would be stored and what would be refused.
    #[arg(long)]
    dry_run: bool,
    /// Write the refused rows to this CSV file: line, field, reason.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatName {
    Csv,
    Jsonl,
}

/// Imports a file. Rows that are refused make it an error in the end, when all others are stored.
pub async fn run(arguments: ImportArguments, context: &Context) -> anyhow::Result<()> {
    let format = format(&arguments)?;
    let path = &arguments.file;
    let mut file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let report_is_file =
        arguments.report.as_ref().and_then(|report| report.canonicalize().ok()) == Some(path.canonicalize()?);
    ensure!(!report_is_file, "the report would overwrite the file that is to be imported");
    let encoding = encoding(&mut file, arguments.encoding)?;
    if encoding != UTF_8 {
        eprintln!("The file is read as {}; --encoding NAME says if it is another.", encoding.name());
    }
    let bar = progress_bar(file.metadata()?.len());
    let mode = if arguments.dry_run { Mode::Try } else { Mode::Store };
    let mut import = Import::new(context, arguments.site.as_deref(), format, mode, &bar).await?;
    import.encoding = encoding;
    let mut report = Report::start(arguments.report.as_deref(), bar.clone())?;
    let mut records = Records::new(BufReader::with_capacity(1 << 16, transcoded(file, encoding)), format);
    let done = import.read_all(&mut records, &mut report).await;
    let refused = report.finish()?;
    bar.finish_and_clear();
    let Counts { now, before } = import.counts;
    if mode == Mode::Store {
        note(context, now, arguments.site.as_deref()).await?;
    }
    match mode {
        Mode::Store => println!("Imported: {now}. There already: {before}. Refused: {refused}."),
        Mode::Try => {
            println!("A dry run. Would be imported: {now}. There already: {before}. Would be refused: {refused}.")
        }
    }
    done.context("the import stopped early; run it again, and what is stored already is left out")?;
    match mode {
        Mode::Store => ensure!(refused == 0, "rows were refused: {refused}; all others are stored"),
        Mode::Try => ensure!(refused == 0, "rows would be refused: {refused}"),
    }
    Ok(())
}

/// Notes in the audit log what was imported.
async fn note(context: &Context, cases: u64, site: Option<&str>) -> anyhow::Result<()> {
    let mut tx = context.db.begin().await?;
    let after = json!({"cases": cases, "site": site});
    let change = Change { action: "cases.import", object: "cases".to_owned(), before: Value::Null, after };
    audit::append(&mut tx, &Stamp::command(context.clock.now()), &change).await?;
    Ok(tx.commit().await?)
}

/// An import under way.
struct Import<'a> {
    context: &'a Context,
    sites: HashMap<String, Site>,
    usual_site: Option<String>,
    format: Format,
    encoding: &'static Encoding,
    mode: Mode,
    columns: Option<Columns>,
    batch: Vec<Prepared>,
    /// What a dry run has seen of this file, shortened: it needs only to count.
    seen: HashSet<u64>,
    counts: Counts,
    bar: &'a ProgressBar,
}

/// What became of the rows that were not refused.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    now: u64,
    before: u64,
}

impl<'a> Import<'a> {
    async fn new(
        context: &'a Context,
        site: Option<&str>,
        format: Format,
        mode: Mode,
        bar: &'a ProgressBar,
    ) -> anyhow::Result<Self> {
        if let Some(key) = site {
            Site::by_key(&context.db, key).await?;
        }
        let sites = Site::all(&context.db).await?.into_iter().map(|site| (site.key().to_owned(), site)).collect();
        Ok(Self {
            context,
            sites,
            usual_site: site.map(str::to_owned),
            format,
            encoding: UTF_8,
            mode,
            columns: None,
            batch: Vec::with_capacity(BATCH),
            seen: HashSet::new(),
            counts: Counts::default(),
            bar,
        })
    }

    async fn read_all(&mut self, records: &mut Records<impl BufRead>, report: &mut Report) -> anyhow::Result<()> {
        if self.format == Format::Csv {
            let (header, separator) = read_header(records)?;
            let columns = Columns::parse(&header, separator)?;
            records.separated_by(columns.separator());
            self.columns = Some(columns);
        }
        while let Some(record) = records.next_record()? {
            match self.prepare(&record.content, record.line) {
                Ok(Some(row)) => self.batch.push(row),
                Ok(None) => {}
                Err(refusals) => report.refuse(record.line, &refusals)?,
            }
            if self.batch.len() == BATCH {
                self.bar.set_position(records.bytes_read());
                self.write(report).await?;
            }
        }
        self.write(report).await
    }

    fn prepare(&self, content: &Content, line: u64) -> Result<Option<Prepared>, Vec<RowError>> {
        let bytes = table::bytes(content, self.encoding).map_err(|reason| refusal("", reason))?;
        let row: Row = match &self.columns {
            Some(columns) => match columns.read(bytes)? {
                Some(row) => row,
                None => return Ok(None),
            },
            None => read_json(bytes)?,
        };
        let Some(key) = row.site.as_ref().or(self.usual_site.as_ref()) else {
            return Err(refusal("site", "is missing; name it in the row, or for all rows with --site KEY"));
        };
        let site = self
            .sites
            .get(key)
            .ok_or_else(|| refusal("site", "is the key of no site; `sayso site list` shows the sites"))?;
        let Context { keys, clock, .. } = self.context;
        batch::prepare(row, line, site, keys, clock.now(), self.format == Format::Csv).map(Some)
    }

    /// Writes what has been gathered, and lets others write after it.
    async fn write(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let rows = std::mem::take(&mut self.batch);
        if rows.is_empty() {
            return Ok(());
        }
        let Context { db, keys, clock, .. } = self.context;
        if self.mode == Mode::Try {
            for row in &rows {
                let is_repeat = !self.seen.insert(short(&row.fingerprint)) || batch::is_known(db, row).await?;
                self.count(if is_repeat { ImportOutcome::Duplicate } else { ImportOutcome::Imported });
            }
            return Ok(());
        }
        let now = clock.now();
        let started = Instant::now();
        match patiently(db, keys, &rows, now).await {
            Ok(written) => written.into_iter().for_each(|written| self.count(written)),
            Err(error) if is_away(&error) => return Err(error),
            Err(_) => {
                for row in &rows {
                    match patiently(db, keys, std::slice::from_ref(row), now).await {
                        Ok(written) => written.into_iter().for_each(|written| self.count(written)),
                        Err(error) if is_away(&error) => return Err(error),
                        Err(error) => {
                            tracing::warn!(line = row.line, error = %error, "the database refuses a row");
                            report.refuse(row.line, &refusal("", "the database refuses it; the log says why"))?;
                        }
                    }
                }
            }
        }
        let_others_write(db, started.elapsed()).await;
        Ok(())
    }

    fn count(&mut self, written: ImportOutcome) {
        match written {
            ImportOutcome::Imported => self.counts.now += 1,
            ImportOutcome::Duplicate => self.counts.before += 1,
        }
    }
}

/// Waits half as long as a batch took. SQLite has one writer at a time and no queue for the others, so whoever serves needs a gap to get in.
pub async fn let_others_write(db: &Db, took: Duration) {
    if db.takes_one_server() {
        tokio::time::sleep(took / 2).await;
    }
}

/// Writes rows, and waits for a database that takes nothing at present.
async fn patiently(db: &Db, keys: &Keys, rows: &[Prepared], now: i64) -> anyhow::Result<Vec<ImportOutcome>> {
    let mut attempt = 1;
    loop {
        match batch::write(db, keys, rows, now).await {
            Err(error) if is_away(&error) && attempt < ATTEMPTS => tokio::time::sleep(Duration::from_secs(1)).await,
            done => return done,
        }
        attempt += 1;
    }
}

fn is_away(error: &anyhow::Error) -> bool {
    error.downcast_ref::<sqlx::Error>().is_some_and(is_unavailable)
}

fn refusal(field: &str, reason: impl Into<String>) -> Vec<RowError> {
    vec![RowError { field: field.to_owned(), reason: reason.into() }]
}

fn short(fingerprint: &str) -> u64 {
    let digest: [u8; 32] = Sha256::digest(fingerprint.as_bytes()).into();
    u64::from_be_bytes(std::array::from_fn(|at| digest[at]))
}

fn format(arguments: &ImportArguments) -> anyhow::Result<Format> {
    let ends_in = |path: &Path| path.extension().and_then(|end| end.to_str()).unwrap_or_default().to_lowercase();
    match arguments.format {
        Some(FormatName::Csv) => Ok(Format::Csv),
        Some(FormatName::Jsonl) => Ok(Format::Jsonl),
        None => match ends_in(&arguments.file).as_str() {
            "csv" | "tsv" => Ok(Format::Csv),
            "jsonl" | "ndjson" => Ok(Format::Jsonl),
            _ => bail!("say what {} is: --format csv or --format jsonl", arguments.file.display()),
        },
    }
}

fn progress_bar(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent}%  {bytes} of {total_bytes}  {eta} left");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
