//! One limit: so many a minute for each of those that it counts.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::clock::Clock;
use crate::http::Error;
use crate::http::refusals::{RefusalCount, takes_turn};

/// So many a minute for each key, and all of them at once if need be. A key is a hash, or an identifier, of 128 bits.
#[derive(Debug)]
pub struct Limiter {
    name: &'static str,
    most: u32,
    requests: RateLimiter<u128, DashMapStateStore<u128>, Clock, NoOpMiddleware<Duration>>,
    clock: Clock,
    swept_at: AtomicU64,
    refused: RefusalCount,
    /// Until when each of those that were refused is.
    refused_until: Mutex<HashMap<u128, Duration>>,
    /// What was let in since the other replicas were told last; none where they need not know.
    untold: Option<Mutex<HashMap<u128, u32>>>,
}

impl Limiter {
    /// A limit of this process alone.
    pub fn per_minute(name: &'static str, most: u32, clock: &Clock) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN));
        Self {
            name,
            most,
            requests: RateLimiter::dashmap_with_clock(quota, clock.clone()),
            clock: clock.clone(),
            swept_at: AtomicU64::new(0),
            refused: RefusalCount::default(),
            refused_until: Mutex::default(),
            untold: None,
        }
    }

    /// The same limit for all replicas together (see [`super::exchange`]).
    pub fn shared(self) -> Self {
        Self { untold: Some(Mutex::default()), ..self }
    }

    /// The word for it, in the log and in the database.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Counts one; refuses it when there were too many.
    pub fn check(&self, key: u128) -> Result<(), Error> {
        let now = self.clock.running();
        if takes_turn(&self.swept_at, now) {
            // A flood from many addresses must not fill the memory until the next housekeeping.
            self.forget_quiet();
        }
        match self.requests.check_key(&key) {
            Ok(()) => {
                if let Some(untold) = &self.untold {
                    let mut untold = untold.lock().unwrap_or_else(PoisonError::into_inner);
                    *untold.entry(key).or_default() += 1;
                }
                Ok(())
            }
            Err(not_until) => {
                self.note_refusal(now);
                let wait = not_until.wait_time_from(now);
                self.refused_until().insert(key, now + wait);
                Err(too_many(wait))
            }
        }
    }

    /// Refuses again what was refused before its time has come, and counts nothing: before anything is read.
    pub fn recheck(&self, key: u128) -> Result<(), Error> {
        let until = self.refused_until().get(&key).copied();
        let wait = until.and_then(|until| until.checked_sub(self.clock.running())).filter(|wait| !wait.is_zero());
        let Some(wait) = wait else { return Ok(()) };
        self.note_refusal(self.clock.running());
        Err(too_many(wait))
    }

    /// Counts what was let in elsewhere.
    pub fn count_of_others(&self, key: u128, hits: u32) {
        for _ in 0..hits.min(self.most) {
            if self.requests.check_key(&key).is_err() {
                return;
            }
        }
    }

    /// What was let in since this was asked last.
    pub fn take_untold(&self) -> Vec<(u128, u32)> {
        let untold = self
            .untold
            .as_ref()
            .map(|untold| std::mem::take(&mut *untold.lock().unwrap_or_else(PoisonError::into_inner)));
        untold.into_iter().flatten().collect()
    }

    /// Forgets clients that have been quiet.
    pub fn forget_quiet(&self) {
        self.requests.retain_recent();
        let now = self.clock.running();
        self.refused_until().retain(|_, until| *until > now);
    }

    fn refused_until(&self) -> MutexGuard<'_, HashMap<u128, Duration>> {
        self.refused_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_refusal(&self, now: Duration) {
        if let Some(refused) = self.refused.count(now) {
            tracing::info!(security = "limited", limit = self.name, refused, "requests were refused by a limit");
        }
    }
}

fn too_many(wait: Duration) -> Error {
    Error::TooMany { retry_after: wait.max(Duration::from_secs(1)).as_secs_f64().ceil() as u64 }
}

impl governor::clock::Clock for Clock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.running()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn retry_after(result: Result<(), Error>) -> Option<u64> {
        result.err().and_then(|error| error.retry_after())
    }

    proptest! {
        #[test]
        fn whoever_waits_as_told_gets_in(count in 1..200_u32, keys in 1..4_u128) {
            let clock = Clock::default();
            let limiter = Limiter::per_minute("test", count, &clock);
            for key in 0..keys {
                for _ in 0..count {
                    prop_assert!(limiter.check(key).is_ok());
                }
            }
            // Meanwhile time may have passed and let one more in; then the next one is refused.
            let wait = (0..count).find_map(|_| retry_after(limiter.check(0)));
            let wait = wait.expect("a full minute's worth at once is refused");
            prop_assert!((1..=60).contains(&wait));
            prop_assert_eq!(retry_after(limiter.recheck(0)), Some(wait));
            clock.advance(i64::try_from(wait).expect("a minute") * 1_000);
            prop_assert!(limiter.recheck(0).is_ok(), "it counts nothing");
            prop_assert!(limiter.check(0).is_ok());
        }
    }

    #[test]
    fn the_quiet_are_forgotten_without_housekeeping() {
        let clock = Clock::default();
        let limiter = Limiter::per_minute("test", 60, &clock);
        for key in 0..1_000 {
            limiter.check(key).expect("the first of each");
        }
        for _ in 0..60 {
            _ = limiter.check(0);
        }
        assert_eq!((limiter.requests.len(), limiter.refused_until().len()), (1_000, 1));
        clock.advance(120_000);
        limiter.check(0).expect("long after");
        assert_eq!((limiter.requests.len(), limiter.refused_until().len()), (1, 0));
    }

    #[test]
    fn what_others_let_in_is_counted_and_not_told_again() {
        let clock = Clock::default();
        let limiter = Limiter::per_minute("test", 4, &clock).shared();
        limiter.check(7).expect("the first");
        assert_eq!(limiter.take_untold(), [(7, 1)]);
        limiter.count_of_others(7, 3);
        assert!(limiter.check(7).is_err());
        assert_eq!(limiter.take_untold(), []);
        limiter.count_of_others(8, u32::MAX);
        assert!(limiter.check(8).is_err(), "more than the limit ends at the limit");
    }
}
