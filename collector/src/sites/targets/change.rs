//! Adding, setting and removing targets.

use anyhow::{Context as _, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sayso_shared::EmailAddress;
use serde_json::{Value, json};
use url::Url;

use super::access::Access;
use super::settings::{Channel, Part, Settings};
use super::{Site, Target};
use crate::audit::{self, Change, Stamp};
use crate::cases::EventType;
use crate::db::{Db, Tx};
use crate::keys::{Keys, new_id, random_bytes};
use crate::with_tx;

/// The longest address. Those of workflows of Teams have some 300 characters.
const URL_MAX: usize = 2_000;

/// A target as it is to be stored.
#[derive(Clone, Debug)]
pub struct NewTarget {
    /// What people call it; none for its identifier.
    pub key: Option<String>,
    /// How events get there.
    pub channel: Channel,
    /// The types of event; none for the default of the channel, and an empty list for what rules name it for.
    pub events: Option<Vec<EventType>>,
    /// What else is set.
    pub settings: Settings,
}

/// Reads the address of a receiver.
pub fn check_url(address: &str) -> anyhow::Result<Url> {
    ensure!(address.len() <= URL_MAX, "the address has more than {URL_MAX} characters");
    // The error of the parser would not say it, but what it is given may be a secret.
    let url = Url::parse(address).ok().context("the address is not a URL")?;
    ensure!(
        matches!(url.scheme(), "http" | "https") && url.has_host(),
        "the address does not begin with http:// or https://"
    );
    Ok(url)
}

/// Reads the address of a room of a chat service, and refuses those that nothing arrives at any more.
pub fn check_room(channel: Channel, address: &str) -> anyhow::Result<Url> {
    let url = check_url(address)?;
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    let is_connector = host.ends_with(".webhook.office.com")
        || host == "outlook.office.com" && url.path().to_ascii_lowercase().starts_with("/webhook");
    ensure!(
        channel != Channel::Teams || !is_connector,
        "Microsoft has retired connectors: make a workflow in Teams, and use its address (docs/forwarding.md says how)"
    );
    ensure!(
        channel != Channel::Slack || host != "hooks.slack.com" || !url.path().starts_with("/triggers/"),
        "this address starts a workflow of Slack: use that of an incoming webhook, https://hooks.slack.com/services/…"
    );
    Ok(url)
}

/// A secret that nobody can guess, in the form of Standard Webhooks.
pub fn new_webhook_secret() -> String {
    format!("whsec_{}", STANDARD.encode(random_bytes::<32>()))
}

impl Target {
    /// Adds a team's address; gives the identifier of the target. How to reach the customer stays in the console, as it always did.
    pub async fn add_email(
        db: &Db,
        keys: &Keys,
        site: &Site,
        address: &str,
        events: &[EventType],
        stamp: &Stamp,
    ) -> anyhow::Result<String> {
        let address = EmailAddress::parse(address).map_err(|error| anyhow::anyhow!("{address} {error}"))?;
        let access = Access::new(address.into_string(), None);
        let mut new = NewTarget::hearing(Channel::Email, events);
        new.settings.include = Some(vec![Part::Message, Part::Name, Part::Link]);
        new.add(db, keys, site, &access, stamp).await
    }

    /// Adds a webhook; gives its identifier and its secret, which is not shown again. Codes are part of what it gets, as they always were.
    pub async fn add_webhook(
        db: &Db,
        keys: &Keys,
        site: &Site,
        address: &str,
        events: &[EventType],
        stamp: &Stamp,
    ) -> anyhow::Result<(String, String)> {
        check_url(address)?;
        let secret = new_webhook_secret();
        let access = Access::new(address, Some(secret.clone()));
        let mut new = NewTarget::hearing(Channel::Webhook, events);
        new.settings.include = Some(vec![Part::Message, Part::Link, Part::Code]);
        let id = new.add(db, keys, site, &access, stamp).await?;
        Ok((id, secret))
    }

    /// Removes a target in a transaction; its deliveries stay visible on their cases. Rules that name it are for `service::removal`.
    pub async fn remove_in(tx: &mut Tx, id: &str, stamp: &Stamp) -> anyhow::Result<()> {
        let delete = "delete from targets where id = $1 returning channel";
        let channel: Option<String> =
            with_tx!(&mut *tx, conn => sqlx::query_scalar(delete).bind(id).fetch_optional(conn).await)?;
        let channel =
            channel.with_context(|| format!("there is no target {id}; `sayso target list` shows the targets"))?;
        // What waited for it to be switched on again.
        let drop = "update deliveries set state = 'dropped', last_error = 'the target was removed' where destination = $1 and state = 'suspended'";
        with_tx!(&mut *tx, conn => sqlx::query(drop).bind(id).execute(conn).await.map(|_| ()))?;
        let before = json!({"channel": channel});
        let change = Change { action: "target.remove", object: format!("target/{id}"), before, after: Value::Null };
        Ok(audit::append(tx, stamp, &change).await?)
    }

    /// Makes a new secret for a webhook, and gives it; the one that it had signs beside it for a day.
    pub async fn rotate_secret(&self, db: &Db, keys: &Keys, stamp: &Stamp) -> anyhow::Result<String> {
        let name = &self.key;
        ensure!(self.channel() == Some(Channel::Webhook), "{name} is no webhook, so its secret is not made here");
        ensure!(
            self.settings.secret_env.is_none(),
            "the secret of {name} comes from a variable; set another one there, and apply the service file"
        );
        let access = self.access(keys).context("its address can't be decrypted")?;
        let secret = new_webhook_secret();
        self.set_access(db, keys, &access.with_new_secret(secret.clone(), stamp.at), stamp).await?;
        Ok(secret)
    }

    /// Gives it another address or secret. The audit log says that it did, and not which.
    pub async fn set_access(&self, db: &Db, keys: &Keys, access: &Access, stamp: &Stamp) -> anyhow::Result<()> {
        let mut tx = db.begin().await?;
        let update = "update targets set access_cipher = $1 where id = $2";
        let cipher = access.encrypt(keys, &self.id);
        with_tx!(&mut tx, conn => sqlx::query(update).bind(&cipher).bind(&self.id).execute(conn).await.map(|_| ()))?;
        let (before, after) = (json!({"access": "old"}), json!({"access": "new"}));
        let change = Change { action: "target.set", object: format!("target/{}", self.id), before, after };
        audit::append(&mut tx, stamp, &change).await?;
        Ok(tx.commit().await?)
    }
}

impl NewTarget {
    /// One with the defaults of its channel, which hears of these events; without any, of what its channel hears of.
    pub fn hearing(channel: Channel, events: &[EventType]) -> Self {
        let events = (!events.is_empty()).then(|| events.to_vec());
        Self { key: None, channel, events, settings: Settings::default() }
    }

    /// Stores it; gives its identifier.
    pub async fn add(
        &self,
        db: &Db,
        keys: &Keys,
        site: &Site,
        access: &Access,
        stamp: &Stamp,
    ) -> anyhow::Result<String> {
        let id = new_id();
        let mut tx = db.begin().await?;
        self.insert(&mut tx, &id, site.id(), &access.encrypt(keys, &id), stamp).await?;
        let after = json!({"site": site.key(), "key": self.key, "channel": self.channel, "events": self.events});
        let change = Change { action: "target.add", object: format!("target/{id}"), before: Value::Null, after };
        audit::append(&mut tx, stamp, &change).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Inserts its row.
    pub async fn insert(
        &self,
        tx: &mut Tx,
        id: &str,
        site_id: &str,
        access_cipher: &str,
        stamp: &Stamp,
    ) -> anyhow::Result<()> {
        let (events, by_rule_only) = self.events()?;
        let settings = serde_json::to_string(&self.settings)?;
        let insert = "insert into targets (id, site_id, channel, address, access_cipher, events, created_at, key, by_rule_only, settings) \
            values ($1, $2, $3, '', $4, $5, $6, $7, $8, $9)";
        let inserted = with_tx!(tx, conn => sqlx::query(insert).bind(id).bind(site_id).bind(self.channel.as_str())
            .bind(access_cipher).bind(&events).bind(stamp.at).bind(&self.key).bind(by_rule_only).bind(&settings)
            .execute(conn).await.map(|_| ()));
        match inserted {
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                anyhow::bail!("there is a target {} already", self.key.as_deref().unwrap_or(id))
            }
            inserted => Ok(inserted?),
        }
    }

    /// Sets the row of a target to what this says; where it is only if that is another.
    pub async fn update(
        &self,
        tx: &mut Tx,
        id: &str,
        site_id: &str,
        access_cipher: Option<&str>,
    ) -> anyhow::Result<()> {
        let (events, by_rule_only) = self.events()?;
        let settings = serde_json::to_string(&self.settings)?;
        let update = "update targets set site_id = $1, channel = $2, events = $3, by_rule_only = $4, settings = $5, \
            access_cipher = coalesce($6, access_cipher), moved_to = null where id = $7";
        with_tx!(tx, conn => sqlx::query(update).bind(site_id).bind(self.channel.as_str()).bind(&events).bind(by_rule_only)
            .bind(&settings).bind(access_cipher).bind(id).execute(conn).await.map(|_| ()))?;
        Ok(())
    }

    /// The two columns that say which types of event it gets.
    fn events(&self) -> serde_json::Result<(String, bool)> {
        let events = self.events.as_deref();
        Ok((serde_json::to_string(events.unwrap_or_default())?, events.is_some_and(<[EventType]>::is_empty)))
    }
}
