//! Which promise holds for a case, and when it is due; kept in memory, so that intake does not ask the database for each submission.

use std::sync::{Arc, Mutex, PoisonError};

use sayso_shared::Kind;

use super::calendar::CalendarDefinition;
use super::objects::Promise;
use super::store;
use crate::calendars::{Calendar, Span};
use crate::cases::Priority;
use crate::clock::{Clock, Millis};
use crate::db::Db;

/// Commands change the service while the server runs; it must see that within a second.
const FRESH_FOR: Millis = 500;

/// All promises with their calendars, the most specific first, then in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Promises(Vec<(Promise, Calendar)>);

/// What a case has to be for a promise.
#[derive(Clone, Copy, Debug)]
pub struct Promised<'a> {
    /// The key of its site.
    pub site: &'a str,
    /// Its kind.
    pub kind: Kind,
    /// Its priority.
    pub priority: Priority,
    /// The customer's tier.
    pub tier: Option<&'a str>,
}

impl Promises {
    /// Those of a service. One whose calendar can't be read is left out.
    pub fn new(promises: &[Promise], calendars: &[CalendarDefinition]) -> Self {
        let calendar = |promise: &Promise| match &promise.calendar {
            None => Some(Calendar::always_open()),
            Some(key) => calendars.iter().find(|calendar| calendar.key == *key)?.calendar().ok(),
        };
        let mut all: Vec<_> =
            promises.iter().filter_map(|promise| Some((promise.clone(), calendar(promise)?))).collect();
        all.sort_by_key(|(promise, _)| std::cmp::Reverse(promise.specificity()));
        Self(all)
    }

    /// The promise that holds: the most specific one, then the first.
    pub fn of(&self, case: Promised<'_>) -> Option<&Promise> {
        self.found(case).map(|(promise, _)| promise)
    }

    /// When the first response to a case is due that was received at `received_at`; a site for which nothing is set up promises its
    /// `first_response_hours`, in time that is always open, and nothing if these are 0.
    pub fn first_response_due(&self, case: Promised<'_>, hours: u32, received_at: Millis) -> Option<Millis> {
        match self.found(case) {
            Some((promise, calendar)) => calendar.due(received_at, promise.first_response?),
            None if hours == 0 => None,
            None => Calendar::always_open().due(received_at, Span::OpenMinutes(hours * 60)),
        }
    }

    fn found(&self, case: Promised<'_>) -> Option<&(Promise, Calendar)> {
        self.0.iter().find(|(promise, _)| promise.fits(case.site, case.kind, case.priority, case.tier))
    }
}

/// The promises as of less than a second ago.
#[derive(Debug)]
pub struct PromiseCache {
    db: Db,
    clock: Clock,
    /// When they were read last; none until they were read for the first time.
    loaded: Mutex<Option<(Millis, Arc<Promises>)>>,
    /// Held by the one that reads them for all.
    reading: tokio::sync::Mutex<()>,
}

impl PromiseCache {
    /// An empty cache that fills itself when it is asked.
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, loaded: Mutex::default(), reading: tokio::sync::Mutex::default() }
    }

    /// The promises. While the database is away they are those that are known.
    pub async fn current(&self) -> sqlx::Result<Arc<Promises>> {
        let known = self.known();
        if let Some((_, promises)) = known.as_ref().filter(|(at, _)| self.is_fresh(*at)) {
            return Ok(Arc::clone(promises));
        }
        let _reading = match (self.reading.try_lock(), known) {
            (Ok(reading), _) => reading,
            // Another one is reading them; what is known is a little older than it should be.
            (Err(_), Some((_, promises))) => return Ok(promises),
            (Err(_), None) => self.reading.lock().await,
        };
        if let Some((_, promises)) = self.known().filter(|(at, _)| self.is_fresh(*at)) {
            return Ok(promises);
        }
        let began = self.clock.now();
        let promises = match (load(&self.db).await, self.known()) {
            (Ok(promises), _) => Arc::new(promises),
            (Err(error), Some((_, promises))) => {
                tracing::warn!(%error, "the promises can't be read; going on with those that are known");
                promises
            }
            (Err(error), None) => return Err(error),
        };
        *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) = Some((began, Arc::clone(&promises)));
        Ok(promises)
    }

    fn known(&self) -> Option<(Millis, Arc<Promises>)> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_fresh(&self, at: Millis) -> bool {
        (at..at + FRESH_FOR).contains(&self.clock.now())
    }
}

async fn load(db: &Db) -> sqlx::Result<Promises> {
    let (promises, calendars) = store::promises_and_calendars(db).await?;
    Ok(Promises::new(&promises, &calendars))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::HOUR;
    use crate::service::file::ServiceFile;
    use crate::service::read::read;

    fn promises(text: &str) -> Promises {
        let file = read(text, &ServiceFile::default()).expect("a service");
        Promises::new(&file.promises, &file.calendars)
    }

    fn case(kind: Kind, priority: Priority) -> Promised<'static> {
        Promised { site: "acme", kind, priority, tier: None }
    }

    #[test]
    fn the_most_specific_promise_wins_then_the_first() {
        let promises = promises(
            "[[promise]]\nfirst_response = '9h'\n[[promise]]\nkind = 'complaint'\nfirst_response = '4h'\n\
             [[promise]]\npriority = 'urgent'\nfirst_response = '1h'\n\
             [[promise]]\nkind = 'praise'\npriority = 'urgent'\nresolution = '1h'\n",
        );
        let due = |kind, priority| promises.first_response_due(case(kind, priority), 24, 0).map(|due| due / HOUR);
        assert_eq!(due(Kind::Question, Priority::Normal), Some(9));
        assert_eq!(due(Kind::Complaint, Priority::Normal), Some(4));
        assert_eq!(due(Kind::Complaint, Priority::Urgent), Some(4), "the first of two that are as specific");
        assert_eq!(due(Kind::Question, Priority::Urgent), Some(1));
        assert_eq!(due(Kind::Praise, Priority::Urgent), None, "it promises no first response");
        assert!(promises.of(case(Kind::Praise, Priority::Urgent)).is_some_and(|promise| promise.resolution.is_some()));
    }

    #[test]
    fn a_site_without_promises_has_its_hours() {
        let none = Promises::default();
        assert_eq!(none.first_response_due(case(Kind::Question, Priority::Normal), 24, 0), Some(24 * HOUR));
        assert_eq!(none.first_response_due(case(Kind::Question, Priority::Normal), 0, 0), None);
    }
}
