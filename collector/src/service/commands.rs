//! `sayso service`.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use sayso_shared::Kind;
use serde_json::json;

use super::draft::{Draft, FILE_MAX, Reader, export};
use super::plan::Prune;
use super::presets::PRESETS;
use super::routing::{Moment, matches, team_of_category};
use super::rules::{Facts, Rule, Trigger};
use super::store;
use super::words::Key;
use crate::audit::Stamp;
use crate::calendars::Span;
use crate::cases::Channel;
use crate::cases::{Priority, Status};
use crate::clock::parse_rfc3339;
use crate::context::Context;

/// What a dry run ends with when there is something to change.
const SOMETHING_TO_CHANGE: u8 = 3;

/// Write, apply and try what makes up the service.
#[derive(Debug, Subcommand)]
pub enum ServiceCommand {
    /// Write everything that is set now: applied to an empty installation it gives the same service.
    Export {
        /// Where to; else it is printed.
        file: Option<PathBuf>,
    },
    /// Make the service what a file says, all of it or nothing.
    Apply {
        /// The file; - for what comes in.
        file: PathBuf,
        /// Only print what would change. Ends with exit code 3 if there is something.
        #[arg(long)]
        dry_run: bool,
        /// Remove what the file does not name, but for sites and members.
        #[arg(long)]
        prune: bool,
    },
    /// Print a service file that comes with Sayso: iso-10002, fca-disp or cfpb.
    Preset {
        /// Its name.
        name: String,
    },
    /// Print when a promise is due, in the time zone of a calendar.
    Due {
        /// The calendar's key.
        #[arg(long)]
        calendar: String,
        /// The promise, such as 30m, 4h, 3bd, 15d or 8w.
        #[arg(long)]
        promise: Span,
        /// When it begins, as in RFC 3339; now if nothing is said.
        #[arg(long)]
        at: Option<String>,
    },
    /// Print which rules would match a case, and what they would do.
    Route(RouteArguments),
}

/// The case that is tried.
#[derive(Debug, Args)]
pub struct RouteArguments {
    /// The site's key.
    #[arg(long)]
    site: String,
    /// Its kind.
    #[arg(long, default_value = "complaint", value_parser = kind)]
    kind: Kind,
    /// What the customer says.
    #[arg(long)]
    message: String,
    /// The key of its category.
    #[arg(long)]
    category: Option<String>,
    /// The tag of the customer's language.
    #[arg(long)]
    language: Option<String>,
    /// How it came.
    #[arg(long, default_value = "widget", value_parser = channel)]
    channel: Channel,
    /// The customer's tier.
    #[arg(long)]
    tier: Option<String>,
    /// Its priority before any rule.
    #[arg(long, default_value = "normal", value_parser = priority)]
    priority: Priority,
    /// The rating that the customer gave.
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=5))]
    rating: Option<i64>,
    /// The address of the page.
    #[arg(long)]
    page: Option<String>,
    /// Whether the customer has reopened it.
    #[arg(long)]
    reopened: bool,
    /// Its status.
    #[arg(long, default_value = "new", value_parser = status)]
    status: Status,
    /// What makes the rules look at it: created, message, breached or time.
    #[arg(long, default_value = "created", value_parser = trigger)]
    on: Trigger,
    /// Since when the customer waits, as in RFC 3339.
    #[arg(long)]
    waiting_since: Option<String>,
    /// When it is looked at, as in RFC 3339; now if nothing is said.
    #[arg(long)]
    at: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Does what the command says; gives what the process ends with.
pub async fn run(command: ServiceCommand, context: &Context) -> anyhow::Result<ExitCode> {
    let Context { db, clock, keys, .. } = context;
    match command {
        ServiceCommand::Export { file } => {
            let text = export(db, keys).await?;
            match file {
                Some(file) => {
                    std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?
                }
                None => print!("{text}"),
            }
        }
        ServiceCommand::Apply { file, dry_run, prune } => {
            let prune = if prune { Prune::Remove } else { Prune::Keep };
            let draft = read(&file, prune, context).await?;
            if dry_run {
                let plan = draft.plan();
                print_plan(&plan);
                return Ok(if plan.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(SOMETHING_TO_CHANGE) });
            }
            print_plan(&draft.apply(db, &Stamp::command(clock.now())).await?);
        }
        ServiceCommand::Preset { name } => print_preset(&name)?,
        ServiceCommand::Due { calendar, promise, at } => {
            let service = store::load(db).await?;
            let definition = service.calendars.iter().find(|known| known.key.as_str() == calendar);
            let definition = definition.with_context(|| format!("there is no calendar {calendar}"))?;
            let start = time(at.as_deref(), clock.now())?;
            let calendar = definition.calendar()?;
            let due =
                calendar.due(start, promise).context("the calendar is not open for so long in the next ten years")?;
            println!("{}", calendar.local(due).strftime("%Y-%m-%dT%H:%M:%S%:z"));
        }
        ServiceCommand::Route(arguments) => route(arguments, context).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn read(file: &Path, prune: Prune, context: &Context) -> anyhow::Result<Draft> {
    let mut text = String::new();
    let mut take = |from: &mut dyn std::io::Read| from.take(FILE_MAX as u64 + 1).read_to_string(&mut text);
    if file == Path::new("-") {
        take(&mut std::io::stdin())
    } else {
        std::fs::File::open(file).and_then(|mut file| take(&mut file))
    }
    .with_context(|| format!("cannot read {}", file.display()))?;
    ensure!(text.len() <= FILE_MAX, "{} is larger than 4 MiB", file.display());
    let Context { db, keys, config, clock, .. } = context;
    match Draft::read((db, keys, config, clock.now()), &text, prune, Reader::Command).await? {
        Ok(draft) => Ok(draft),
        Err(mistakes) => {
            let lines: Vec<String> = mistakes.iter().map(|mistake| format!("{}: {mistake}", file.display())).collect();
            bail!("nothing was changed:\n{}", lines.join("\n"))
        }
    }
}

fn print_plan(plan: &super::plan::Plan) {
    if plan.is_empty() {
        println!("nothing to change");
    } else {
        print!("{plan}");
    }
}

async fn route(arguments: RouteArguments, context: &Context) -> anyhow::Result<()> {
    let service = store::load(&context.db).await?;
    let site = service.sites.iter().find(|site| site.key.as_str() == arguments.site);
    site.with_context(|| format!("there is no site {}; `sayso site list` shows the sites", arguments.site))?;
    let now = time(arguments.at.as_deref(), context.clock.now())?;
    let waiting_since = arguments.waiting_since.as_deref().map(|since| time(Some(since), now)).transpose()?;
    let mut facts = Facts {
        trigger: arguments.on,
        site: &arguments.site,
        kind: arguments.kind,
        category: arguments.category.as_deref(),
        texts: vec![&arguments.message],
        language: arguments.language.as_deref(),
        channel: arguments.channel,
        tier: arguments.tier.as_deref(),
        priority: arguments.priority,
        team: None,
        tags: Vec::new(),
        rating: arguments.rating,
        page: arguments.page.as_deref(),
        is_reopened: arguments.reopened,
        status: arguments.status,
    };
    // As a case has it by the time that rules look at it.
    facts.team = team_of_category(&service.categories, &facts).map(Key::as_str);
    let matched = matches(&service.rules, &service.calendars, &mut facts, Moment { now, waiting_since });
    let is_matched = |rule: &Rule| matched.iter().any(|matched| matched.name == rule.name);
    if arguments.json {
        let rules: Vec<_> = service
            .rules
            .iter()
            .map(|rule| json!({"rule": rule.name, "matched": is_matched(rule), "actions": rule.then}))
            .collect();
        println!("{}", serde_json::to_string(&rules)?);
        return Ok(());
    }
    if matched.is_empty() {
        println!("no rule matches");
    }
    for rule in matched {
        let actions = toml::to_string(&rule.then)?;
        println!("{}: {}", rule.name, actions.trim().lines().collect::<Vec<_>>().join(", "));
    }
    Ok(())
}

fn time(text: Option<&str>, now: i64) -> anyhow::Result<i64> {
    let Some(text) = text else { return Ok(now) };
    // A command is typed by people, so seconds may be left out.
    let time = parse_rfc3339(text).or_else(|| text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond));
    time.with_context(|| format!("{text:?} is no time such as 2026-11-27T16:30:00+01:00"))
}

/// A parser of words, with the words that there are in its error.
macro_rules! word {
    ($($name:ident: $type:ty, $all:expr;)+) => {$(
        fn $name(word: &str) -> Result<$type, String> {
            <$type>::parse(word).ok_or_else(|| {
                let words: Vec<&str> = $all.iter().map(|one| one.as_str()).collect();
                format!("one of {}", words.join(", "))
            })
        }
    )+};
}
word! {
    kind: Kind, Kind::ALL;
    channel: Channel, Channel::ALL;
    priority: Priority, Priority::ALL;
    status: Status, Status::ALL;
    trigger: Trigger, Trigger::ALL;
}

/// Prints a service file that comes with Sayso, which needs no database.
pub fn print_preset(name: &str) -> anyhow::Result<()> {
    let preset = PRESETS.iter().find(|(known, _)| *known == name);
    let names: Vec<&str> = PRESETS.iter().map(|(name, _)| *name).collect();
    let (_, text) = preset.with_context(|| format!("there is no preset {name}; there are {}", names.join(", ")))?;
    print!("{text}");
    Ok(())
}
