//! Time, bound from here and never taken in SQL, so that tests can move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Unix milliseconds.
pub type Millis = i64;

/// One second.
pub const SECOND: Millis = 1_000;
/// One minute.
pub const MINUTE: Millis = 60 * SECOND;
/// One hour.
pub const HOUR: Millis = 60 * MINUTE;
/// One day of 24 hours.
pub const DAY: Millis = 24 * HOUR;

/// The system's time, plus what a test has added to it.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead: Arc<AtomicI64>,
}

impl Clock {
    /// Now.
    pub fn now(&self) -> Millis {
        Timestamp::now().as_millisecond() + self.ahead.load(Ordering::Relaxed)
    }

    /// Moves this clock, and all that were cloned from it, forward.
    pub fn advance(&self, by: Millis) {
        self.ahead.fetch_add(by, Ordering::Relaxed);
    }
}

/// The time as RFC 3339 in UTC, as it is written on the wire.
pub fn rfc3339(millis: Millis) -> String {
    Timestamp::from_millisecond(millis).map(|time| time.to_string()).unwrap_or_default()
}

/// Reads RFC 3339.
pub fn parse_rfc3339(text: &str) -> Option<Millis> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_reads_the_wire_form() {
        assert_eq!(rfc3339(1_763_805_600_000), "2025-11-22T10:00:00Z");
        assert_eq!(parse_rfc3339("2025-11-22T18:00:00+08:00"), Some(1_763_805_600_000));
        assert_eq!(parse_rfc3339("yesterday"), None);
    }

    #[test]
    fn a_test_can_move_it() {
        let clock = Clock::default();
        let before = clock.now();
        clock.clone().advance(DAY);
        assert!(clock.now() >= before + DAY);
    }
}
