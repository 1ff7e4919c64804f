//! `sayso target`.

use anyhow::{Context as _, bail};
use clap::{ArgGroup, Subcommand};
use url::Url;

use super::deliveries::Failure;
use super::event_context::EventContext;
use super::send::Channels;
use super::webhook::check_scheme;
use crate::audit::Stamp;
use crate::cases::EventType;
use crate::context::Context;
use crate::keys::new_id;
use crate::sites::Site;
use crate::sites::targets::{Channel, Target};

/// Add, list, try and remove the places that a site's events are forwarded to.
#[derive(Debug, Subcommand)]
pub enum TargetCommand {
    /// Forward a site's events to an e-mail address or a webhook.
    #[command(group = ArgGroup::new("place").required(true).args(["email", "webhook"]))]
    Add {
        /// The site's key.
        #[arg(long)]
        site: String,
        /// The address of a team.
        #[arg(long, value_name = "ADDR")]
        email: Option<String>,
        /// The URL of a receiver of signed webhooks (Standard Webhooks 1.0).
        #[arg(long, value_name = "URL")]
        webhook: Option<String>,
        /// The types of event to forward, such as case.created. Without any, a webhook gets all of them, and an
        /// address hears of new cases and of what customers do.
        #[arg(long = "event", value_name = "TYPE", value_parser = event_type, num_args = 1..)]
        events: Vec<EventType>,
    },
    /// List the targets of a site, or of all sites.
    List {
        /// The site's key.
        #[arg(long)]
        site: Option<String>,
    },
    /// Send a made-up case to a target right away, and say what came of it.
    Test {
        /// The target's identifier (see `sayso target list`).
        id: String,
    },
    /// Stop forwarding to a target.
    Remove {
        /// The target's identifier.
        id: String,
    },
}

/// Does what the command says.
pub async fn run(command: TargetCommand, context: &Context) -> anyhow::Result<()> {
    let Context { config, db, keys, clock, .. } = context;
    let stamp = Stamp::command(clock.now());
    match command {
        TargetCommand::Add { site, email, webhook, events } => {
            let site = Site::by_key(db, &site).await?;
            match (email, webhook) {
                (Some(address), _) => {
                    let id = Target::add_email(db, keys, &site, &address, &events, &stamp).await?;
                    println!("Added the target {id}: mail to {address}.");
                    println!("Try it with: sayso target test {id}");
                }
                (None, Some(url)) => {
                    let parsed = Url::parse(&url).with_context(|| format!("{url} is not a URL"))?;
                    check_scheme(config, &parsed).map_err(|why| anyhow::anyhow!("{url} is refused: {why}"))?;
                    let (id, secret) = Target::add_webhook(db, keys, &site, &url, &events, &stamp).await?;
                    println!("Added the target {id}: webhooks to {url}.");
                    println!("Its secret, with which the receiver checks the signature:\n\n  {secret}\n");
                    println!("It is shown only this once, so keep it now. Try the target with: sayso target test {id}");
                }
                (None, None) => bail!("give --email or --webhook"),
            }
            Ok(())
        }
        TargetCommand::List { site } => list(context, site.as_deref()).await,
        TargetCommand::Test { id } => test(context, &id).await,
        TargetCommand::Remove { id } => {
            Target::remove(db, &id, &stamp).await?;
            println!("Removed the target {id}.");
            Ok(())
        }
    }
}

async fn list(context: &Context, site: Option<&str>) -> anyhow::Result<()> {
    let sites = Site::all(&context.db).await?;
    let chosen = match site {
        Some(key) => Some(Site::by_key(&context.db, key).await?),
        None => None,
    };
    let targets = Target::list(&context.db, chosen.as_ref()).await?;
    if targets.is_empty() {
        println!("There are no targets yet; `sayso target add` adds one.");
    }
    for target in targets {
        let key = sites.iter().find(|site| site.id() == target.site_id).map_or("", |site| site.key());
        let address =
            target.access(&context.keys).map_or_else(|| "(can't be decrypted)".to_owned(), |access| access.address);
        println!("{}  {key}  {}  {address}  {}", target.id, target.channel_name, events(&target));
    }
    Ok(())
}

fn events(target: &Target) -> String {
    match target.channel() {
        _ if target.is_chosen() => names(target.chosen_events()),
        Some(Channel::Email) => "new cases and what customers do".into(),
        _ => "all events".into(),
    }
}

async fn test(context: &Context, id: &str) -> anyhow::Result<()> {
    let Context { config, db, keys, clock, .. } = context;
    let target = Target::by_id(db, id).await?;
    let target = target.with_context(|| format!("there is no target {id}; `sayso target list` shows the targets"))?;
    let sites = Site::all(db).await?;
    let site = sites.into_iter().find(|site| site.id() == target.site_id).context("the target's site is missing")?;
    let event = EventContext::sample(site, clock.now());
    let channels = Channels::open(config)?;
    match channels.send_to_target(config, keys, &event, &target, &new_id(), clock.now()).await {
        Ok(()) => {
            let access = target.access(keys).context("its address can't be decrypted")?;
            println!("The test reached {}.", access.address);
            if target.channel() == Some(Channel::Email) && config.smtp.url.reveal().is_none() {
                let folder = config.data.join(super::email::FOLDER);
                println!("No mail server is set ([smtp] url), so the mail is a file in {}.", folder.display());
            }
            Ok(())
        }
        Err(Failure::Retryable { error, .. } | Failure::Permanent(error) | Failure::Gone(error)) => {
            bail!("the test failed: {error}")
        }
        Err(Failure::Dropped(why)) => bail!("the test failed: {why}"),
    }
}

fn event_type(name: &str) -> Result<EventType, String> {
    EventType::parse(name).ok_or_else(|| format!("the types of event are {}", names(EventType::ALL)))
}

fn names(events: &[EventType]) -> String {
    events.iter().map(|event| event.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_event_is_answered_with_the_known_ones() {
        assert_eq!(event_type("case.rated"), Ok(EventType::Rated));
        let error = event_type("rated").expect_err("the prefix is missing");
        assert!(error.contains("case.created, ") && error.ends_with("case.escalated"), "{error}");
    }
}
