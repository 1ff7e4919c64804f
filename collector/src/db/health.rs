//! How the database is, for `sayso doctor`.

use super::Db;
use crate::clock::Millis;
use crate::{with_db, with_tx};

impl Db {
    /// Writes something and takes it back; an error says why that is not possible.
    pub async fn try_to_write(&self) -> sqlx::Result<()> {
        let mut tx = self.begin().await?;
        let insert = "insert into meta (name, value) values ('doctor', '') on conflict (name) do update set value = ''";
        with_tx!(&mut tx, conn => sqlx::query(insert).execute(conn).await.map(|_| ()))?;
        tx.rollback().await
    }

    /// Settings of the database that let it lose what it has confirmed, such as `fsync = off`.
    pub async fn weaknesses(&self) -> sqlx::Result<Vec<String>> {
        match self {
            Db::Sqlite(_) => {
                let select = "select journal_mode from pragma_journal_mode";
                let mode: String = with_db!(self, pool => sqlx::query_scalar(select).fetch_one(pool).await)?;
                Ok(if mode == "wal" { Vec::new() } else { vec![format!("journal_mode is {mode}")] })
            }
            Db::Postgres(pool) => {
                let select = "select name, setting from pg_settings \
                    where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off' order by name";
                let off: Vec<(String, String)> = sqlx::query_as(select).fetch_all(pool).await?;
                Ok(off.into_iter().map(|(name, setting)| format!("{name} is {setting}")).collect())
            }
        }
    }

    /// The time of the database's own machine, where it has one. The one place that asks for it, in order to compare.
    pub async fn server_time(&self) -> sqlx::Result<Option<Millis>> {
        match self {
            Db::Sqlite(_) => Ok(None),
            Db::Postgres(pool) => {
                let select = "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)";
                sqlx::query_scalar(select).fetch_one(pool).await.map(Some)
            }
        }
    }
}
