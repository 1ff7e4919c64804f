//! Upgrades of the stored data that need more than SQL, such as the keys. Each works in small batches, notes how far it has come, and goes on from
//! there after a crash.

use anyhow::Context as _;

use crate::audit::Stamp;
use crate::cases;
use crate::clock::{Clock, Millis};
use crate::customers;
use crate::db::Db;
use crate::db::search;
use crate::keys::Keys;
use crate::service;
use crate::sites::targets;
use crate::surveys::respondent_hashes;
use crate::{with_db, with_write};

/// An upgrade. One that is done stays in the list, since an old backup may need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// Encrypts addresses and secrets of targets together.
    SealTargets,
    /// Finds or makes the customers of all cases.
    Customers,
    /// Keeps by what the names of all customers are found, any part of those of scripts without spaces among it.
    CustomerNames,
    /// Keeps by what the customers of cases in quarantine would be recognised.
    QuarantineHandles,
    /// Stores imported answers to surveys under hashes of whom the files named.
    SurveyRespondents,
    /// Indexes all cases anew, in the format of this version; also by what their customers are found.
    SearchIndex,
    /// Takes members, sites and targets that were removed out of what of the service names them.
    ServiceNames,
}

/// When an upgrade has to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before anything is served; nothing else reads what was there before.
    BeforeServing,
    /// While the collector serves, by one of them.
    WhileServing,
}

/// How far an upgrade has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The upgrade.
    pub upgrade: Upgrade,
    /// When it was completed; none while it is not.
    pub done_at: Option<Millis>,
    cursor: String,
}

/// What upgrades work with.
#[derive(Clone, Copy, Debug)]
pub struct Tools<'a> {
    /// The database, with all migrations.
    pub db: &'a Db,
    /// The master key.
    pub keys: &'a Keys,
    /// Time.
    pub clock: &'a Clock,
}

impl Upgrade {
    /// All of them, in their order.
    pub const ALL: [Self; 7] = [
        Self::SealTargets,
        Self::Customers,
        Self::CustomerNames,
        Self::SearchIndex,
        Self::SurveyRespondents,
        Self::ServiceNames,
        Self::QuarantineHandles,
    ];

    /// The name in the database and on the command line. The index has a name for each of its formats, so a new one is a new upgrade.
    pub fn name(self) -> String {
        match self {
            Self::SealTargets => "seal-targets".to_owned(),
            Self::SearchIndex => format!("search-index-{}", search::FORMAT),
            Self::Customers => "customers".to_owned(),
            Self::CustomerNames => "customer-names".to_owned(),
            Self::QuarantineHandles => "quarantine-handles".to_owned(),
            Self::ServiceNames => "service-names".to_owned(),
            Self::SurveyRespondents => "survey-respondents".to_owned(),
        }
    }

    /// When it has to be done.
    pub const fn moment(self) -> Moment {
        match self {
            Self::SealTargets | Self::SurveyRespondents => Moment::BeforeServing,
            Self::SearchIndex
            | Self::Customers
            | Self::CustomerNames
            | Self::QuarantineHandles
            | Self::ServiceNames => Moment::WhileServing,
        }
    }

    /// Does one batch from `cursor` on, which is empty at the beginning; gives where the next one begins, or none when all is done.
    async fn step(self, tools: Tools<'_>, cursor: &str) -> anyhow::Result<Option<String>> {
        Ok(match self {
            Self::SealTargets => targets::seal_batch(tools.db, tools.keys, cursor).await?,
            Self::SearchIndex => cases::search::reindex_batch(tools.db, cursor).await?,
            Self::Customers => customers::backfill::batch(tools.db, tools.keys, tools.clock.now(), cursor).await?,
            Self::CustomerNames => customers::backfill::names_batch(tools.db, tools.keys, cursor).await?,
            Self::QuarantineHandles => customers::quarantined::batch(tools.db, tools.keys, cursor).await?,
            Self::ServiceNames => {
                service::removal::mend_names(tools.db, &Stamp::system(tools.clock.now())).await?;
                None
            }
            Self::SurveyRespondents => respondent_hashes::hash_batch(tools.db, tools.keys, cursor).await?,
        })
    }
}

/// How far all upgrades have come.
pub async fn progress(db: &Db) -> sqlx::Result<Vec<Progress>> {
    let select = "select name, cursor, done_at from upgrades";
    let rows: Vec<(String, String, Option<Millis>)> =
        with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)?;
    let progress = |upgrade: Upgrade| {
        let row = rows.iter().find(|(name, _, _)| *name == upgrade.name());
        let (cursor, done_at) = row.map_or((String::new(), None), |(_, cursor, done)| (cursor.clone(), *done));
        Progress { upgrade, done_at, cursor }
    };
    Ok(Upgrade::ALL.into_iter().map(progress).collect())
}

/// Does what is left of the upgrades of a moment. `rest` is waited for after each batch.
pub async fn complete<R>(tools: Tools<'_>, moment: Moment, mut rest: impl FnMut(Upgrade) -> R) -> anyhow::Result<()>
where
    R: Future<Output = ()>,
{
    let left = progress(tools.db).await?.into_iter().filter(|progress| progress.done_at.is_none());
    for Progress { upgrade, mut cursor, .. } in left.filter(|progress| progress.upgrade.moment() == moment) {
        let name = upgrade.name();
        loop {
            let next = upgrade.step(tools, &cursor).await;
            match next
                .with_context(|| format!("the upgrade {name} of the data failed; it goes on from where it was"))?
            {
                Some(next) => {
                    save(tools, &name, &next, None).await?;
                    cursor = next;
                    rest(upgrade).await;
                }
                None => break,
            }
        }
        // Where it was is no use any more, and may name somebody.
        save(tools, &name, "", Some(tools.clock.now())).await?;
        tracing::debug!(upgrade = name, "an upgrade of the data is done");
    }
    Ok(())
}

async fn save(tools: Tools<'_>, name: &str, cursor: &str, done_at: Option<Millis>) -> sqlx::Result<()> {
    let upsert = "insert into upgrades (name, cursor, updated_at, done_at) values ($1, $2, $3, $4) on conflict (name) do update \
        set cursor = excluded.cursor, updated_at = excluded.updated_at, done_at = excluded.done_at";
    with_write!(tools.db, pool => sqlx::query(upsert).bind(name).bind(cursor).bind(tools.clock.now()).bind(done_at)
        .execute(pool).await.map(|_| ()))
}
