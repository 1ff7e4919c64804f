//! How busy the writer of submissions is, and how long what can wait rests for its sake.
//!
//! Customers wait for the writer; nobody waits for jobs, the workers or an import to the millisecond. All of them share the
//! processors and, on SQLite, the one connection that writes. So whatever works in the background rests after each step, the longer the busier
//! the writer is, and never so long that it stands still.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The time over which the past is forgotten.
const MEMORY: Duration = Duration::from_millis(300);
/// How many times as long as its work a step in the background rests while the writer never pauses.
const LONGEST: f64 = 40.0;
/// No rest is longer than this.
const REST_MAX: Duration = Duration::from_secs(1);

/// The share of its time that the writer spends writing, lately.
#[derive(Debug)]
pub struct Backpressure(Mutex<Measured>);

#[derive(Debug)]
struct Measured {
    share: f64,
    at: Instant,
}

impl Backpressure {
    /// Not busy yet.
    pub fn new(now: Instant) -> Self {
        Self(Mutex::new(Measured { share: 0.0, at: now }))
    }

    /// Notes that the writer has written for `took` until `now`, and waited before that since it last said so.
    pub fn record_write(&self, took: Duration, now: Instant) {
        let mut measured = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let period = now.saturating_duration_since(measured.at).max(took);
        let share = took.as_secs_f64() / period.as_secs_f64().max(f64::MIN_POSITIVE);
        let kept = kept_after(period);
        *measured = Measured { share: measured.share * kept + share.min(1.0) * (1.0 - kept), at: now };
    }

    /// How long to rest at `now` after a step that took `worked`.
    pub fn pause_after(&self, worked: Duration, now: Instant) -> Duration {
        let measured = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let share = measured.share * kept_after(now.saturating_duration_since(measured.at));
        drop(measured);
        worked.mul_f64(LONGEST * share * share).min(REST_MAX)
    }
}

fn kept_after(time: Duration) -> f64 {
    (-time.as_secs_f64() / MEMORY.as_secs_f64()).exp()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STEP: Duration = Duration::from_millis(10);

    fn after(rounds: u32, took: Duration, waited: Duration) -> (Backpressure, Instant) {
        let mut now = Instant::now();
        let backpressure = Backpressure::new(now);
        for _ in 0..rounds {
            now += took + waited;
            backpressure.record_write(took, now);
        }
        (backpressure, now)
    }

    #[test]
    fn a_quiet_writer_asks_for_no_rest() {
        let (backpressure, now) = after(0, STEP, STEP);
        assert_eq!(backpressure.pause_after(STEP, now), Duration::ZERO);
        let (backpressure, now) = after(200, STEP, Duration::ZERO);
        assert!(backpressure.pause_after(STEP, now + Duration::from_secs(10)) < STEP / 100, "it was long ago");
    }

    #[test]
    fn a_writer_without_pause_leaves_a_small_share() {
        let (backpressure, now) = after(200, STEP, Duration::ZERO);
        let rest = backpressure.pause_after(STEP, now);
        assert!((STEP * 35..=STEP * 40).contains(&rest), "{rest:?}");
    }

    proptest! {
        #[test]
        fn nothing_stands_still(rounds in 0u32..50, took in 0u64..1_000, waited in 0u64..1_000, worked in 0u64..10_000) {
            let (backpressure, now) = after(rounds, Duration::from_millis(took), Duration::from_millis(waited));
            prop_assert!(backpressure.pause_after(Duration::from_millis(worked), now) <= REST_MAX);
        }
    }
}
