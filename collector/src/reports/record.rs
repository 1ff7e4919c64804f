//! The public service record of a site: how it did in the last twelve months, kept in memory for some minutes, since anybody may ask for it.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::Date;
use tokio::sync::Mutex;

use crate::clock::{MINUTE, Millis};
use crate::http::Result;

/// So long a record is shown as it is.
const FRESH_FOR: Millis = 10 * MINUTE;
/// Months of a record, this one among them.
const MONTHS: i32 = 12;

/// A month of a record. Shares are fractions; none of too few.
#[derive(Clone, Debug, PartialEq)]
pub struct Month {
    /// Its first day.
    pub start: Date,
    /// Cases that were received.
    pub received: u64,
    /// Promises of a first response that were kept or broken.
    pub promised: u64,
    /// The share of them that was kept.
    pub in_time: Option<f64>,
    /// Complaints that were closed with an outcome.
    pub decided: u64,
    /// The share of them that was upheld, also in part.
    pub upheld: Option<f64>,
    /// Ratings.
    pub rated: u64,
    /// The share of them that was 4 or 5.
    pub satisfied: Option<f64>,
}

/// A record, and when it was made.
type Made = (Millis, Arc<Vec<Month>>);

/// The records of sites.
#[derive(Debug, Default)]
pub struct RecordCache(Mutex<HashMap<String, Made>>);

impl RecordCache {
    /// The record of a site, made by `make` if there is none that is fresh. However many ask, it is made once.
    pub async fn get(
        &self,
        site_id: &str,
        now: Millis,
        make: impl Future<Output = Result<Vec<Month>>>,
    ) -> Result<Arc<Vec<Month>>> {
        let mut known = self.0.lock().await;
        if let Some((at, months)) = known.get(site_id)
            && (*at..*at + FRESH_FOR).contains(&now)
        {
            return Ok(Arc::clone(months));
        }
        let months = Arc::new(make.await?);
        known.insert(site_id.to_owned(), (now, Arc::clone(&months)));
        Ok(months)
    }
}

/// The first day of the first month of a record that is made on a day.
pub fn first_day(today: Date) -> Date {
    let this = today.first_of_month();
    this.checked_sub((MONTHS - 1).months()).unwrap_or(this)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_record_is_made_once_and_again_when_it_is_old() {
        let cache = RecordCache::default();
        let month = |received| Month {
            start: first_day(jiff::civil::date(2026, 11, 29)),
            received,
            promised: 0,
            in_time: None,
            decided: 0,
            upheld: None,
            rated: 0,
            satisfied: None,
        };
        assert_eq!(month(0).start, jiff::civil::date(2025, 12, 1));
        for (now, wanted) in [(0, 1), (FRESH_FOR - 1, 1), (FRESH_FOR, 3)] {
            let made = if now == 0 { 1 } else { 3 };
            let found = cache.get("acme", now, async { Ok(vec![month(made)]) }).await.unwrap();
            assert_eq!(found[0].received, wanted, "{now}");
        }
    }
}
