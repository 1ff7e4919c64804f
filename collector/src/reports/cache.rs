//! Reports of large installations, kept for half a minute: several people who look at the same page, and one who looks again, do not count a million
//! cases each time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::report::Report;
use crate::clock::{Millis, SECOND};
use crate::http::Result;

/// So long a report is shown as it was made.
const FRESH_FOR: Millis = 30 * SECOND;
/// Reports that are kept at most; the oldest go first.
const KEPT: usize = 64;
/// Installations with fewer older cases than this make each report anew: it takes no longer than looking for it.
pub(super) const LARGE: i64 = 100_000;

/// A report that is made, or was.
type Slot = Arc<OnceCell<Arc<Report>>>;

/// The reports that were made lately.
#[derive(Debug, Default)]
pub struct ReportCache(Mutex<HashMap<String, (Millis, Slot)>>);

impl ReportCache {
    /// The report that a key stands for, made by `make` unless there is one that is fresh. However many ask at the same time, it is made once.
    pub(super) async fn get(
        &self,
        key: String,
        now: Millis,
        make: impl Future<Output = Result<Report>>,
    ) -> Result<Arc<Report>> {
        let slot = self.slot(key, now);
        slot.get_or_try_init(async || make.await.map(Arc::new)).await.cloned()
    }

    fn slot(&self, key: String, now: Millis) -> Slot {
        // A panic while it is held leaves a map of whole entries.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (at, _)| (*at..*at + FRESH_FOR).contains(&now));
        if known.len() >= KEPT
            && let Some(oldest) = known.iter().min_by_key(|(_, (at, _))| *at).map(|(key, _)| key.clone())
        {
            known.remove(&oldest);
        }
        Arc::clone(&known.entry(key).or_insert_with(|| (now, Slot::default())).1)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::http::Error;
    use crate::reports::{By, Name};

    fn report(by: By) -> Report {
        Report {
            report: Name::Overview,
            from: None,
            to: None,
            by,
            unit: "cases",
            time_zone: "UTC".to_owned(),
            rows: Vec::new(),
            crosshair: None,
            version: None,
            versions: None,
            overall: None,
            before: None,
            left_out: Default::default(),
            new_topics: None,
            near_duplicates: None,
        }
    }

    #[tokio::test]
    async fn a_report_is_made_once_for_all_who_ask_and_again_when_it_is_old() {
        let (cache, made) = (ReportCache::default(), AtomicUsize::new(0));
        let get = async |by: By, now: Millis| {
            let make = async {
                made.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok(report(by))
            };
            cache.get(by.as_str().to_owned(), now, make).await.unwrap().by
        };
        assert_eq!(tokio::join!(get(By::All, 0), get(By::All, 1), get(By::Week, 2)), (By::All, By::All, By::Week));
        assert_eq!(made.load(Ordering::Relaxed), 2);
        get(By::All, FRESH_FOR).await;
        assert_eq!(made.load(Ordering::Relaxed), 3);
        for unit in 0..3 * KEPT {
            get(By::All, FRESH_FOR + FRESH_FOR * unit as Millis).await;
        }
        assert!(cache.0.lock().unwrap().len() <= KEPT);
    }

    #[tokio::test]
    async fn what_failed_is_made_again() {
        let cache = ReportCache::default();
        let failed = cache.get(String::new(), 0, async { Err(Error::NotFound("nothing")) }).await;
        assert!(failed.is_err());
        assert!(cache.get(String::new(), 0, async { Ok(report(By::All)) }).await.is_ok());
    }
}
