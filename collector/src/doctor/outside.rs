//! What Sayso reaches, or is reached by: its own server, the mail server, the targets.

use std::net::IpAddr;
use std::time::Duration;

use super::finding::Finding;
use crate::auth::oidc::Providers;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::inbound::imap;
use crate::keys::Keys;
use crate::outbox::check;
use crate::sites::targets::{Channel, Standing, Target};

const PATIENCE: Duration = Duration::from_secs(5);

/// Whether a server answers where the settings say.
pub async fn server(config: &Config) -> Finding {
    let mut address = config.listen;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            IpAddr::from([127, 0, 0, 1])
        } else {
            IpAddr::from(1_u128.to_be_bytes())
        });
    }
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
    let asked = match client {
        Ok(client) => client.get(format!("http://{address}/readyz")).send().await,
        Err(error) => Err(error),
    };
    match asked {
        Ok(answer) if answer.status().is_success() => Finding::good("server", format!("it answers at {address}")),
        Ok(answer) => Finding::wrong(
            "server",
            format!(
                "{address} answers {}: it can't work at present, or it is another program",
                answer.status().as_u16()
            ),
            "look at its log; what is wrong with the database is said above",
        ),
        Err(_) => Finding::warning(
            "server",
            format!("nothing answers at {address}"),
            "start it with `sayso serve`, if it should run",
        ),
    }
}

/// Whether mail can be sent. Nothing is sent.
pub async fn mail(config: &Config) -> Finding {
    let is_public = config.is_https();
    let mend = "see [smtp] url: host, port, user, password; and that this machine may connect to it";
    match (check::mail(config).await, config.smtp.url.reveal()) {
        (Err(why), Some(_)) => Finding::wrong("mail", why, mend),
        (Err(why), None) => Finding::wrong("mail", why, "let the user that runs Sayso own the data folder"),
        (Ok(()), None) if is_public => Finding::warning(
            "mail",
            "no mail server is set, so nobody gets mail: each becomes a file in the data folder",
            "set [smtp] url and from",
        ),
        (Ok(()), None) => Finding::good("mail", "no mail server is set; mails become files in the data folder"),
        (Ok(()), Some(_)) if config.smtp.from.contains("@localhost") => Finding::warning(
            "mail",
            format!("the mail server answers, but the sender is still {}", config.smtp.from),
            "set [smtp] from to an address of your domain",
        ),
        (Ok(()), Some(_)) => Finding::good("mail", "the mail server answers"),
    }
}

/// Whether each mailbox can be read.
pub async fn mailboxes(config: &Config) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, mailbox) in &config.imap {
        found.push(match imap::check(mailbox).await {
            Ok(()) => Finding::good("mailbox", format!("{name} can be read")),
            Err(why) => {
                Finding::wrong("mailbox", format!("{name}: {why}"), format!("see [imap.{name}] in the settings"))
            }
        });
    }
    found
}

/// Whether each provider of accounts says of itself what a sign-in needs.
pub async fn providers(config: &Config, clock: &Clock) -> Vec<Finding> {
    let mut found = Vec::new();
    let providers = match Providers::open(config) {
        Ok(providers) => providers,
        Err(error) => return vec![Finding::wrong("sign-in", format!("{error:#}"), "see [oidc] in the settings")],
    };
    for provider in providers.iter() {
        let name = provider.name();
        found.push(match provider.try_out(clock.now()).await {
            Ok(()) => Finding::good("sign-in", format!("{name} says where members sign in, and by which keys")),
            Err(failure) => {
                let mend = format!("see [oidc.{name}] in the settings; issuer is the address below which the provider has /.well-known/openid-configuration");
                Finding::wrong("sign-in", format!("{name}: {failure}"), mend)
            }
        });
    }
    found
}

/// Whether each target can be reached, without sending it anything: by its address, and by what may be reached.
pub async fn targets(config: &Config, db: &Db, keys: Option<&Keys>) -> Vec<Finding> {
    // Without tables there are none; that is said about the database.
    let Ok(all) = Target::all(db).await else { return Vec::new() };
    let (targets, off): (Vec<Target>, Vec<Target>) =
        all.into_iter().partition(|target| target.standing == Standing::On);
    let mut found: Vec<Finding> = off.iter().map(switched_off).collect();
    for target in &targets {
        let mend = "`sayso target list` shows it; remove it and add it again as it should be";
        let Some(channel) = target.channel() else {
            let text =
                format!("{} has the channel {}, which this version does not know", target.id, target.channel_name);
            found.push(Finding::wrong("target", text, "update Sayso, or remove it"));
            continue;
        };
        if !target.is_readable() {
            let text = format!("the types of event of {} can't be read, so it gets none", target.id);
            found.push(Finding::wrong("target", text, mend));
        }
        // Without a key there is nothing to look at; that is said about the key.
        let Some(keys) = keys else { continue };
        let Some(access) = target.access(keys) else {
            found.push(Finding::wrong("target", format!("the address of {} can't be decrypted", target.id), mend));
            continue;
        };
        // A bot without an address of its own is at Telegram's.
        if channel == Channel::Email || access.address.is_empty() {
            continue;
        }
        if target.failures > 0 {
            let text =
                format!("{}: {} failures in a row; `sayso deliveries list` says why", target.key, target.failures);
            found.push(Finding::warning("target", text, format!("sayso target test {}", target.key)));
        }
        let checked = tokio::time::timeout(PATIENCE, check::address(config, &access.address)).await;
        match checked.unwrap_or_else(|_| Err("its name can't be resolved in time".into())) {
            Err(why) => found.push(Finding::wrong("target", format!("{}: {why}", target.id), mend)),
            Ok(()) if access.address.starts_with("http://") => {
                let text = format!("{} is not encrypted: everybody on the way reads what customers write", target.id);
                found.push(Finding::warning("target", text, "give it an https:// address"));
            }
            Ok(()) => {}
        }
    }
    if found.is_empty() && !targets.is_empty() {
        found.push(Finding::good(
            "targets",
            format!("{} can be reached, as far as can be told without sending", targets.len()),
        ));
    } else if targets.is_empty() {
        let text = "there are none: the team hears of cases only by opening the console";
        found.push(Finding::warning("targets", text, "sayso target add --site KEY --email team@example.com"));
    }
    found
}

fn switched_off(target: &Target) -> Finding {
    let key = &target.key;
    match &target.standing {
        Standing::Suspended(reason) => Finding::wrong(
            "target",
            format!("{key} was switched off: {reason}"),
            format!(
                "mend it, try it with `sayso target test {key}`, then `sayso target resume {key}` sends what has waited"
            ),
        ),
        _ => Finding::warning("target", format!("{key} is paused"), format!("sayso target resume {key}")),
    }
}
