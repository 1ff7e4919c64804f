//! Visits, where a site has them counted: how many browsers asked for the tag on a day. They are exposure of the kind `visits`, against which complaints can be
//! held. Nothing tells one visitor from another: only a number is kept, and a browser that has the tag asks again after five minutes at the earliest.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Site;
use crate::clock::{Clock, MINUTE, Millis};
use crate::db::Db;
use crate::with_tx;

/// The kind of exposure.
pub const KIND: &str = "visits";
/// What was counted is written so often.
const REST: Millis = MINUTE;

/// Counts visits, and adds them to what is stored about once a minute: of all replicas together.
#[derive(Debug)]
pub struct Visits {
    db: Db,
    clock: Clock,
    counted: Mutex<Counted>,
}

/// Visits by the identifier of the site and the day.
type ByDay = HashMap<(String, String), i64>;

#[derive(Debug, Default)]
struct Counted {
    by_day: ByDay,
    written_at: Millis,
}

impl Visits {
    /// Nothing was counted yet.
    pub fn new(db: &Db, clock: &Clock) -> Arc<Self> {
        Arc::new(Self { db: db.clone(), clock: clock.clone(), counted: Mutex::default() })
    }

    /// Counts a visit to a site, on the day that it is there.
    pub fn count(self: &Arc<Self>, site: &Site) {
        let now = self.clock.now();
        let day = jiff::Timestamp::from_millisecond(now).unwrap_or_default().to_zoned(site.zone()).date().to_string();
        let mut counted = self.counted();
        *counted.by_day.entry((site.id().to_owned(), day)).or_default() += 1;
        if now - counted.written_at < REST {
            return;
        }
        counted.written_at = now;
        drop(counted);
        let this = Arc::clone(self);
        tokio::spawn(async move { this.write().await });
    }

    /// Adds what was counted to what is stored. What can't be written now is written later.
    pub async fn write(&self) {
        let taken = std::mem::take(&mut self.counted().by_day);
        if let Err(error) = self.add(&taken).await {
            tracing::warn!(%error, "visits could not be counted; they are counted later");
            let mut counted = self.counted();
            for (day, number) in taken {
                *counted.by_day.entry(day).or_default() += number;
            }
        }
    }

    async fn add(&self, by_day: &ByDay) -> sqlx::Result<()> {
        if by_day.is_empty() {
            return Ok(());
        }
        let upsert = "insert into exposure (site_id, kind, day, number, updated_at) values ($1, $2, $3, $4, $5) on conflict (site_id, kind, day) \
            do update set number = exposure.number + excluded.number, updated_at = excluded.updated_at";
        let mut tx = self.db.begin().await?;
        for ((site_id, day), number) in by_day {
            with_tx!(&mut tx, conn => sqlx::query(upsert).bind(site_id).bind(KIND).bind(day).bind(number).bind(self.clock.now())
                .execute(conn).await.map(|_| ()))?;
        }
        tx.commit().await
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
