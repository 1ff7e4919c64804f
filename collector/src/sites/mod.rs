//! Sites: websites, shops and hotlines that collect feedback.

pub mod api;
mod assign;
pub mod cache;
pub mod commands;
pub mod cors;
pub mod identity;
pub mod origin;
pub mod secrets;
pub mod settings;
pub mod snippet;
pub mod targets;
pub mod texts;

use sayso_shared::FeedbackRules;
use serde::{Deserialize, Serialize};

pub use cache::SiteCache;
pub use origin::Origin;
pub use settings::SiteSettings;

use crate::db::Db;
use crate::keys::new_id;
use crate::{with_db, with_write};

/// A site, as its owner set it up.
#[derive(Clone, Debug)]
pub struct Site {
    id: String,
    key: SiteKey,
    name: String,
    origins: Vec<Origin>,
    /// Everything that can be set.
    pub settings: SiteSettings,
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

    /// Where its pages are.
    pub fn origins(&self) -> &[Origin] {
        &self.origins
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
    pub async fn add(db: &Db, key: &SiteKey, name: &str, origins: &[Origin], now: i64) -> anyhow::Result<()> {
        check_name(name)?;
        let origins = serde_json::to_string(origins)?;
        let settings = serde_json::to_string(&SiteSettings::default())?;
        let insert = "insert into sites (id, key, name, origins, settings, created_at, updated_at) \
            values ($1, $2, $3, $4, $5, $6, $6) on conflict (key) do nothing";
        let rows = with_write!(db, pool => sqlx::query(insert).bind(new_id()).bind(key.as_str()).bind(name)
            .bind(&origins).bind(&settings).bind(now).execute(pool).await.map(|done| done.rows_affected()))?;
        anyhow::ensure!(rows == 1, "there is already a site {}", key.as_str());
        Ok(())
    }

    /// Every site, by key.
    pub async fn all(db: &Db) -> anyhow::Result<Vec<Site>> {
        let select = "select id, key, name, origins, settings from sites order by key";
        let rows: Vec<SiteRow> = with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)?;
        rows.into_iter().map(Site::try_from).collect()
    }

    /// The site with this key.
    pub async fn by_key(db: &Db, key: &str) -> anyhow::Result<Site> {
        let all = Self::all(db).await?;
        let found = all.into_iter().find(|site| site.key() == key);
        found.ok_or_else(|| anyhow::anyhow!("there is no site {key}; `sayso site list` shows the sites"))
    }

    /// Stores a changed name, origins and settings.
    pub async fn save(&self, db: &Db, now: i64) -> anyhow::Result<()> {
        check_name(&self.name)?;
        let origins = serde_json::to_string(&self.origins)?;
        let settings = serde_json::to_string(&self.settings)?;
        let update = "update sites set name = $1, origins = $2, settings = $3, updated_at = $4 where id = $5";
        with_write!(db, pool => sqlx::query(update).bind(&self.name).bind(&origins).bind(&settings).bind(now)
            .bind(&self.id).execute(pool).await.map(|_| ()))?;
        Ok(())
    }

    /// Removes a site that has no cases.
    pub async fn remove(&self, db: &Db) -> anyhow::Result<()> {
        let count = "select count(*) from cases where site_id = $1";
        let cases: i64 = with_db!(db, pool => sqlx::query_scalar(count).bind(&self.id).fetch_one(pool).await)?;
        anyhow::ensure!(
            cases == 0,
            "the site {} has {cases} cases, so it stays; take its origins away to close it",
            self.key()
        );
        let delete =
            "delete from sites where id = $1 and not exists (select 1 from cases where cases.site_id = sites.id)";
        let rows = with_write!(db, pool => sqlx::query(delete).bind(&self.id).execute(pool).await.map(|done| done.rows_affected()))?;
        anyhow::ensure!(rows == 1, "the site {} has just got a case, so it stays", self.key());
        Ok(())
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

impl TryFrom<SiteRow> for Site {
    type Error = anyhow::Error;
    fn try_from(row: SiteRow) -> anyhow::Result<Site> {
        Ok(Site {
            key: SiteKey::parse(&row.key)?,
            origins: serde_json::from_str(&row.origins)?,
            settings: serde_json::from_str(&row.settings)?,
            id: row.id,
            name: row.name,
        })
    }
}

fn check_name(name: &str) -> anyhow::Result<()> {
    let length = name.trim().chars().count();
    anyhow::ensure!(
        (1..=100).contains(&length) && !name.chars().any(char::is_control),
        "a name has 1 to 100 characters, on one line"
    );
    Ok(())
}
