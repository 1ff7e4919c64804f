//! Sites: websites, shops and hotlines that collect feedback.

pub mod api;
mod assign;
pub mod cache;
pub mod colour;
pub mod commands;
pub mod cors;
pub mod country;
pub mod identity;
pub mod labels;
mod logo;
mod mail_address;
pub mod mail_texts;
pub mod origin;
mod quiet_hours;
pub mod secrets;
mod sender;
pub mod served;
pub mod settings;
pub mod sightings;
pub mod snippet;
mod stored;
pub mod targets;
pub mod texts;
pub mod value;
pub mod visits;

use jiff::tz::TimeZone;
use sayso_shared::FeedbackRules;
use sayso_shared::contact::one_line;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use assign::REQUIRABLE;
pub use cache::SiteCache;
pub use logo::{LOGO_MAX, Logo};
pub use mail_address::MailAddress;
pub use origin::Origin;
pub use quiet_hours::QuietHours;
pub use sender::Sender;
pub use settings::SiteSettings;
use stored::Unread;

use crate::audit::{self, Change, Stamp};
use crate::db::{Db, Tx};
use crate::keys::new_id;
use crate::{with_db, with_tx};

/// A site, as its owner set it up.
#[derive(Clone, Debug)]
pub struct Site {
    id: String,
    key: SiteKey,
    name: String,
    origins: Vec<Origin>,
    /// Everything that can be set.
    pub settings: SiteSettings,
    unread: Unread,
}

/// The public key of a site, which stands in the script tag: 1 to 64 of `a-z`, `0-9` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteKey(String);

impl SiteKey {
    /// Reads a key.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let holds = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-');
        anyhow::ensure!(holds, "a site's key is 1 to 64 of a-z, 0-9 and -, and does not begin with -");
        Ok(Self(text.to_owned()))
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SiteKey {
    type Error = anyhow::Error;
    fn try_from(text: String) -> anyhow::Result<Self> {
        Self::parse(&text)
    }
}

impl From<SiteKey> for String {
    fn from(key: SiteKey) -> String {
        key.0
    }
}

impl Site {
    /// The site's identifier.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public key.
    pub fn key(&self) -> &str {
        self.key.as_str()
    }

    /// The name that customers know.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The time zone that is set, else UTC. [`crate::service::Service::zone_of`] knows the calendar as well.
    pub fn zone(&self) -> TimeZone {
        self.settings.time_zone.as_ref().map_or(TimeZone::UTC, |zone| zone.zone().clone())
    }

    /// Where its pages are.
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// What of the stored settings could not be read, a sentence each.
    pub fn problems(&self) -> &[String] {
        self.unread.problems()
    }

    /// What the site asks of a feedback.
    pub fn rules(&self) -> FeedbackRules {
        FeedbackRules {
            kinds: self.settings.kinds.clone(),
            categories: self.settings.categories.iter().map(|c| (c.key.clone(), c.kind)).collect(),
            required: self.settings.required.clone(),
            consent_required: !self.settings.consent_text.is_empty(),
        }
    }

    /// Adds a site with the default settings.
    pub async fn add(db: &Db, key: &SiteKey, name: &str, origins: &[Origin], stamp: &Stamp) -> anyhow::Result<()> {
        let mut tx = db.begin().await?;
        Self::add_in(&mut tx, key, name, origins, &SiteSettings::default(), stamp).await?;
        Ok(tx.commit().await?)
    }

    /// Adds a site in an open transaction.
    pub async fn add_in(
        tx: &mut Tx,
        key: &SiteKey,
        name: &str,
        origins: &[Origin],
        settings: &SiteSettings,
        stamp: &Stamp,
    ) -> anyhow::Result<()> {
        let name = read_name(name)?;
        let after = json!({"name": name, "origins": origins});
        let origins = serde_json::to_string(origins)?;
        let settings = serde_json::to_string(settings)?;
        let insert = "insert into sites (id, key, name, origins, settings, created_at, updated_at) \
            values ($1, $2, $3, $4, $5, $6, $6) on conflict (key) do nothing";
        let rows = with_tx!(&mut *tx, conn => sqlx::query(insert).bind(new_id()).bind(key.as_str()).bind(&name)
            .bind(&origins).bind(&settings).bind(stamp.at).execute(conn).await.map(|done| done.rows_affected()))?;
        anyhow::ensure!(rows == 1, "there is already a site {}", key.as_str());
        let change =
            Change { action: "site.add", object: format!("site/{}", key.as_str()), before: Value::Null, after };
        Ok(audit::append(tx, stamp, &change).await?)
    }

    /// Every site, by key.
    pub async fn all(db: &Db) -> anyhow::Result<Vec<Site>> {
        let select = "select id, key, name, origins, settings from sites order by key";
        let rows: Vec<SiteRow> = with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)?;
        let read = |row: SiteRow| {
            let key = row.key.clone();
            // One row that can't be read must not take the others down.
            Site::try_from(row).inspect_err(|error| tracing::error!(site = key, %error, "a site can't be read")).ok()
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// The site with this key.
    pub async fn by_key(db: &Db, key: &str) -> anyhow::Result<Site> {
        let all = Self::all(db).await?;
        let found = all.into_iter().find(|site| site.key() == key);
        found.ok_or_else(|| anyhow::anyhow!("there is no site {key}; `sayso site list` shows the sites"))
    }

    /// The site with this key; without a key, the only one there is.
    pub async fn by_key_or_only(db: &Db, key: Option<&str>) -> anyhow::Result<Site> {
        let mut all = Self::all(db).await?;
        match (key, all.len()) {
            (Some(key), _) => Self::by_key(db, key).await,
            (None, 1) => Ok(all.remove(0)),
            (None, 0) => anyhow::bail!("there is no site yet; `sayso site add` makes one"),
            (None, _) => anyhow::bail!("say which site it is of, with --site KEY; `sayso site list` shows the sites"),
        }
    }

    /// Stores a changed name, origins and settings.
    pub async fn save(&self, db: &Db, stamp: &Stamp) -> anyhow::Result<()> {
        let mut tx = db.begin().await?;
        self.save_in(&mut tx, stamp).await?;
        Ok(tx.commit().await?)
    }

    /// The same in an open transaction.
    pub async fn save_in(&self, tx: &mut Tx, stamp: &Stamp) -> anyhow::Result<()> {
        let name = read_name(&self.name)?;
        let origins = self.unread.write_origins(&self.origins)?;
        let settings = self.unread.write(&self.settings)?;
        // The update locks the row, so that what was there before is what this replaces.
        let lock = "update sites set updated_at = $1 where id = $2 returning id, key, name, origins, settings";
        let before: SiteRow =
            with_tx!(&mut *tx, conn => sqlx::query_as(lock).bind(stamp.at).bind(&self.id).fetch_one(conn).await)?;
        let update = "update sites set name = $1, origins = $2, settings = $3, updated_at = $4 where id = $5";
        with_tx!(&mut *tx, conn => sqlx::query(update).bind(&name).bind(&origins).bind(&settings).bind(stamp.at)
            .bind(&self.id).execute(conn).await.map(|_| ()))?;
        let (before, after) = different(&before.described(), &described(&name, &origins, &settings));
        let change = Change { action: "site.set", object: format!("site/{}", self.key()), before, after };
        Ok(audit::append(tx, stamp, &change).await?)
    }

    /// The same site with another name and other origins.
    pub fn renamed(self, name: String, origins: Vec<Origin>) -> Self {
        Self { name, origins, ..self }
    }

    /// Removes a site that has no cases, in an open transaction. What of the service is the site's is for `service::removal`, which calls this.
    pub async fn remove_in(&self, tx: &mut Tx, stamp: &Stamp) -> anyhow::Result<()> {
        let count = "select count(*) from cases where site_id = $1";
        let cases: i64 = with_tx!(&mut *tx, conn => sqlx::query_scalar(count).bind(&self.id).fetch_one(conn).await)?;
        anyhow::ensure!(
            cases == 0,
            "the site {} has {cases} cases, so it stays; take its origins away to close it",
            self.key()
        );
        let delete =
            "delete from sites where id = $1 and not exists (select 1 from cases where cases.site_id = sites.id)";
        let rows = with_tx!(&mut *tx, conn => sqlx::query(delete).bind(&self.id).execute(conn).await.map(|done| done.rows_affected()))?;
        anyhow::ensure!(rows == 1, "the site {} has just got a case, so it stays", self.key());
        let before = json!({"name": self.name, "origins": self.origins});
        let change =
            Change { action: "site.remove", object: format!("site/{}", self.key()), before, after: Value::Null };
        Ok(audit::append(tx, stamp, &change).await?)
    }
}

#[derive(sqlx::FromRow)]
struct SiteRow {
    id: String,
    key: String,
    name: String,
    origins: String,
    settings: String,
}

impl SiteRow {
    fn described(&self) -> Value {
        described(&self.name, &self.origins, &self.settings)
    }
}

/// A site's name, origins and settings as one JSON object.
fn described(name: &str, origins: &str, settings: &str) -> Value {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let mut all = match read(settings) {
        Value::Object(settings) => settings,
        _ => serde_json::Map::new(),
    };
    all.insert("name".to_owned(), name.into());
    all.insert("origins".to_owned(), read(origins));
    Value::Object(all)
}

/// What differs between two JSON objects, as it was and as it is.
fn different(before: &Value, after: &Value) -> (Value, Value) {
    let only = |these: &Value, others: &Value| {
        let these = these.as_object().into_iter().flatten();
        these
            .filter(|(name, value)| others.get(*name) != Some(*value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    (Value::Object(only(before, after)), Value::Object(only(after, before)))
}

impl TryFrom<SiteRow> for Site {
    type Error = anyhow::Error;
    fn try_from(row: SiteRow) -> anyhow::Result<Site> {
        let (settings, mut unread) = Unread::read(&row.settings);
        Ok(Site {
            key: SiteKey::parse(&row.key)?,
            origins: unread.read_origins(&row.origins),
            settings,
            unread,
            id: row.id,
            name: row.name,
        })
    }
}

fn read_name(name: &str) -> anyhow::Result<String> {
    let name = one_line(name).map_err(|error| anyhow::anyhow!("a name {error}"))?;
    anyhow::ensure!((1..=100).contains(&name.chars().count()), "a name has 1 to 100 characters");
    Ok(name)
}
