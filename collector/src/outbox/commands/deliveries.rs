//! `sayso deliveries`.

use anyhow::{Context as _, bail};
use clap::{ArgGroup, Subcommand};
use jiff::Timestamp;

use super::deliveries_table::{print_exchanged, print_one, print_table};
use crate::clock::{Millis, parse_rfc3339};
use crate::context::Context;
use crate::outbox::delivery::State;
use crate::outbox::list::{self, Filter, Replay, STATES, exchanged, find, list, replay};
use crate::sites::targets::{Standing, Target};

/// List what is forwarded and how that went, and send it once more.
#[derive(Debug, Subcommand)]
pub enum DeliveriesCommand {
    /// List deliveries, the newest first.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// Only those in this state: pending, sent, failed (given up), dropped (nobody to send it to) or suspended (the target is off).
        #[arg(long, value_parser = state)]
        state: Option<State>,
        /// Only those to the target with this key, or to the `customer`.
        #[arg(long, value_name = "KEY")]
        target: Option<String>,
        /// At most so many; all of them unless given.
        #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(i64).range(1..))]
        limit: Option<i64>,
    },
    /// Show one delivery.
    Show {
        /// Its identifier.
        id: String,
    },
    /// Send deliveries once more: these, what did not arrive at a target or in a time, or all that were given up.
    #[command(group = ArgGroup::new("what").required(true).multiple(true).args(["ids", "target", "state", "since", "until"]))]
    Replay {
        /// Identifiers of deliveries, whatever became of them.
        #[arg(value_name = "ID", conflicts_with_all = ["target", "state", "since", "until"])]
        ids: Vec<String>,
        /// What the target with this key did not get.
        #[arg(long, value_name = "KEY")]
        target: Option<String>,
        /// What was planned since this time, as in RFC 3339, and did not arrive: there, or without a target anywhere.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// The same, but before this time.
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// Everything in this state, which is `failed`.
        #[arg(long, value_parser = ["failed"], conflicts_with_all = ["target", "since", "until"])]
        state: Option<String>,
    },
}

/// Does what the command says.
pub async fn run(command: DeliveriesCommand, context: &Context) -> anyhow::Result<()> {
    let db = &context.db;
    let targets = Target::all(db).await?;
    match command {
        DeliveriesCommand::List { json, state, target, limit } => {
            let destination = target.map(|key| destination(&targets, &key)).transpose()?;
            let limit = limit.unwrap_or(i64::MAX);
            let listed = list(db, &targets, &Filter { state, destination, limit, ..Filter::default() }).await?;
            if json {
                println!("{}", serde_json::to_string(&listed)?);
            } else {
                print_table(&listed);
            }
        }
        DeliveriesCommand::Show { id } => {
            let found = find(db, &targets, &id).await?;
            print_one(&found.with_context(|| format!("there is no delivery {id}"))?);
            print_exchanged(&exchanged(db, &id).await?);
        }
        DeliveriesCommand::Replay { ids, state: Some(_), .. } if ids.is_empty() => {
            return begin_anew(context, &targets, &Replay::Failed).await;
        }
        DeliveriesCommand::Replay { ids, .. } if !ids.is_empty() => {
            return begin_anew(context, &targets, &Replay::These(ids)).await;
        }
        DeliveriesCommand::Replay { target, since, until, .. } => {
            let destination = target.map(|key| destination(&targets, &key)).transpose()?;
            let planned = time(since.as_deref(), 0)?..time(until.as_deref(), Millis::MAX)?;
            return begin_anew(context, &targets, &Replay::Missed { destination, planned }).await;
        }
    }
    Ok(())
}

/// Lets deliveries begin anew, and says how many there are and what they wait for.
async fn begin_anew(context: &Context, targets: &[Target], what: &Replay) -> anyhow::Result<()> {
    let begun = replay(&context.db, targets, what, context.clock.now()).await?;
    println!("{begun} deliveries begin anew.");
    let off = targets.iter().filter(|target| target.standing != Standing::On);
    let off: Vec<&str> = off.map(|target| target.key.as_str()).collect();
    if begun > 0 && !off.is_empty() {
        println!("What goes to targets that are off waits for them: {}.", off.join(", "));
    }
    if begun == 0 && matches!(what, Replay::These(_)) {
        bail!("there are no such deliveries, or they are about to be sent anyway");
    }
    Ok(())
}

fn destination(targets: &[Target], key: &str) -> anyhow::Result<String> {
    let found = list::destination(targets, key);
    found.with_context(|| format!("there is no target {key}; `sayso target list` shows the targets"))
}

fn time(text: Option<&str>, otherwise: Millis) -> anyhow::Result<Millis> {
    let Some(text) = text else { return Ok(otherwise) };
    let time = parse_rfc3339(text).or_else(|| text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond));
    time.with_context(|| format!("{text:?} is no time such as 2026-11-27T16:30:00+01:00"))
}

fn state(word: &str) -> Result<State, String> {
    let known = STATES.into_iter().find(|state| state.as_str() == word);
    known.ok_or_else(|| format!("one of {}", STATES.map(State::as_str).join(", ")))
}
