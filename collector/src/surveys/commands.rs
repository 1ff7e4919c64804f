//! `sayso survey`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;
use csv::{ReaderBuilder, StringRecord};

use super::answers::{self, Answer, Outcome};
use super::import::Columns;
use super::invitations;
use super::questionnaires;
use crate::charset;
use crate::context::Context;
use crate::db::Tx;
use crate::import::records::{Content, Format, Records};
use crate::service::ServiceCache;
use crate::service::store;
use crate::service::survey::{Survey, SurveyChannel};
use crate::sites::SiteCache;

/// Largest file of answers, in bytes.
const FILE_MAX: u64 = 256 * 1024 * 1024;
/// Rows of one commit.
const BATCH: usize = 500;
/// Refused rows that are named one by one.
const NAMED_MAX: u64 = 100;

/// List surveys, and store answers that were given elsewhere.
#[derive(Debug, Subcommand)]
pub enum SurveyCommand {
    /// List the surveys, with how many answered.
    List,
    /// Say whom a survey would ask by mail now. The server asks by itself, within a minute of its opening.
    Invite {
        /// The survey's key.
        key: String,
    },
    /// Print a questionnaire to begin with, in English, 简体中文 and 繁體中文, as a table of the service file.
    Questionnaire {
        /// What it asks: csat, ces, nps, kano, importance_satisfaction, servqual or free.
        kind: String,
        /// The key of the site that asks.
        #[arg(long, default_value = "acme")]
        site: String,
    },
    /// Store answers from a CSV file with the columns respondent, item, field, value and, if known, answered_at. The same row again stores nothing, and
    /// another value replaces the first.
    Import {
        /// The survey's key.
        key: String,
        /// The file.
        file: PathBuf,
        /// Only say what would be stored and what would be refused.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Whether anything is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Store,
    Try,
}

#[derive(Debug, Default)]
struct Counts {
    new: u64,
    replaced: u64,
    same: u64,
    refused: u64,
}

/// Does what the command says.
pub async fn run(command: SurveyCommand, context: &Context) -> anyhow::Result<()> {
    match command {
        SurveyCommand::List => list(context).await,
        SurveyCommand::Invite { key } => would_invite(&key, context).await,
        SurveyCommand::Questionnaire { kind, site } => {
            print!("{}", questionnaires::text(&kind, &site)?);
            Ok(())
        }
        SurveyCommand::Import { key, file, dry_run } => {
            let mode = if dry_run { Mode::Try } else { Mode::Store };
            import(&key, &file, mode, context).await
        }
    }
}

async fn list(context: &Context) -> anyhow::Result<()> {
    let surveys: Vec<Survey> = store::all(&context.db).await?;
    let respondents = answers::respondents(&context.db).await?;
    if surveys.is_empty() {
        println!("There is no survey yet. They are [[survey]] of the service file; see docs/insight.md.");
    }
    let invited = invitations::figures(&context.db).await?;
    for survey in surveys {
        let n = respondents.get(survey.key.as_str()).copied().unwrap_or_default();
        let asked = invited.get(survey.key.as_str()).map(|by| format!("\t{} of {} invited", by.answered, by.asked));
        println!(
            "{}\t{}\t{}\t{n} respondents{}",
            survey.key,
            survey.kind.as_str(),
            survey.site,
            asked.unwrap_or_default()
        );
    }
    Ok(())
}

async fn would_invite(key: &str, context: &Context) -> anyhow::Result<()> {
    let survey = super::find(&context.db, key).await?.with_context(|| format!("there is no survey {key}"))?;
    if !survey.channels.contains(&SurveyChannel::Email) {
        bail!("the survey asks nobody by mail; its channels need \"email\"");
    }
    let sites = SiteCache::new(context.db.clone(), context.clock.clone());
    let site = sites.by_key(survey.site.as_str()).await?.context("its site is not there")?;
    let service = ServiceCache::new(context.db.clone(), context.clock.clone()).current().await?;
    let calendar = invitations::calendar_of(&service, &site);
    let now = context.clock.now();
    let drawn = invitations::candidates(&context.db, &context.keys, &site, &survey, &calendar, now).await?;
    println!(
        "{} would be asked, of {} who can be: known by an address, not asked in 90 days, and who want surveys.",
        drawn.asked.len(),
        drawn.of
    );
    Ok(())
}

async fn import(key: &str, file: &Path, mode: Mode, context: &Context) -> anyhow::Result<()> {
    let survey = super::find(&context.db, key).await?.with_context(|| format!("there is no survey {key}"))?;
    let size = fs::metadata(file).with_context(|| format!("cannot open {}", file.display()))?.len();
    ensure!(size <= FILE_MAX, "the file is larger than {} MB", FILE_MAX / 1024 / 1024);
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let text =
        charset::decode(&bytes).context("the file has characters that are none in its encoding; save it as UTF-8")?;
    let mut records = Records::new(text.as_bytes(), Format::Csv);
    let (_, header) = next(&mut records)?.context("the file is empty")?;
    let columns = Columns::parse(&header.map_err(|reason| anyhow::anyhow!("the header {reason}"))?)?;
    let mut counts = Counts::default();
    let mut tx = context.db.begin().await?;
    let mut rows = 0_usize;
    while let Some((line, record)) = next(&mut records)? {
        match record.and_then(|record| columns.read(&survey, &record, context.clock.now())) {
            Ok(answer) => counts.count(store(&mut tx, key, &answer).await?),
            Err(reason) => {
                counts.refused += 1;
                if counts.refused <= NAMED_MAX {
                    eprintln!("line {line}: {reason}");
                }
            }
        }
        rows += 1;
        // A dry run keeps its one transaction, so that a row that is in the file twice is counted as it would be.
        if rows.is_multiple_of(BATCH) && mode == Mode::Store {
            tx.commit().await?;
            tx = context.db.begin().await?;
        }
    }
    match mode {
        Mode::Store => tx.commit().await?,
        Mode::Try => tx.rollback().await?,
    }
    let Counts { new, replaced, same, refused } = counts;
    let verb = if mode == Mode::Try { "Would be imported" } else { "Imported" };
    println!("{verb}: {new}. Replaced: {replaced}. There already: {same}. Refused: {refused}.");
    if refused > 0 {
        bail!("{refused} rows were refused; the others are {}", if mode == Mode::Try { "fine" } else { "stored" });
    }
    Ok(())
}

async fn store(tx: &mut Tx, key: &str, answer: &Answer) -> sqlx::Result<Outcome> {
    let outcome = answers::compare(tx, key, answer).await?;
    if outcome != Outcome::Same {
        answers::put(tx, key, answer).await?;
    }
    Ok(outcome)
}

impl Counts {
    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::New => self.new += 1,
            Outcome::Replaced => self.replaced += 1,
            Outcome::Same => self.same += 1,
        }
    }
}

/// The next row, with the line on which it begins; or what is wrong with it.
fn next(records: &mut Records<&[u8]>) -> anyhow::Result<Option<(u64, Result<StringRecord, String>)>> {
    let Some(record) = records.next_record()? else { return Ok(None) };
    let row = match record.content {
        Content::Bytes(bytes) => {
            let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes.as_slice());
            let mut row = StringRecord::new();
            match reader.read_record(&mut row) {
                Ok(true) => Ok(row),
                Ok(false) | Err(_) => Err("is not CSV".to_owned()),
            }
        }
        Content::TooLong => Err("is too long".to_owned()),
        Content::OpenQuote(line) => Err(format!("the quote that opens on line {line} is not closed")),
        Content::StrayQuote(line) => Err(format!("the quote that opens on line {line} is closed within a text")),
    };
    Ok(Some((record.line, row)))
}
