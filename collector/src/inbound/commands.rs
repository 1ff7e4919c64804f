//! `sayso mail`.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::Subcommand;
use sayso_shared::EmailAddress;

use super::desk::{self, MailFilter};
use super::receive::{BulkMail, Handled, MAIL_MAX_BYTES, receive_with};
use super::rows::Received;
use crate::app::App;
use crate::audit::Stamp;
use crate::clock::rfc3339;
use crate::config::Config;
use crate::context::Context;
use crate::outbox::{dkim, suspensions};
use crate::sites::Site;

/// What `sysexits.h` calls EX_TEMPFAIL: the mail server keeps the mail and tries again.
const TRY_AGAIN: u8 = 75;
/// Mails that are listed.
const LISTED: i64 = 200;

/// Take mails, and see what became of them.
#[derive(Debug, Subcommand)]
pub enum MailCommand {
    /// Take a mail from standard input, as a mail server pipes it. Ends with 75 if it should be tried again.
    Receive {
        /// The site for mails that answer nothing; without it, the one whose address the mail was sent to.
        #[arg(long, value_name = "KEY")]
        site: Option<String>,
        /// Take it also if it looks as if it was sent to many: for a mail that was held for that, once you have looked at it.
        #[arg(long)]
        take_bulk: bool,
    },
    /// List the mails that came last, and what became of them.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the DNS record by which receivers check that our mails are ours (DKIM), and make the key where there is none yet.
    Dkim {
        /// The domain of the sender, unless it is that of `[smtp] from`.
        #[arg(long)]
        domain: Option<String>,
        /// Make another key, which signs once it is chosen.
        #[arg(long, conflicts_with = "use_selector")]
        rotate: bool,
        /// Sign with this key from now on: publish its record a day before.
        #[arg(long = "use", value_name = "SELECTOR")]
        use_selector: Option<String>,
    },
    /// Send mail again to an address from which it came back for good.
    Resume {
        /// The address.
        address: String,
    },
    /// Print a mail that is held.
    Show {
        /// Its identifier.
        id: String,
    },
    /// Take a mail that is held, once you have looked at it and mended why.
    Take {
        /// Its identifier.
        id: String,
        /// The site for it, if it answers nothing; without it, the one that it came for.
        #[arg(long, value_name = "KEY")]
        site: Option<String>,
    },
    /// Drop a mail that is held: nothing becomes of it, and it is kept no longer.
    Drop {
        /// Its identifier.
        id: String,
    },
}

/// Does what the command says; gives what the process ends with.
pub async fn run(command: MailCommand, config: Config) -> anyhow::Result<ExitCode> {
    match command {
        MailCommand::Receive { site, take_bulk } => {
            Ok(take(site, if take_bulk { BulkMail::Take } else { BulkMail::Hold }, config).await)
        }
        MailCommand::List { json } => list(&Context::open(config).await?, json).await.map(|()| ExitCode::SUCCESS),
        MailCommand::Dkim { domain, rotate, use_selector } => {
            let context = Context::open(config).await?;
            let change = match (use_selector, rotate) {
                (Some(selector), _) => KeyChange::Use(selector),
                (None, true) => KeyChange::Add,
                (None, false) => KeyChange::None,
            };
            dkim(&context, domain, change).await.map(|()| ExitCode::SUCCESS)
        }
        MailCommand::Resume { address } => {
            resume(&Context::open(config).await?, &address).await.map(|()| ExitCode::SUCCESS)
        }
        MailCommand::Show { id } => show(&Context::open(config).await?, &id).await.map(|()| ExitCode::SUCCESS),
        MailCommand::Take { id, site } => take_held(&id, site, config).await.map(|()| ExitCode::SUCCESS),
        MailCommand::Drop { id } => drop_held(&Context::open(config).await?, &id).await.map(|()| ExitCode::SUCCESS),
    }
}

/// What becomes of the keys that sign mails.
enum KeyChange {
    None,
    Add,
    Use(String),
}

/// Prints the records of all keys of a domain, and which of them signs.
async fn dkim(context: &Context, domain: Option<String>, change: KeyChange) -> anyhow::Result<()> {
    let Context { config, db, keys, clock, .. } = context;
    let sender =
        || config.smtp.sender().and_then(|address| address.rsplit_once('@').map(|(_, domain)| domain.to_owned()));
    let domain = domain.or_else(sender).context("set [smtp] from, or name the domain by --domain")?;
    let domain = idna::domain_to_ascii(&domain).map_err(|_| anyhow::anyhow!("{domain} is no domain"))?;
    let stamp = Stamp::command(clock.now());
    let is_first = dkim::keys_of(db, &domain).await?.is_empty();
    match change {
        KeyChange::Use(selector) => _ = dkim::choose(db, &domain, &selector, &stamp).await?,
        KeyChange::Add => _ = dkim::add(db, keys, &domain, &stamp).await?,
        KeyChange::None if is_first => _ = dkim::add(db, keys, &domain, &stamp).await?,
        KeyChange::None => {}
    }
    for key in dkim::keys_of(db, &domain).await? {
        let (name, text) = key.record();
        let use_it = format!("does not sign; once it is in the DNS: sayso mail dkim --use {}", key.selector);
        println!("{} ({})", key.selector, if key.signs { "signs" } else { use_it.as_str() });
        println!("{name}. IN TXT {}\n", in_strings(&text));
    }
    Ok(())
}

async fn resume(context: &Context, address: &str) -> anyhow::Result<()> {
    let Context { db, keys, clock, .. } = context;
    let address = EmailAddress::parse(address).map_err(|error| anyhow::anyhow!("the address {error}"))?;
    let stamp = Stamp::command(clock.now());
    let object = format!("mail/{}", suspensions::address_hash(keys, address.as_str()));
    match suspensions::resume(db, keys, address.as_str(), object, &stamp).await? {
        true => {
            println!("Mail is sent there again. What was not sent meanwhile: sayso deliveries list --state dropped")
        }
        false => println!("Nothing keeps mail from this address."),
    }
    Ok(())
}

/// A text as records of the DNS have it: in strings of at most 255 characters.
fn in_strings(text: &str) -> String {
    let strings = text.as_bytes().chunks(255).map(|part| format!("\"{}\"", String::from_utf8_lossy(part)));
    strings.collect::<Vec<_>>().join(" ")
}

/// Whatever goes wrong on our side is tried again by the mail server; only what can never work ends otherwise.
async fn take(site: Option<String>, bulk: BulkMail, config: Config) -> ExitCode {
    let raw = match read() {
        Ok(raw) => raw,
        Err(error) => {
            eprintln!("sayso: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    match deliver(site, bulk, config, &raw).await {
        Ok(Handled::Now(received)) => println!("{}", line(&received)),
        Ok(Handled::Before(received)) => println!("{} (came before)", line(&received)),
        Err(error) => return try_again(&error),
    }
    ExitCode::SUCCESS
}

/// What the process ends with where a mail can't be taken at present.
pub fn try_again(error: &anyhow::Error) -> ExitCode {
    eprintln!("sayso: {error:#}");
    ExitCode::from(TRY_AGAIN)
}

fn read() -> anyhow::Result<Vec<u8>> {
    let mut raw = Vec::new();
    std::io::stdin().take(MAIL_MAX_BYTES as u64 + 1).read_to_end(&mut raw).context("cannot read standard input")?;
    ensure!(raw.len() <= MAIL_MAX_BYTES, "the mail is larger than {} MiB", MAIL_MAX_BYTES / 1024 / 1024);
    Ok(raw)
}

async fn deliver(site: Option<String>, bulk: BulkMail, config: Config, raw: &[u8]) -> anyhow::Result<Handled> {
    let app = App::start(config).await?;
    let site = named(&app, site).await?;
    let handled = receive_with(&app, raw, site.as_ref(), bulk).await?;
    app.shutdown.cancel();
    Ok(handled)
}

/// The site with a key, if one is named.
async fn named(app: &App, site: Option<String>) -> anyhow::Result<Option<Site>> {
    Ok(match site {
        Some(key) => Some(Site::by_key(&app.db, &key).await?),
        None => None,
    })
}

async fn take_held(id: &str, site: Option<String>, config: Config) -> anyhow::Result<()> {
    let app = App::start(config).await?;
    let site = named(&app, site).await?;
    let taken = desk::take(&app, id, site.as_ref(), &Stamp::command(app.clock.now())).await?;
    app.shutdown.cancel();
    println!("{}", line(&taken));
    Ok(())
}

async fn drop_held(context: &Context, id: &str) -> anyhow::Result<()> {
    let dropped = desk::drop(&context.db, id, &Stamp::command(context.clock.now())).await?;
    println!("{}", line(&dropped));
    Ok(())
}

async fn list(context: &Context, as_json: bool) -> anyhow::Result<()> {
    let mails = desk::list(&context.db, &MailFilter { limit: LISTED, ..MailFilter::default() }).await?;
    if as_json {
        let mails: Vec<_> = mails.iter().map(to_json).collect();
        println!("{}", serde_json::to_string_pretty(&mails)?);
        return Ok(());
    }
    if mails.is_empty() {
        println!("No mail has come in yet.");
    }
    for mail in mails {
        println!("{}  {}", rfc3339(mail.received_at), line(&mail));
    }
    Ok(())
}

fn to_json(mail: &Received) -> serde_json::Value {
    serde_json::json!({
        "id": mail.id,
        "received_at": rfc3339(mail.received_at),
        "outcome": mail.outcome,
        "reason": mail.reason,
        "case": mail.case_id,
    })
}

fn line(mail: &Received) -> String {
    let reason = mail.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let case = mail.case_id.as_deref().map(|id| format!("  case {id}")).unwrap_or_default();
    format!("{}  {}{reason}{case}", mail.id, mail.outcome)
}

async fn show(context: &Context, id: &str) -> anyhow::Result<()> {
    let held = Received::held(&context.db, &context.keys, id).await?;
    let held = held.with_context(|| format!("there is no mail {id} that is held; `sayso mail list` shows them"))?;
    Ok(std::io::stdout().write_all(&held.raw)?)
}
