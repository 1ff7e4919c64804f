//! `sayso target`.

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;

use super::targets_add::{self, AddArguments};
use crate::app::App;
use crate::audit::Stamp;
use crate::context::Context;
use crate::keys::new_id;
use crate::outbox::channels::{Attempt, Channels, Secrets, Told, email};
use crate::outbox::delivery::Failure;
use crate::outbox::event_context::EventContext;
use crate::outbox::http::SWITCHED_OFF;
use crate::outbox::preview::{Preview, case_of, events as known_events, first_event, preview as preview_of};
use crate::outbox::standing;
use crate::sites::Site;
use crate::sites::targets::{Channel, Part, Standing, Target};

/// Add, list, try, pause and remove the places that a site's events are forwarded to.
#[derive(Debug, Subcommand)]
pub enum TargetCommand {
    /// Forward a site's events to a mailbox, a webhook, a chat room or whatever takes HTTP.
    Add(Box<AddArguments>),
    /// List the targets of a site, or of all sites.
    List {
        /// The site's key.
        #[arg(long)]
        site: Option<String>,
    },
    /// Send a made-up case to a target right away, and say what came of it.
    Test {
        /// The target's key or identifier (see `sayso target list`).
        key: String,
    },
    /// Print what a target would be told of an event of a case, and send nothing.
    Preview {
        /// The target's key or identifier.
        key: String,
        /// The identifier or the number of a case of its site; without it, a made-up one.
        #[arg(long, value_name = "ID")]
        case: Option<String>,
        /// The type of event, such as case.breached; without it, the first that the target hears of.
        #[arg(long, value_name = "TYPE")]
        event: Option<String>,
    },
    /// Stop forwarding to a target for a while; what it should hear waits.
    Pause {
        /// The target's key or identifier.
        key: String,
    },
    /// Go on forwarding to a target that was paused, or that Sayso switched off, with everything that waited for it.
    Resume {
        /// The target's key or identifier.
        key: String,
    },
    /// Make a new secret for a webhook, and print it.
    Secret {
        /// The target's key or identifier.
        key: String,
    },
    /// Stop forwarding to a target for good.
    Remove {
        /// The target's key or identifier.
        key: String,
    },
}

/// Does what the command says.
pub async fn run(command: TargetCommand, context: &Context) -> anyhow::Result<()> {
    let Context { db, keys, clock, .. } = context;
    let stamp = Stamp::command(clock.now());
    match command {
        TargetCommand::Add(arguments) => targets_add::run(*arguments, context).await,
        TargetCommand::List { site } => list(context, site.as_deref()).await,
        TargetCommand::Test { key } => test(context, &key).await,
        TargetCommand::Preview { key, case, event } => preview(context, &key, case.as_deref(), event.as_deref()).await,
        TargetCommand::Pause { key } => {
            let target = by_key(context, &key).await?;
            let was_on = standing::switch_off(db, &target.id, None, &stamp).await?;
            ensure!(was_on, "the target {key} is off already");
            println!(
                "Paused the target {key}. `sayso target resume {key}` goes on with what it should hear until then."
            );
            Ok(())
        }
        TargetCommand::Resume { key } => {
            let target = by_key(context, &key).await?;
            let waiting = standing::switch_on(db, &target.id, &stamp).await?;
            println!("The target {key} is on; {waiting} deliveries had waited for it.");
            Ok(())
        }
        TargetCommand::Secret { key } => {
            let secret = by_key(context, &key).await?.rotate_secret(db, keys, &stamp).await?;
            println!("The new secret of {key}, which is shown only this once:\n\n  {secret}\n");
            println!("For a day, requests are signed with the old one as well.");
            Ok(())
        }
        TargetCommand::Remove { key } => {
            let target = by_key(context, &key).await?;
            target.remove(db, &stamp).await?;
            println!("Removed the target {key}.");
            Ok(())
        }
    }
}

async fn by_key(context: &Context, key: &str) -> anyhow::Result<Target> {
    let target = Target::by_key(&context.db, key).await?;
    target.with_context(|| format!("there is no target {key}; `sayso target list` shows the targets"))
}

async fn list(context: &Context, site: Option<&str>) -> anyhow::Result<()> {
    let sites = Site::all(&context.db).await?;
    let chosen = match site {
        Some(key) => Some(Site::by_key(&context.db, key).await?),
        None => None,
    };
    let mut targets = Target::all(&context.db).await?;
    targets.retain(|target| chosen.as_ref().is_none_or(|site| site.id() == target.site_id));
    if targets.is_empty() {
        println!("There are no targets yet; `sayso target add` adds one.");
    }
    for target in targets {
        let key = sites.iter().find(|site| site.id() == target.site_id).map_or("", |site| site.key());
        let name = if target.key == target.id { String::new() } else { format!("  {}", target.key) };
        println!(
            "{}{name}  {key}  {}  {}  {}  {}  {}",
            target.id,
            target.channel_name,
            address(&target, context),
            events(&target),
            parts(&target),
            standing(&target)
        );
    }
    Ok(())
}

/// Where a target is. Of a chat room the variable is named, since its address is a secret.
fn address(target: &Target, context: &Context) -> String {
    let Some(access) = target.access(&context.keys) else { return "(can't be decrypted)".into() };
    match (&target.settings.url_env, target.channel()) {
        (Some(name), _) => format!("${name}"),
        (None, Some(Channel::Email | Channel::Webhook)) => access.address,
        (None, _) => "(secret)".into(),
    }
}

fn events(target: &Target) -> String {
    match (target.chosen_events(), target.channel()) {
        (Some([]), _) => "by rule only".into(),
        (Some(chosen), _) => chosen.iter().map(|event| event.as_str()).collect::<Vec<_>>().join(", "),
        (None, Some(Channel::Webhook)) => "all events".into(),
        (None, _) => "new cases and what customers do".into(),
    }
}

fn parts(target: &Target) -> String {
    let parts: Vec<&str> = Part::ALL.iter().filter(|part| target.includes(**part)).map(|part| part.as_str()).collect();
    format!("[{}]", parts.join(", "))
}

fn standing(target: &Target) -> String {
    match (&target.standing, target.failures) {
        (Standing::On, 0) => "on".into(),
        (Standing::On, failures) => format!("on, {failures} failures in a row"),
        (Standing::Paused, _) => "paused".into(),
        (Standing::Suspended(reason), _) => format!("suspended: {reason}"),
    }
}

async fn preview(context: &Context, key: &str, case: Option<&str>, event: Option<&str>) -> anyhow::Result<()> {
    let target = by_key(context, key).await?;
    let event = match event {
        Some(asked) => {
            let found = known_events().find(|event| event.as_str() == asked);
            found.with_context(|| format!("{asked} is no type of event of a case, such as case.breached"))?
        }
        None => first_event(&target),
    };
    let case = match case {
        Some(asked) => {
            let found = case_of(&context.db, &target, asked).await?;
            Some(found.with_context(|| format!("the site of {key} has no case {asked}"))?)
        }
        None => None,
    };
    let app = App::start(context.config.clone()).await?;
    let shown = preview_of(&app, &target, case.as_deref(), event).await?;
    app.shutdown.cancel();
    match shown.with_context(|| format!("this version does not know the channel {}", target.channel_name))? {
        Preview::Mail(mail) => println!("Subject: {}\n\n{}", mail.subject, mail.text()),
        Preview::Card(card, body) => println!("{}\n{body}", card.plain()),
        Preview::Body(body) => println!("{body}"),
        Preview::Failed(why) => bail!("it can't be made: {why}"),
    }
    Ok(())
}

async fn test(context: &Context, key: &str) -> anyhow::Result<()> {
    let Context { config, db, keys, clock, .. } = context;
    let target = by_key(context, key).await?;
    let sites = Site::all(db).await?;
    let site = sites.into_iter().find(|site| site.id() == target.site_id).context("the target's site is missing")?;
    let event = EventContext::sample(site, clock.now());
    let channels = Channels::open(config)?;
    let id = new_id();
    let attempt = Attempt::new(&id, clock.now());
    match channels.tell(config, Secrets { db, keys }, Told::Event(&event), &target, attempt).await {
        Ok(()) => {
            match target.channel() {
                Some(Channel::Webhook | Channel::Discord | Channel::Telegram) => {
                    println!("The test reached {}.", address(&target, context));
                }
                Some(Channel::Email) => {
                    println!(
                        "The mail server took the test for {}; look whether it is there.",
                        address(&target, context)
                    );
                }
                Some(Channel::Teams) => println!(
                    "Power Automate took the test. It answers before the card is posted, so look whether it is there."
                ),
                _ => println!("The test was taken; look whether it is there."),
            }
            if target.channel() == Some(Channel::Email) && config.smtp.url.reveal().is_none() {
                let folder = config.data.join(email::FOLDER);
                println!("No mail server is set ([smtp] url), so the mail is a file in {}.", folder.display());
            }
            if target.standing != Standing::On {
                println!("The target is off; `sayso target resume {key}` goes on with what waits for it.");
            }
            Ok(())
        }
        Err(
            Failure::Retryable { error, .. }
            | Failure::Permanent(error)
            | Failure::Bounced { error, .. }
            | Failure::Gone(error),
        ) => {
            bail!("the test failed: {}", error.trim_end_matches(SWITCHED_OFF))
        }
        Err(Failure::Dropped(why)) => bail!("the test failed: {why}"),
        Err(Failure::Moved(chat)) => bail!("the test failed: the chat is {chat} now; set chat_id to that"),
        Err(Failure::Suspended | Failure::Held { .. }) => bail!("the target is off"),
    }
}
