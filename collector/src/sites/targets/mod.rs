//! Targets: the places to which a site's events are forwarded.

pub mod access;
mod change;
mod settings;
mod success;

use crate::cases::EventType;
use crate::clock::Millis;
use crate::db::Db;
use crate::keys::Keys;
use crate::with_db;

use super::Site;

pub use access::{Access, seal_batch};
pub use change::{NewTarget, check_room, check_url, new_webhook_secret};
pub use settings::{Channel, ChatId, Method, Part, Payload, Settings};
pub use success::SuccessRule;

/// A place to forward to. Where it is and its secret are encrypted; [`Target::access`] decrypts them.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its identifier, which is the destination of its deliveries.
    pub id: String,
    /// What people call it; its identifier where nobody gave it a key.
    pub key: String,
    /// The site whose events it gets.
    pub site_id: String,
    /// The word for how they get there.
    pub channel_name: String,
    /// What is set of it.
    pub settings: Settings,
    /// Where its chat has moved to since.
    pub moved_to: Option<String>,
    /// Whether it gets anything at present.
    pub standing: Standing,
    /// Failures in a row.
    pub failures: i64,
    /// Since when there have been nothing but failures.
    pub failing_since: Option<Millis>,
    hears: Hears,
    access_cipher: String,
}

/// Whether a target gets anything at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    On,
    /// A person stopped it; what it should hear waits.
    Paused,
    /// Sayso stopped it, for this reason; what it should hear waits.
    Suspended(String),
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

impl Target {
    /// What teams hear of unless they choose: new cases, and customers who say something again.
    pub const TEAM_EVENTS: [EventType; 4] =
        [EventType::Created, EventType::Message, EventType::Reopened, EventType::Rated];

    /// The targets of a site, or of all sites, that are not switched off. One that can't be used is among them, so that what it should hear is
    /// kept for it.
    pub async fn list(db: &Db, site: Option<&Site>) -> sqlx::Result<Vec<Target>> {
        let targets = Self::all(db).await?;
        let is_wanted = |target: &Target| site.is_none_or(|site| site.id() == target.site_id);
        Ok(targets.into_iter().filter(|target| target.standing == Standing::On && is_wanted(target)).collect())
    }

    /// All targets, also those that are switched off.
    pub async fn all(db: &Db) -> sqlx::Result<Vec<Target>> {
        let rows: Vec<Row> = with_db!(db, pool => sqlx::query_as(SELECT).bind("").fetch_all(pool).await)?;
        Ok(rows.into_iter().map(Target::from).collect())
    }

    /// The target with this identifier, also one that is switched off.
    pub async fn by_id(db: &Db, id: &str) -> sqlx::Result<Option<Target>> {
        let row: Option<Row> = with_db!(db, pool => sqlx::query_as(SELECT).bind(id).fetch_optional(pool).await)?;
        Ok(row.map(Target::from))
    }

    /// The target with this key or identifier.
    pub async fn by_key(db: &Db, key: &str) -> sqlx::Result<Option<Target>> {
        Ok(Self::all(db).await?.into_iter().find(|target| target.key == key || target.id == key))
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
            // Of charts nobody hears who did not ask for it: what reads events of cases finds none there.
            Hears::Default if self.channel().is_some_and(Channel::is_for_programs) => event != EventType::Signal,
            Hears::Default => Self::TEAM_EVENTS.contains(&event),
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

    /// The types of event that somebody chose for it; none if nobody did.
    pub fn chosen_events(&self) -> Option<&[EventType]> {
        match &self.hears {
            Hears::Default | Hears::Unreadable => None,
            Hears::Only(events) => Some(events),
        }
    }

    /// Whether something of a case may leave for it.
    pub fn includes(&self, part: Part) -> bool {
        match (&self.settings.include, self.channel()) {
            (Some(chosen), _) => part.is_among(chosen),
            (None, Some(channel)) => part.is_among(channel.default_parts()),
            (None, None) => false,
        }
    }

    /// Where it is and its secret; none if they can't be decrypted with the keys at hand.
    pub fn access(&self, keys: &Keys) -> Option<Access> {
        Access::decrypt(keys, &self.id, &self.access_cipher)
    }
}

const SELECT: &str = "select id, coalesce(key, id) as key, site_id, channel, events, by_rule_only, settings, moved_to, access_cipher, \
    disabled_at, disabled_because, failures, failing_since from targets where id = $1 or $1 = '' order by id";

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    key: String,
    site_id: String,
    channel: String,
    events: String,
    by_rule_only: bool,
    settings: String,
    moved_to: Option<String>,
    access_cipher: Option<String>,
    disabled_at: Option<Millis>,
    disabled_because: Option<String>,
    failures: i64,
    failing_since: Option<Millis>,
}

impl From<Row> for Target {
    fn from(row: Row) -> Target {
        let settings: Option<Settings> = serde_json::from_str(&row.settings).ok();
        // A list that can't be read names nothing that could be forwarded; `sayso doctor` says so.
        let hears = match serde_json::from_str::<Vec<String>>(&row.events) {
            Ok(_) if settings.is_none() => Hears::Unreadable,
            Ok(_) if row.by_rule_only => Hears::Only(Vec::new()),
            Ok(names) if names.is_empty() => Hears::Default,
            Ok(names) => Hears::Only(names.iter().filter_map(|name| EventType::parse(name)).collect()),
            Err(_) => Hears::Unreadable,
        };
        let standing = match (row.disabled_at, row.disabled_because) {
            (None, _) => Standing::On,
            (Some(_), None) => Standing::Paused,
            (Some(_), Some(reason)) => Standing::Suspended(reason),
        };
        Target {
            id: row.id,
            key: row.key,
            site_id: row.site_id,
            channel_name: row.channel,
            settings: settings.unwrap_or_default(),
            moved_to: row.moved_to,
            standing,
            failures: row.failures,
            failing_since: row.failing_since,
            hears,
            access_cipher: row.access_cipher.unwrap_or_default(),
        }
    }
}
