//! Targets: the places to which a site's events are forwarded.

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Site;
use crate::cases::EventType;
use crate::db::Db;
use crate::keys::{Keys, new_id, random_bytes};
use crate::{with_db, with_write};

/// A place to forward to.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its identifier.
    pub id: String,
    /// The site whose events it gets.
    pub site_id: String,
    /// How they get there.
    pub channel: Channel,
    /// An e-mail address or a URL.
    pub address: String,
    /// The types of event that it gets.
    pub events: Vec<EventType>,
    secret_cipher: Option<String>,
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

impl Target {
    /// What teams hear of by mail unless they choose: new cases, and customers who say something again.
    pub const EMAIL_EVENTS: [EventType; 4] =
        [EventType::Created, EventType::Message, EventType::Reopened, EventType::Rated];

    /// Adds a team's address.
    pub async fn add_email(
        db: &Db,
        site: &Site,
        address: &str,
        events: &[EventType],
        now: i64,
    ) -> anyhow::Result<String> {
        ensure!(sayso_shared::contact::is_email(address), "{address} is not an e-mail address");
        Self::insert(db, site, Channel::Email, address, None, events, now, &new_id()).await
    }

    /// Adds a webhook; gives its identifier and its secret, which is not shown again.
    pub async fn add_webhook(
        db: &Db,
        keys: &Keys,
        site: &Site,
        address: &str,
        events: &[EventType],
        now: i64,
    ) -> anyhow::Result<(String, String)> {
        let url = url::Url::parse(address).with_context(|| format!("{address} is not a URL"))?;
        ensure!(
            matches!(url.scheme(), "http" | "https") && url.has_host(),
            "a webhook begins with http:// or https://"
        );
        ensure!(address.len() <= 2_000, "a webhook's URL has at most 2,000 characters");
        let id = new_id();
        let secret = format!("whsec_{}", STANDARD.encode(random_bytes::<32>()));
        let cipher = keys.encrypt(&format!("targets/{id}/secret"), secret.as_bytes());
        Self::insert(db, site, Channel::Webhook, address, Some(cipher), events, now, &id).await?;
        Ok((id, secret))
    }

    /// All targets of a site, or of all sites.
    pub async fn list(db: &Db, site: Option<&Site>) -> anyhow::Result<Vec<Target>> {
        let select = "select id, site_id, channel, address, events, secret_cipher from targets \
            where disabled_at is null and (site_id = $1 or $1 = '') order by id";
        let site_id = site.map_or("", Site::id);
        let rows: Vec<TargetRow> = with_db!(db, pool => sqlx::query_as(select).bind(site_id).fetch_all(pool).await)?;
        rows.into_iter().map(Target::try_from).collect()
    }

    /// The target with this identifier, unless it has been removed or disabled.
    pub async fn by_id(db: &Db, id: &str) -> anyhow::Result<Option<Target>> {
        let select = "select id, site_id, channel, address, events, secret_cipher from targets where id = $1 and disabled_at is null";
        let row: Option<TargetRow> = with_db!(db, pool => sqlx::query_as(select).bind(id).fetch_optional(pool).await)?;
        row.map(Target::try_from).transpose()
    }

    /// Removes a target; its deliveries stay visible on their cases.
    pub async fn remove(db: &Db, id: &str) -> anyhow::Result<()> {
        let rows = with_write!(db, pool => sqlx::query("delete from targets where id = $1").bind(id).execute(pool).await.map(|d| d.rows_affected()))?;
        ensure!(rows == 1, "there is no target {id}; `sayso target list` shows the targets");
        Ok(())
    }

    /// Stops forwarding to a target whose receiver said that it is gone.
    pub async fn disable(db: &Db, id: &str, now: i64) -> anyhow::Result<()> {
        let update = "update targets set disabled_at = $1 where id = $2";
        with_write!(db, pool => sqlx::query(update).bind(now).bind(id).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Whether the target gets events of this type.
    pub fn wants(&self, event: EventType) -> bool {
        self.events.is_empty() || self.events.contains(&event)
    }

    /// The secret that signs its webhooks.
    pub fn secret(&self, keys: &Keys) -> Option<String> {
        keys.decrypt_text(&format!("targets/{}/secret", self.id), self.secret_cipher.as_deref()?)
    }

    #[expect(clippy::too_many_arguments, reason = "one for each column")]
    async fn insert(
        db: &Db,
        site: &Site,
        channel: Channel,
        address: &str,
        secret: Option<String>,
        events: &[EventType],
        now: i64,
        id: &str,
    ) -> anyhow::Result<String> {
        let names: Vec<&str> = events.iter().map(|event| event.as_str()).collect();
        let events = serde_json::to_string(&names)?;
        let insert = "insert into targets (id, site_id, channel, address, secret_cipher, events, created_at) values ($1, $2, $3, $4, $5, $6, $7)";
        with_write!(db, pool => sqlx::query(insert).bind(id).bind(site.id()).bind(channel.as_str()).bind(address)
            .bind(&secret).bind(&events).bind(now).execute(pool).await.map(|_| ()))?;
        Ok(id.to_owned())
    }
}

#[derive(sqlx::FromRow)]
struct TargetRow {
    id: String,
    site_id: String,
    channel: String,
    address: String,
    events: String,
    secret_cipher: Option<String>,
}

impl TryFrom<TargetRow> for Target {
    type Error = anyhow::Error;
    fn try_from(row: TargetRow) -> anyhow::Result<Target> {
        let Some(channel) = Channel::parse(&row.channel) else {
            bail!("target {} has the unknown channel {}", row.id, row.channel)
        };
        let names: Vec<String> = serde_json::from_str(&row.events)?;
        let events = names.iter().filter_map(|name| EventType::parse(name)).collect();
        Ok(Target {
            id: row.id,
            site_id: row.site_id,
            channel,
            address: row.address,
            events,
            secret_cipher: row.secret_cipher,
        })
    }
}
