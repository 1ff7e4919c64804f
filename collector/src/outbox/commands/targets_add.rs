//! `sayso target add`.

use anyhow::{Context as _, bail, ensure};
use clap::{ArgGroup, Args};
use sayso_shared::{EmailAddress, Lang};

use crate::audit::Stamp;
use crate::cases::EventType;
use crate::config::Config;
use crate::context::Context;
use crate::outbox::egress::Egress;
use crate::service::draft::{Draft, Reader};
use crate::service::plan::Prune;
use crate::service::rules::Conditions;
use crate::service::surroundings::TypedAccess;
use crate::service::words::Key;
use crate::sites::Site;
use crate::sites::targets::{
    Access, Channel, ChatId, NewTarget, Part, Settings, Target, check_room, new_webhook_secret,
};

/// Where to forward to.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("place").required(true).multiple(true).args(["email", "webhook", "channel"]))]
pub struct AddArguments {
    /// The site's key.
    #[arg(long)]
    site: String,
    /// The address of a team.
    #[arg(long, value_name = "ADDR", conflicts_with_all = ["webhook", "address", "url_env"])]
    email: Option<String>,
    /// The URL of a receiver of signed webhooks (Standard Webhooks 1.0).
    #[arg(long, value_name = "URL", conflicts_with = "url_env")]
    webhook: Option<String>,
    /// How events get there: email, webhook, slack, teams, discord, mattermost, feishu, dingtalk, wecom, telegram or generic.
    #[arg(long, value_parser = channel)]
    channel: Option<Channel>,
    /// What the service file and other commands call it; without one, its identifier.
    #[arg(long)]
    key: Option<String>,
    /// The variable of the environment with its address.
    #[arg(long, value_name = "VARIABLE", requires = "channel")]
    url_env: Option<String>,
    /// The variable of the environment with its secret.
    #[arg(long, value_name = "VARIABLE")]
    secret_env: Option<String>,
    /// The address of a mailbox, with --channel email.
    #[arg(long, value_name = "ADDR", requires = "channel")]
    address: Option<String>,
    /// The chat, with --channel telegram.
    #[arg(long, value_name = "ID", requires = "channel", allow_hyphen_values = true)]
    chat_id: Option<String>,
    /// What may leave: message, contact, name, link, code. Without any, what is usual for the channel.
    #[arg(long, value_name = "PART", value_parser = part, num_args = 1..)]
    include: Vec<Part>,
    /// The language of what it gets: en, zh-Hans or zh-Hant. Without it, the main one of the site.
    #[arg(long, value_parser = lang)]
    lang: Option<Lang>,
    /// The types of event to forward, such as case.created. Without any, a webhook gets all of them, and everybody
    /// else hears of new cases and of what customers do.
    #[arg(long = "event", value_name = "TYPE", value_parser = event_type, num_args = 1..)]
    events: Vec<EventType>,
    /// What has to hold of a case, as in the service file: {"kind": ["complaint"]} as JSON, or kind = ["complaint"] as TOML.
    #[arg(long, value_name = "CONDITIONS")]
    when: Option<String>,
}

/// Adds a target.
pub async fn run(arguments: AddArguments, context: &Context) -> anyhow::Result<()> {
    let Context { db, keys, clock, .. } = context;
    let site = Site::by_key(db, &arguments.site).await?;
    let (channel, access) = place(&arguments, context)?;
    if channel == Channel::Generic {
        println!("Its body is that of a webhook; templates of headers and body are set in a service file.");
    }
    let key: Option<Key> = arguments.key.as_deref().map(str::parse).transpose()?;
    if let Some(key) = &key {
        let known = Target::by_key(db, key.as_str()).await?;
        ensure!(known.is_none(), "there is a target {key} already");
    }
    let when = match &arguments.when {
        Some(text) => conditions(text, &site, context).await?,
        None => Conditions::default(),
    };
    let mut include = (!arguments.include.is_empty()).then(|| arguments.include.clone());
    if include.is_none() && arguments.channel.is_none() {
        // As it always was: for receivers that were built for it, and for teams that look customers up in the console.
        include = Some(match channel {
            Channel::Email => vec![Part::Message, Part::Name, Part::Link],
            _ => vec![Part::Message, Part::Link, Part::Code],
        });
    }
    let secret = access.secret.clone().filter(|_| channel == Channel::Webhook && arguments.secret_env.is_none());
    let settings = Settings {
        url_env: arguments.url_env,
        secret_env: arguments.secret_env,
        when,
        include,
        lang: arguments.lang,
        chat_id: arguments.chat_id.map(|id| id.parse().map_or(ChatId::Name(id), ChatId::Number)),
        ..Settings::default()
    };
    let new =
        NewTarget { settings, key: key.map(|key| key.to_string()), ..NewTarget::hearing(channel, &arguments.events) };
    let id = new.add(db, keys, &site, &access, &Stamp::command(clock.now())).await?;
    // The address of a chat room is a secret.
    match (channel, &arguments.webhook) {
        (Channel::Email, _) => println!("Added the target {id}: mail to {}.", access.address),
        (Channel::Webhook, Some(url)) => println!("Added the target {id}: webhooks to {url}."),
        _ => println!("Added the target {id}: {channel}."),
    }
    if let Some(secret) = secret {
        println!("Its secret, with which the receiver checks the signature:\n\n  {secret}\n");
        println!("It is shown only this once, so keep it now. Try the target with: sayso target test {id}");
    } else {
        println!("Try it with: sayso target test {}", new.key.as_deref().unwrap_or(&id));
    }
    Ok(())
}

/// Reads conditions, by the reader of service files, which knows what can never hold.
async fn conditions(text: &str, site: &Site, context: &Context) -> anyhow::Result<Conditions> {
    const KEY: &str = "new-target";
    let table: toml::Table = match serde_json::from_str::<toml::Table>(text) {
        Ok(table) => table,
        Err(_) if text.trim_start().starts_with('{') => toml::from_str::<toml::Table>(&format!("when = {text}"))
            .ok()
            .and_then(|mut table| table.remove("when")?.try_into().ok())
            .context("--when is neither JSON nor TOML")?,
        Err(_) => toml::from_str(text).ok().context("--when is neither JSON nor TOML")?,
    };
    let when = toml::Value::Table(table);
    // A target of any channel, which is not made.
    let access = Access::new("https://localhost/", None);
    let typed = TypedAccess { key: KEY.to_owned(), access };
    let file = format!(
        "[[target]]\nkey = \"{KEY}\"\nsite = {}\nchannel = \"generic\"\nwhen = {when}\n",
        toml::Value::from(site.key())
    );
    let Context { config, db, keys, clock, .. } = context;
    let around = (db, keys, &Config { dangerous_allow_private_targets: true, ..config.clone() }, clock.now());
    let draft = Draft::read(around, &file, Prune::Keep, Reader::Typed(&typed)).await?;
    let draft = draft.map_err(|mistakes| {
        let texts: Vec<String> = mistakes.into_iter().map(|mistake| mistake.text).collect();
        anyhow::anyhow!("--when: {}", texts.join("; "))
    })?;
    let target = draft.wanted().targets.iter().find(|target| target.key.as_str() == KEY);
    Ok(target.context("a file has what it says")?.when.clone())
}

/// How events get there, and where that is.
fn place(arguments: &AddArguments, context: &Context) -> anyhow::Result<(Channel, Access)> {
    let mailbox = |address: &str| -> anyhow::Result<Access> {
        let parsed = EmailAddress::parse(address).map_err(|error| anyhow::anyhow!("{address} {error}"))?;
        Ok(Access::new(parsed.into_string(), None))
    };
    let url = |channel: Channel, address: &str, shown: &str| -> anyhow::Result<String> {
        let url = check_room(channel, address).with_context(|| format!("{shown} is refused"))?;
        let egress = Egress::of(&context.config);
        egress.check_scheme(&url).map_err(|why| anyhow::anyhow!("{shown} is refused: {why}"))?;
        if let Err(why) = egress.check(&url) {
            eprintln!("With the settings of this command nothing is sent there: {why}.");
        }
        Ok(address.to_owned())
    };
    let channel = match (arguments.channel, &arguments.email, &arguments.webhook) {
        (Some(channel), _, _) => channel,
        (None, Some(_), _) => Channel::Email,
        (None, None, Some(_)) => Channel::Webhook,
        (None, None, None) => bail!("give --email, --webhook or --channel"),
    };
    let address = arguments.email.as_deref().or(arguments.address.as_deref());
    ensure!(arguments.chat_id.is_none() || channel == Channel::Telegram, "--chat-id is of the channel telegram");
    ensure!(address.is_none() || channel == Channel::Email, "the address of a mailbox is of the channel email");
    if channel == Channel::Email {
        return Ok((channel, mailbox(address.context("the channel email needs --address")?)?));
    }
    ensure!(arguments.chat_id.is_some() || channel != Channel::Telegram, "the channel telegram needs --chat-id");
    let mut secret = arguments.secret_env.as_deref().map(variable).transpose()?;
    if channel == Channel::Webhook && secret.is_none() {
        secret = Some(new_webhook_secret());
    }
    if let (Channel::Webhook, Some(secret)) = (channel, &secret) {
        let is_usable = standardwebhooks::Webhook::new(secret).is_ok();
        ensure!(is_usable, "a webhook's secret is base64, with whsec_ before it or without");
    }
    let address = match (&arguments.url_env, &arguments.webhook) {
        (Some(name), _) => url(channel, &variable(name)?, name)?,
        (None, Some(address)) => url(channel, address, "the address")?,
        (None, None) if channel == Channel::Telegram && secret.is_some() => String::new(),
        (None, None) => bail!("the channel {channel} needs --url-env, the variable with its address"),
    };
    Ok((channel, Access::new(address, secret)))
}

fn variable(name: &str) -> anyhow::Result<String> {
    let value = std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    value.with_context(|| format!("the variable {name} is not set"))
}

fn channel(word: &str) -> Result<Channel, String> {
    Channel::parse(word).ok_or_else(|| format!("one of {}", words(Channel::ALL.iter().map(|one| one.as_str()))))
}

fn part(word: &str) -> Result<Part, String> {
    Part::parse(word).ok_or_else(|| format!("one of {}", words(Part::ALL.iter().map(|one| one.as_str()))))
}

fn lang(word: &str) -> Result<Lang, String> {
    let known = Lang::CONSOLE.into_iter().find(|lang| lang.as_str() == word);
    known.ok_or_else(|| format!("one of {}", words(Lang::CONSOLE.iter().map(|one| one.as_str()))))
}

fn event_type(name: &str) -> Result<EventType, String> {
    let known = || words(EventType::ALL.iter().map(|one| one.as_str()));
    EventType::parse(name).ok_or_else(|| format!("the types of event are {}", known()))
}

fn words(words: impl Iterator<Item = &'static str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_event_is_answered_with_the_known_ones() {
        assert_eq!(event_type("case.rated"), Ok(EventType::Rated));
        let error = event_type("rated").expect_err("the prefix is missing");
        assert!(error.contains("case.created, ") && error.contains("case.escalated"), "{error}");
    }
}
