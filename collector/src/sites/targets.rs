//! Targets: the places to which a site's events are forwarded.

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sayso_shared::EmailAddress;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Site;
use crate::audit::{self, Change, Stamp};
use crate::cases::EventType;

use crate::db::Db;
use crate::keys::{Keys, new_id, random_bytes};
use crate::{with_db, with_tx, with_write};

/// Targets that one step of [`seal_batch`] encrypts.
const SEALED_AT_ONCE: i64 = 100;

/// A place to forward to. Where it is and its secret are encrypted; [`Target::access`] decrypts them.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its identifier.
    pub id: String,
    /// The site whose events it gets.
    pub site_id: String,
    /// The word for how they get there.
    pub channel_name: String,
    hears: Hears,
    access_cipher: String,
}

/// Which types of event a target gets.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Hears {
    /// What its channel hears unless somebody chooses.
    Default,
    /// These. A type of a newer version is not among them, and so is not forwarded.
    Only(Vec<EventType>),
    /// What is stored can't be read, so it gets nothing.
    Unreadable,
}

/// How something is forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// By e-mail.
    Email,
    /// By a signed HTTP request (Standard Webhooks 1.0).
    Webhook,
}

impl Channel {
    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Channel::Email => "email",
            Channel::Webhook => "webhook",
        }
    }

    /// Reads the name in the database.
    pub fn parse(name: &str) -> Option<Self> {
        [Channel::Email, Channel::Webhook].into_iter().find(|channel| channel.as_str() == name)
    }
}

/// Where a target is, and what signs for it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Access {
    /// An e-mail address or a URL.
    pub address: String,
    /// The secret that signs webhooks.
    pub secret: Option<String>,
}

impl Access {
    /// Decrypts the access of a target; none if it was made with another key.
    pub fn decrypt(keys: &Keys, target_id: &str, cipher: &str) -> Option<Self> {
        serde_json::from_slice(&keys.decrypt(&access_context(target_id), cipher)?).ok()
    }
}

// An address may be a secret itself.
impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Access(…)")
    }
}

impl Target {
    /// What teams hear of by mail unless they choose: new cases, and customers who say something again.
    pub const EMAIL_EVENTS: [EventType; 4] =
        [EventType::Created, EventType::Message, EventType::Reopened, EventType::Rated];

    /// Adds a team's address; gives the identifier of the target.
    pub async fn add_email(
        db: &Db,
        keys: &Keys,
        site: &Site,
        address: &str,
        events: &[EventType],
        stamp: &Stamp,
    ) -> anyhow::Result<String> {
        let address = EmailAddress::parse(address).map_err(|error| anyhow::anyhow!("{address} {error}"))?;
        let access = Access { address: address.into_string(), secret: None };
        NewTarget::new(site, Channel::Email, &access, keys, events)?.insert(db, site, stamp).await
    }

    /// Adds a webhook; gives its identifier and its secret, which is not shown again.
    pub async fn add_webhook(
        db: &Db,
        keys: &Keys,
        site: &Site,
        address: &str,
        events: &[EventType],
        stamp: &Stamp,
    ) -> anyhow::Result<(String, String)> {
        let url = url::Url::parse(address).with_context(|| format!("{address} is not a URL"))?;
        ensure!(
            matches!(url.scheme(), "http" | "https") && url.has_host(),
            "a webhook begins with http:// or https://"
        );
        ensure!(address.len() <= 2_000, "a webhook's URL has at most 2,000 characters");
        let secret = format!("whsec_{}", STANDARD.encode(random_bytes::<32>()));
        let access = Access { address: address.to_owned(), secret: Some(secret.clone()) };
        let id = NewTarget::new(site, Channel::Webhook, &access, keys, events)?.insert(db, site, stamp).await?;
        Ok((id, secret))
    }

    /// The targets of a site, or of all sites, that are not switched off. One that can't be used is among them, so that what it should hear is
    /// kept for it.
    pub async fn list(db: &Db, site: Option<&Site>) -> sqlx::Result<Vec<Target>> {
        let select = "select id, site_id, channel, events, access_cipher from targets \
            where disabled_at is null and (site_id = $1 or $1 = '') order by id";
        let site_id = site.map_or("", Site::id);
        let rows: Vec<TargetRow> = with_db!(db, pool => sqlx::query_as(select).bind(site_id).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(Target::from).collect())
    }

    /// The target with this identifier, unless it has been removed or disabled.
    pub async fn by_id(db: &Db, id: &str) -> sqlx::Result<Option<Target>> {
        let select =
            "select id, site_id, channel, events, access_cipher from targets where id = $1 and disabled_at is null";
        let row: Option<TargetRow> = with_db!(db, pool => sqlx::query_as(select).bind(id).fetch_optional(pool).await)?;
        Ok(row.map(Target::from))
    }

    /// Removes a target; its deliveries stay visible on their cases.
    pub async fn remove(db: &Db, id: &str, stamp: &Stamp) -> anyhow::Result<()> {
        let mut tx = db.begin().await?;
        let delete = "delete from targets where id = $1 returning channel";
        let channel: Option<String> =
            with_tx!(&mut tx, conn => sqlx::query_scalar(delete).bind(id).fetch_optional(conn).await)?;
        let channel =
            channel.with_context(|| format!("there is no target {id}; `sayso target list` shows the targets"))?;
        let before = json!({"channel": channel});
        let change = Change { action: "target.remove", object: format!("target/{id}"), before, after: Value::Null };
        audit::append(&mut tx, stamp, &change).await?;
        Ok(tx.commit().await?)
    }

    /// Stops forwarding to a target whose receiver said that it is gone.
    pub async fn disable(db: &Db, id: &str, stamp: &Stamp) -> sqlx::Result<()> {
        let mut tx = db.begin().await?;
        let update = "update targets set disabled_at = $1 where id = $2 and disabled_at is null";
        let rows = with_tx!(&mut tx, conn => sqlx::query(update).bind(stamp.at).bind(id).execute(conn).await.map(|done| done.rows_affected()))?;
        if rows == 1 {
            let change = Change {
                action: "target.disable",
                object: format!("target/{id}"),
                before: json!({"enabled": true}),
                after: json!({"enabled": false}),
            };
            audit::append(&mut tx, stamp, &change).await?;
        }
        tx.commit().await
    }

    /// How events get there; none for a channel that this version does not know.
    pub fn channel(&self) -> Option<Channel> {
        Channel::parse(&self.channel_name)
    }

    /// Whether the target gets events of this type, where nothing more is to be known of them.
    pub fn wants(&self, event: EventType) -> bool {
        match &self.hears {
            Hears::Only(events) => events.contains(&event),
            Hears::Unreadable => false,
            Hears::Default if self.channel() == Some(Channel::Email) => Self::EMAIL_EVENTS.contains(&event),
            Hears::Default => true,
        }
    }

    /// Whether somebody chose what it gets.
    pub fn is_chosen(&self) -> bool {
        self.hears != Hears::Default
    }

    /// Whether what it gets can be read.
    pub fn is_readable(&self) -> bool {
        self.hears != Hears::Unreadable
    }

    /// The types of event that somebody chose for it.
    pub fn chosen_events(&self) -> &[EventType] {
        match &self.hears {
            Hears::Default | Hears::Unreadable => &[],
            Hears::Only(events) => events,
        }
    }

    /// Where it is and its secret; none if they can't be decrypted with the keys at hand.
    pub fn access(&self, keys: &Keys) -> Option<Access> {
        Access::decrypt(keys, &self.id, &self.access_cipher)
    }
}

/// Encrypts the access of targets that an older version stored in the clear, from the identifier `after` on; gives where the next batch begins.
pub async fn seal_batch(db: &Db, keys: &Keys, after: &str) -> anyhow::Result<Option<String>> {
    let select =
        "select id, address, secret_cipher from targets where access_cipher is null and id > $1 order by id limit $2";
    let rows: Vec<(String, String, Option<String>)> =
        with_db!(db, pool => sqlx::query_as(select).bind(after).bind(SEALED_AT_ONCE).fetch_all(pool).await)?;
    for (id, address, secret_cipher) in &rows {
        let decrypt = |cipher: &String| keys.decrypt_text(&format!("targets/{id}/secret"), cipher);
        let secret = secret_cipher.as_ref().map(decrypt);
        if secret == Some(None) {
            // It stays as it is, for the key that it was made with. `sayso doctor` names it.
            tracing::error!(target_id = id, "the secret of a target can't be decrypted with the keys at hand");
            continue;
        }
        let secret = secret.flatten();
        let cipher = seal(keys, id, &Access { address: address.clone(), secret })?;
        let update = "update targets set access_cipher = $1, address = '', secret_cipher = null where id = $2";
        with_write!(db, pool => sqlx::query(update).bind(&cipher).bind(id).execute(pool).await.map(|_| ()))?;
    }
    Ok(rows.into_iter().next_back().map(|(id, _, _)| id))
}

fn seal(keys: &Keys, id: &str, access: &Access) -> serde_json::Result<String> {
    Ok(keys.encrypt(&access_context(id), &serde_json::to_vec(access)?))
}

fn access_context(id: &str) -> String {
    format!("targets/{id}/access")
}

/// A target that is not stored yet.
struct NewTarget {
    id: String,
    site_id: String,
    channel: Channel,
    access_cipher: String,
    events: Vec<&'static str>,
}

impl NewTarget {
    fn new(site: &Site, channel: Channel, access: &Access, keys: &Keys, events: &[EventType]) -> anyhow::Result<Self> {
        let id = new_id();
        let access_cipher = seal(keys, &id, access)?;
        let events = events.iter().map(|event| event.as_str()).collect();
        Ok(Self { id, site_id: site.id().to_owned(), channel, access_cipher, events })
    }

    async fn insert(self, db: &Db, site: &Site, stamp: &Stamp) -> anyhow::Result<String> {
        let mut tx = db.begin().await?;
        let events = serde_json::to_string(&self.events)?;
        let insert = "insert into targets (id, site_id, channel, address, access_cipher, events, created_at) values ($1, $2, $3, '', $4, $5, $6)";
        with_tx!(&mut tx, conn => sqlx::query(insert).bind(&self.id).bind(&self.site_id).bind(self.channel.as_str())
            .bind(&self.access_cipher).bind(&events).bind(stamp.at).execute(conn).await.map(|_| ()))?;
        let after = json!({"site": site.key(), "channel": self.channel.as_str(), "events": self.events});
        let change = Change { action: "target.add", object: format!("target/{}", self.id), before: Value::Null, after };
        audit::append(&mut tx, stamp, &change).await?;
        tx.commit().await?;
        Ok(self.id)
    }
}

#[derive(sqlx::FromRow)]
struct TargetRow {
    id: String,
    site_id: String,
    channel: String,
    events: String,
    access_cipher: Option<String>,
}

impl From<TargetRow> for Target {
    fn from(row: TargetRow) -> Target {
        // A list that can't be read names nothing that could be forwarded; `sayso doctor` says so.
        let hears = match serde_json::from_str::<Vec<String>>(&row.events) {
            Ok(names) if names.is_empty() => Hears::Default,
            Ok(names) => Hears::Only(names.iter().filter_map(|name| EventType::parse(name)).collect()),
            Err(_) => Hears::Unreadable,
        };
        Target {
            id: row.id,
            site_id: row.site_id,
            channel_name: row.channel,
            hears,
            access_cipher: row.access_cipher.unwrap_or_default(),
        }
    }
}
