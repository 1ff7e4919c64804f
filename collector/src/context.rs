//! What the commands of every slice work with.

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::keys::Keys;
use crate::sites::served;
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
    /// How the public address of the settings is known.
    pub address: PublicAddress,
}

/// How the public address is known to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicAddress {
    /// By the settings.
    Said,
    /// By the server, which was started with it last.
    Served,
    /// Not at all: a server with these settings would listen there, and none has.
    Guessed,
}

impl Context {
    /// Opens the database, brings it up to date, reads the keys and does what upgrades have to be done first.
    pub async fn open(mut config: Config) -> anyhow::Result<Self> {
        let db = Db::connect(&config.data, config.database_url.reveal()).await?;
        db.migrate().await?;
        let keys = Keys::load(&db, &config.data).await?;
        let clock = Clock::default();
        let tools = Tools { db: &db, keys: &keys, clock: &clock };
        upgrades::complete(tools, Moment::BeforeServing, |_| std::future::ready(())).await?;
        let mut address = PublicAddress::Said;
        if config.guesses_public_url() {
            address = match served::last(&db).await? {
                Some(url) => {
                    config.public_url = url;
                    PublicAddress::Served
                }
                None => PublicAddress::Guessed,
            };
        }
        Ok(Self { config, db, keys, clock, address })
    }
}
