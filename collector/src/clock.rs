//! Time, bound from here and never taken in SQL, so that tests can move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

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

/// From when until when, the end not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The beginning.
    pub from: Option<Millis>,
    /// The end.
    pub to: Option<Millis>,
}

impl Period {
    /// Whether a moment lies within it.
    pub fn contains(self, at: Millis) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// The system's time, plus what a test has added to it.
#[derive(Clone, Debug)]
pub struct Clock {
    ahead: Arc<AtomicI64>,
    started: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self { ahead: Arc::default(), started: Instant::now() }
    }
}

impl Clock {
    /// Now.
    pub fn now(&self) -> Millis {
        Timestamp::now().as_millisecond() + self.ahead.load(Ordering::Relaxed)
    }

    /// The time since this clock was made, for spans: it does not jump when the system's time is set.
    pub fn running(&self) -> Duration {
        let ahead = Duration::from_millis(self.ahead.load(Ordering::Relaxed).max(0).unsigned_abs());
        self.started.elapsed() + ahead
    }

    /// What a test has added to the system's time, by which identifiers are made; 0 in service.
    pub fn ahead(&self) -> Millis {
        self.ahead.load(Ordering::Relaxed)
    }

    /// Moves this clock, and all that were cloned from it, forward.
    pub fn advance(&self, by: Millis) {
        self.ahead.fetch_add(by, Ordering::Relaxed);
    }
}

/// From when until when the day lasts in which a moment is.
pub fn day_of(now: Millis, zone: &TimeZone) -> (Millis, Millis) {
    let today = Timestamp::from_millisecond(now).unwrap_or_default().to_zoned(zone.clone()).date();
    (begin_of(Some(today), zone, now), begin_of(today.tomorrow().ok(), zone, now))
}

/// From when until when the week lasts in which a moment is; it begins on Monday.
pub fn week_of(now: Millis, zone: &TimeZone) -> (Millis, Millis) {
    let today = Timestamp::from_millisecond(now).unwrap_or_default().to_zoned(zone.clone()).date();
    let monday = today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days()).ok();
    let next = monday.and_then(|monday| monday.checked_add(7.days()).ok());
    (begin_of(monday, zone, now), begin_of(next, zone, now))
}

fn begin_of(date: Option<Date>, zone: &TimeZone, or: Millis) -> Millis {
    date.and_then(|date| date.to_zoned(zone.clone()).ok()).map_or(or, |at| at.timestamp().as_millisecond())
}

/// The time as RFC 3339 in UTC, as it is written on the wire.
pub fn rfc3339(millis: Millis) -> String {
    Timestamp::from_millisecond(millis).map(|time| time.to_string()).unwrap_or_default()
}

/// Reads RFC 3339, and not the wider forms of ISO 8601 and RFC 9557 that the parser would take as well.
pub fn parse_rfc3339(text: &str) -> Option<Millis> {
    let fits = |text: &str, pattern: &str| {
        text.len() == pattern.len()
            && text.bytes().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b't' | b' '),
                b'+' => matches!(byte, b'+' | b'-'),
                _ => byte == wanted,
            })
    };
    let (local, rest) = text.split_at_checked(19)?;
    let offset = match rest.strip_prefix('.') {
        None => rest,
        Some(fraction) => {
            let offset = fraction.trim_start_matches(|digit: char| digit.is_ascii_digit());
            (offset.len() < fraction.len()).then_some(offset)?
        }
    };
    let holds = fits(local, "0000-00-00T00:00:00") && (matches!(offset, "Z" | "z") || fits(offset, "+00:00"));
    text.parse::<Timestamp>().ok().filter(|_| holds).map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_reads_the_wire_form() {
        assert_eq!(rfc3339(1_763_805_600_000), "2025-11-22T10:00:00Z");
        assert_eq!(parse_rfc3339("2025-11-22T18:00:00+08:00"), Some(1_763_805_600_000));
        for time in ["2025-11-22t10:00:00.000z", "2025-11-22 10:00:00Z", "2025-11-22T04:30:00-05:30"] {
            assert_eq!(parse_rfc3339(time), Some(1_763_805_600_000), "{time}");
        }
        for other in [
            "yesterday",
            "2025-11-22",
            "2025-11-22T10:00:00",
            "2025-11-22T10:00Z",
            "2025-11-22T10:00:00.Z",
            "2025-11-22T10:00:00,5Z",
            "20251122T100000Z",
            "2025-11-22T10:00:00+0800",
            "2025-11-22T10:00:00Z[UTC]",
            "2025-13-22T10:00:00Z",
            "二〇二五年十一月廿二日",
        ] {
            assert_eq!(parse_rfc3339(other), None, "{other}");
        }
    }

    #[test]
    fn a_test_can_move_it() {
        let clock = Clock::default();
        let before = clock.now();
        clock.clone().advance(DAY);
        assert!(clock.now() >= before + DAY);
    }
}
