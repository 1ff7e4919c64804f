//! What several replicas count together. Each adds what it has let in to the counts in the database and reads them back, about once a
//! second: so a request is never kept waiting by the database, and a limit is overrun by what a second brings at most.

use std::collections::HashMap;
use std::sync::PoisonError;

use super::Limits;
use super::known::Count;
use crate::clock::{MINUTE, Millis};
use crate::db::Db;
use crate::{with_db, with_tx, with_write};

/// Counts that are told and read at once, the largest first: those who come only now and then need not be known everywhere.
const TOLD_MOST: usize = 256;
const READ_MOST: i64 = 2_048;

impl Limits {
    /// Tells the other replicas what was let in here since the last time, and counts what they have let in.
    pub async fn exchange(&self, db: &Db, now: Millis) -> sqlx::Result<()> {
        let minute = now.div_euclid(MINUTE);
        let own = self.untold(minute);
        self.tell(db, &own).await?;
        let select =
            "select name, client, minute, hits from limit_counts where minute >= $1 order by hits desc limit $2";
        let rows: Vec<(String, String, i64, i64)> =
            with_db!(db, pool => sqlx::query_as(select).bind(minute - 1).bind(READ_MOST).fetch_all(pool).await)?;
        if self.learn(rows, &own, minute) {
            let delete = "delete from limit_counts where minute < $1";
            with_write!(db, pool => sqlx::query(delete).bind(minute - 1).execute(pool).await.map(|_| ()))?;
        }
        Ok(())
    }

    fn untold(&self, minute: i64) -> HashMap<Count, i64> {
        let mut all: Vec<(Count, i64)> = Vec::new();
        for limiter in self.limiters() {
            let count = |(key, hits): (u128, u32)| ((limiter.name().to_owned(), hexadecimal(key), minute), hits.into());
            all.extend(limiter.take_untold().into_iter().map(count));
        }
        all.sort_by_key(|(_, hits)| std::cmp::Reverse(*hits));
        all.truncate(TOLD_MOST);
        all.into_iter().collect()
    }

    /// In one order for all replicas, so that none waits for a row of another that waits for one of its own.
    async fn tell(&self, db: &Db, own: &HashMap<Count, i64>) -> sqlx::Result<()> {
        if own.is_empty() {
            return Ok(());
        }
        let mut counts: Vec<_> = own.iter().collect();
        counts.sort();
        let upsert = "insert into limit_counts (name, client, minute, hits) values ($1, $2, $3, $4) \
            on conflict (name, client, minute) do update set hits = limit_counts.hits + excluded.hits";
        let mut tx = db.begin().await?;
        for ((name, client, minute), hits) in counts {
            with_tx!(&mut tx, conn => sqlx::query(upsert).bind(name).bind(client).bind(minute).bind(hits).execute(conn).await.map(|_| ()))?;
        }
        tx.commit().await
    }

    /// Counts what is new and not our own; says whether a new minute has begun.
    fn learn(&self, rows: Vec<(String, String, i64, i64)>, own: &HashMap<Count, i64>, minute: i64) -> bool {
        let mut slot = self.exchange.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Who has just started learns of this minute only; of the one before it can't tell what is still owed.
        let is_first = slot.is_none();
        let known = slot.get_or_insert_default();
        for (name, client, row_minute, hits) in rows {
            let count = (name, client, row_minute);
            let expected =
                known.get(&count).copied().unwrap_or_default() + own.get(&count).copied().unwrap_or_default();
            let others = u32::try_from(hits - expected).unwrap_or_default();
            let limiter = self.limiters().find(|limiter| limiter.name() == count.0);
            if let (Some(limiter), Ok(key), false) =
                (limiter, u128::from_str_radix(&count.1, 16), is_first && row_minute < minute)
            {
                limiter.count_of_others(key, others);
            }
            known.insert(count, hits);
        }
        let before = known.len();
        known.retain(|(_, _, row_minute), _| *row_minute >= minute - 1);
        is_first || known.len() < before
    }
}

fn hexadecimal(key: u128) -> String {
    format!("{key:032x}")
}
