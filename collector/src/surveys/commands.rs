//! `sayso survey`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde_json::json;

use super::answers::{self, Answer};
use super::import::{self, Imported};
use super::invitations;
use super::questionnaires;
use super::versions::{self, Versions};
use super::wordings;
use crate::audit::{self, Change, Stamp};
use crate::clock::{Millis, rfc3339};
use crate::context::Context;
use crate::db::Db;
use crate::import::file::{Mode, Refusals, TableFile};
use crate::import::let_others_write;
use crate::service::ServiceCache;
use crate::service::store;
use crate::service::survey::{Audience, Survey, SurveyChannel};
use crate::sites::SiteCache;

/// Rows of one commit.
const BATCH: usize = 500;

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
    /// Store answers from a CSV file with the columns respondent, item, field, value and, if known, answered_at and version. The same row again stores
    /// nothing, and another value or time replaces the first; a row without a time leaves the one that is known, and one without a version answers what
    /// the survey asks now.
    Import {
        /// The survey's key.
        key: String,
        #[command(flatten)]
        table: TableFile,
    },
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It is the first one.
    New,
    /// Another value or time was there.
    Replaced,
    /// The same was there.
    Same,
}

#[derive(Debug, Default)]
struct Counts {
    new: u64,
    replaced: u64,
    same: u64,
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
        SurveyCommand::Import { key, table } => import_table(&key, &table, context).await,
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
    let has_sample = matches!(&survey.audience, Audience::Customers(sample) if sample.sample.is_some());
    if let Some(draw) = invitations::draw_of(&context.db, key).await?.filter(|_| has_sample) {
        let (asked, of, at) = (draw.asked, draw.of, rfc3339(draw.at));
        println!("The sample was drawn at {at}: {asked} were asked, of {of} who could be. Nobody else will be.");
        return Ok(());
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

/// A row that can be stored.
struct Row {
    /// The version, as the file names it.
    version: String,
    /// The survey as it was answered.
    asked: Arc<Survey>,
    answer: Imported,
}

/// The survey as a version asked it, which is named by its number or its mark; none where there is none of this name.
async fn of_version(db: &Db, survey: &Survey, version: &str) -> sqlx::Result<Option<Survey>> {
    if let Some(marked) = wordings::with_mark(db, survey, version).await? {
        return Ok(Some(marked));
    }
    let versions = Versions::load(db, survey).await?;
    let is_known =
        |number: &i64| *number == versions.current || versions.answered.iter().any(|version| version.number == *number);
    Ok(version.parse().ok().filter(is_known).map(|number| versions.survey(number, survey)))
}

/// An import under way.
struct Import<'a> {
    survey: &'a Survey,
    mode: Mode,
    context: &'a Context,
    counts: Counts,
    /// What a dry run would have stored by now, so that a row that is in the file twice is counted as it would be.
    tried: HashMap<[String; 3], (String, Millis)>,
}

async fn import_table(key: &str, table: &TableFile, context: &Context) -> anyhow::Result<()> {
    let (mode, mut table) = (table.mode(), table.open(import::COLUMNS)?);
    let survey = super::find(&context.db, key).await?.with_context(|| format!("there is no survey {key}"))?;
    let mut import = Import { survey: &survey, mode, context, counts: Counts::default(), tried: HashMap::new() };
    let mut read = HashMap::from([(String::new(), Some(Arc::new(survey.clone())))]);
    let (mut batch, mut refusals) = (Vec::with_capacity(BATCH), Refusals::default());
    while let Some((line, row)) = table.next_row()? {
        let version = row.as_ref().map_or_else(|_| String::new(), |row| row.get(import::VERSION).to_owned());
        if let Entry::Vacant(place) = read.entry(version.clone()) {
            place.insert(of_version(&context.db, &survey, &version).await?.map(Arc::new));
        }
        let asked = read[&version].as_ref().ok_or_else(|| format!("version: the survey has no version {version:?}"));
        match asked.and_then(|asked| Ok((asked, import::read(&context.keys, asked, &row?, context.clock.now())?))) {
            Ok((asked, answer)) => batch.push(Row { version, asked: Arc::clone(asked), answer }),
            Err(reason) => refusals.refuse(line, &reason),
        }
        if batch.len() == BATCH {
            import.write(std::mem::take(&mut batch)).await?;
        }
    }
    import.write(batch).await?;
    let Counts { new, replaced, same } = import.counts;
    if mode == Mode::Store && new + replaced > 0 {
        note(key, &import.counts, &refusals, context).await?;
    }
    let verb = if mode == Mode::Try { "Would be imported" } else { "Imported" };
    println!("{verb}: {new}. Replaced: {replaced}. There already: {same}. Refused: {}.", refusals.count());
    refusals.finish(mode)
}

impl Import<'_> {
    /// Stores a batch, or only counts it, and lets others write after it.
    async fn write(&mut self, batch: Vec<Row>) -> anyhow::Result<()> {
        let Context { db, clock, .. } = self.context;
        let started = Instant::now();
        let mut tx = db.begin().await?;
        let key_of_survey = self.survey.key.as_str();
        let mut numbers: HashMap<String, i64> = HashMap::new();
        for Row { version, asked, answer: imported } in batch {
            let key = [imported.respondent.clone(), imported.item.clone(), imported.field.clone()];
            let known = match self.tried.get(&key) {
                Some(known) => Some(known.clone()),
                None => answers::known(&mut tx, key_of_survey, key.each_ref().map(String::as_str)).await?,
            };
            let (outcome, answer) = compare(imported, known, clock.now());
            self.counts.count(outcome);
            match self.mode {
                Mode::Try => _ = self.tried.insert(key, (answer.value, answer.answered_at)),
                Mode::Store if outcome == Outcome::Same => {}
                Mode::Store => {
                    // What is there already is no first answer to other words.
                    let number = match numbers.get(&version) {
                        Some(number) => *number,
                        None => versions::note(&mut tx, &asked, clock.now()).await?,
                    };
                    numbers.insert(version, number);
                    answers::put(&mut tx, (key_of_survey, number), &answer).await?;
                }
            }
        }
        tx.commit().await?;
        let_others_write(db, started.elapsed()).await;
        Ok(())
    }
}

/// Notes in the audit log that answers were imported, and how many.
async fn note(key: &str, counts: &Counts, refusals: &Refusals, context: &Context) -> sqlx::Result<()> {
    let after = json!({"new": counts.new, "replaced": counts.replaced, "refused": refusals.count()});
    let change = Change {
        action: "survey_answers.import",
        object: format!("survey/{key}"),
        before: serde_json::Value::Null,
        after,
    };
    let mut tx = context.db.begin().await?;
    audit::append(&mut tx, &Stamp::command(context.clock.now()), &change).await?;
    tx.commit().await
}

/// What an answer does to the one that is known. A file that does not say when it was answered leaves the time that is known, so that a correction
/// of the value does not move old answers into this month; one that says another time corrects it.
fn compare(imported: Imported, known: Option<(String, Millis)>, now: Millis) -> (Outcome, Answer) {
    let Imported { respondent, item, field, value, answered_at } = imported;
    let answered_at = answered_at.or(known.as_ref().map(|(_, at)| *at)).unwrap_or(now);
    let outcome = match known {
        None => Outcome::New,
        Some(known) if known == (value.clone(), answered_at) => Outcome::Same,
        Some(_) => Outcome::Replaced,
    };
    (outcome, Answer { respondent, item, field, value, answered_at })
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
