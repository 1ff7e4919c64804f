//! How often each public answer and problem was shown, and how often somebody said that it helped: by day and site, numbers alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::clock::{Clock, DAY, MINUTE, Millis};
use crate::db::Db;
use crate::sites::Site;
use crate::{with_db, with_tx};

/// What was counted is written so often.
const REST: Millis = MINUTE;
/// Of so many days counts are told.
pub const TOLD_DAYS: i64 = 90;

/// Where an answer is from, as the database has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// `[[answer]]`.
    Answer,
    /// `[[problem]]`.
    Problem,
}

/// How often something was shown, and helped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// How often it was among the answers to what somebody typed.
    pub shown: i64,
    /// How often somebody said that it helped.
    pub helped: i64,
}

/// Counts in memory, and adds that to what is stored about once a minute: of all replicas together.
#[derive(Debug)]
pub struct AnswerCounts {
    db: Db,
    clock: Clock,
    pending: Mutex<Pending>,
}

/// What was counted, by the identifier of the site, the day, where the answer is from and its key.
type ByAnswer = HashMap<(String, String, Source, String), Counted>;

#[derive(Debug, Default)]
struct Pending {
    by_answer: ByAnswer,
    written_at: Millis,
}

impl Source {
    const fn as_str(self) -> &'static str {
        match self {
            Source::Answer => "answer",
            Source::Problem => "problem",
        }
    }
}

impl AnswerCounts {
    /// Nothing was counted yet.
    pub fn new(db: &Db, clock: &Clock) -> Arc<Self> {
        Arc::new(Self { db: db.clone(), clock: clock.clone(), pending: Mutex::default() })
    }

    /// Counts what was shown.
    pub fn shown<'a>(self: &Arc<Self>, site: &Site, answers: impl Iterator<Item = (Source, &'a str)>) {
        self.count(site, answers, Counted { shown: 1, helped: 0 });
    }

    /// Counts that an answer has helped.
    pub fn helped(self: &Arc<Self>, site: &Site, source: Source, answer: &str) {
        self.count(site, std::iter::once((source, answer)), Counted { shown: 0, helped: 1 });
    }

    fn count<'a>(self: &Arc<Self>, site: &Site, answers: impl Iterator<Item = (Source, &'a str)>, more: Counted) {
        let now = self.clock.now();
        let day = date_of(now, site.zone());
        let mut pending = self.pending();
        for (source, answer) in answers {
            let key = (site.id().to_owned(), day.clone(), source, answer.to_owned());
            pending.by_answer.entry(key).or_default().add(more);
        }
        if now - pending.written_at < REST || pending.by_answer.is_empty() {
            return;
        }
        pending.written_at = now;
        drop(pending);
        let this = Arc::clone(self);
        tokio::spawn(async move { this.write().await });
    }

    /// Adds what was counted to what is stored. What can't be written now is written later.
    pub async fn write(&self) {
        let taken = std::mem::take(&mut self.pending().by_answer);
        if let Err(error) = self.add(&taken).await {
            tracing::warn!(%error, "what answers were shown could not be counted; it is counted later");
            let mut pending = self.pending();
            for (key, counted) in taken {
                pending.by_answer.entry(key).or_default().add(counted);
            }
        }
    }

    async fn add(&self, by_answer: &ByAnswer) -> sqlx::Result<()> {
        if by_answer.is_empty() {
            return Ok(());
        }
        // From the sites: one that was removed meanwhile must not hold up all others.
        let upsert = "insert into answer_counts (site_id, day, source, answer, shown, helped) \
            select id, cast($2 as text), cast($3 as text), cast($4 as text), cast($5 as bigint), cast($6 as bigint) from sites where id = $1 \
            on conflict (site_id, day, source, answer) \
            do update set shown = answer_counts.shown + excluded.shown, helped = answer_counts.helped + excluded.helped";
        let mut tx = self.db.begin().await?;
        // In one order, so that two collectors wait for each other and never both.
        let sorted: BTreeMap<_, _> = by_answer.iter().collect();
        for ((site_id, day, source, answer), counted) in sorted {
            with_tx!(&mut tx, conn => sqlx::query(upsert).bind(site_id).bind(day).bind(source.as_str()).bind(answer)
                .bind(counted.shown).bind(counted.helped).execute(conn).await.map(|_| ()))?;
        }
        tx.commit().await
    }

    /// What was counted in the last days, of all sites, by the key of the answer or problem.
    pub async fn told(&self, source: Source) -> sqlx::Result<BTreeMap<String, Counted>> {
        // What is still in memory here is in it as well.
        self.write().await;
        let select = "select answer, cast(sum(shown) as bigint), cast(sum(helped) as bigint) from answer_counts \
            where source = $1 and day > $2 group by answer";
        let since = date_of(self.clock.now() - TOLD_DAYS * DAY, TimeZone::UTC);
        let rows: Vec<(String, i64, i64)> = with_db!(&self.db, pool => sqlx::query_as(select).bind(source.as_str()).bind(&since).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(|(answer, shown, helped)| (answer, Counted { shown, helped })).collect())
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As it is stored, such as 2026-11-29.
fn date_of(at: Millis, zone: TimeZone) -> String {
    Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(zone).date().to_string()
}

impl Counted {
    fn add(&mut self, more: Self) {
        self.shown += more.shown;
        self.helped += more.helped;
    }
}
