//! `sayso deliveries`.

use anyhow::{Context as _, bail};
use clap::{ArgGroup, Subcommand};
use jiff::Timestamp;

use super::deliveries_table::{print_one, print_table};
use crate::clock::{Millis, parse_rfc3339};
use crate::context::Context;
use crate::outbox::delivery::{CUSTOMER, State};
use crate::outbox::list::{Filter, Replay, STATES, list, replay};
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
    /// Send deliveries once more: these, what a target did not get, or all that were given up.
    #[command(group = ArgGroup::new("what").required(true).args(["ids", "target", "state"]))]
    Replay {
        /// Identifiers of deliveries, whatever became of them.
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// What the target with this key did not get.
        #[arg(long, value_name = "KEY")]
        target: Option<String>,
        /// Of that, only what was planned since this time, as in RFC 3339.
        #[arg(long, value_name = "TIME", requires = "target")]
        since: Option<String>,
        /// Everything in this state, which is `failed`.
        #[arg(long, value_parser = ["failed"])]
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
            let listed = list(db, &targets, &Filter { id: None, state, destination, limit }).await?;
            if json {
                println!("{}", serde_json::to_string(&listed)?);
            } else {
                print_table(&listed);
            }
        }
        DeliveriesCommand::Show { id } => {
            let filter = Filter { id: Some(id.clone()), limit: 1, ..Filter::default() };
            let listed = list(db, &targets, &filter).await?;
            print_one(listed.first().with_context(|| format!("there is no delivery {id}"))?);
        }
        DeliveriesCommand::Replay { ids, target, since, .. } => {
            let what = match target {
                Some(key) => Replay::To { destination: destination(&targets, &key)?, since: time(since.as_deref())? },
                None if ids.is_empty() => Replay::Failed,
                None => Replay::These(ids),
            };
            let begun = replay(db, &targets, &what, context.clock.now()).await?;
            println!("{begun} deliveries begin anew.");
            let off: Vec<&str> = targets
                .iter()
                .filter(|target| target.standing != Standing::On)
                .map(|target| target.key.as_str())
                .collect();
            if begun > 0 && !off.is_empty() {
                println!("What goes to targets that are off waits for them: {}.", off.join(", "));
            }
            if begun == 0 && matches!(what, Replay::These(_)) {
                bail!("there are no such deliveries, or they are about to be sent anyway");
            }
        }
    }
    Ok(())
}

fn destination(targets: &[Target], key: &str) -> anyhow::Result<String> {
    if key == CUSTOMER {
        return Ok(CUSTOMER.to_owned());
    }
    let target = targets.iter().find(|target| target.key == key || target.id == key);
    let target = target.with_context(|| format!("there is no target {key}; `sayso target list` shows the targets"))?;
    Ok(target.id.clone())
}

fn time(text: Option<&str>) -> anyhow::Result<Millis> {
    let Some(text) = text else { return Ok(0) };
    let time = parse_rfc3339(text).or_else(|| text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond));
    time.with_context(|| format!("{text:?} is no time such as 2026-11-27T16:30:00+01:00"))
}

fn state(word: &str) -> Result<State, String> {
    let known = STATES.into_iter().find(|state| state.as_str() == word);
    known.ok_or_else(|| format!("one of {}", STATES.map(State::as_str).join(", ")))
}
