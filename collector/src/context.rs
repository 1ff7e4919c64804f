//! What the commands of every slice work with.

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::keys::Keys;
use crate::upgrades::{self, Moment, Tools};

/// What a command works with, beside a server that may be running.
#[derive(Debug)]
pub struct Context {
    /// The settings.
    pub config: Config,
    /// The database, up to date.
    pub db: Db,
    /// The master key.
    pub keys: Keys,
    /// Time.
    pub clock: Clock,
}

impl Context {
    /// Opens the database, brings it up to date, reads the keys and does what upgrades have to be done first.
    pub async fn open(config: Config) -> anyhow::Result<Self> {
        let db = Db::connect(&config.data, config.database_url.reveal()).await?;
        db.migrate().await?;
        let keys = Keys::load(&db, &config.data).await?;
        let clock = Clock::default();
        let tools = Tools { db: &db, keys: &keys, clock: &clock };
        upgrades::complete(tools, Moment::BeforeServing, |_| std::future::ready(())).await?;
        Ok(Self { config, db, keys, clock })
    }
}
