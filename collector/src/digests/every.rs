//! How often a digest comes, and when it is due.

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, ToSpan as _};

use crate::reports::periods::Unit;

/// How often one comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Every {
    /// Each day, about the day before.
    Day,
    /// Each Monday, about the week before.
    Week,
    /// On the first of each month, about the month before.
    Month,
}

/// A server that was away at the hour sends a digest of a week or a month so many days late, and no later.
const LATE_DAYS: i64 = 3;

impl Every {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Reads the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|every| every.as_str() == word)
    }

    /// What it is about.
    pub const fn unit(self) -> Unit {
        match self {
            Self::Day => Unit::Day,
            Self::Week => Unit::Week,
            Self::Month => Unit::Month,
        }
    }

    /// The first day of the period whose digest is due by a clock on the wall; none if none is, or if it would come too late.
    pub fn due(self, now: DateTime, hour: i8) -> Option<Date> {
        let after = self.unit().start(now.date());
        let late = match self {
            Self::Day => SignedDuration::from_hours(24),
            Self::Week | Self::Month => SignedDuration::from_hours(24 * LATE_DAYS),
        };
        let since = now.duration_since(after.at(hour, 0, 0, 0));
        let is_due = !since.is_negative() && now.duration_since(after.at(0, 0, 0, 0)) < late;
        is_due.then(|| Some(self.unit().start(after.checked_sub(1.day()).ok()?))).flatten()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_week_is_told_on_monday_and_a_month_on_its_first() {
        let at = |text: &str| text.parse::<DateTime>().unwrap();
        let day = |text: &str| Some(text.parse::<Date>().unwrap());
        for (every, now, due) in [
            (Every::Week, "2026-11-30T07:59", None),
            (Every::Week, "2026-11-30T08:00", day("2026-11-23")),
            (Every::Week, "2026-12-02T23:59", day("2026-11-23")),
            (Every::Week, "2026-12-03T00:00", None),
            (Every::Month, "2026-12-01T08:00", day("2026-11-01")),
            (Every::Month, "2026-03-01T08:00", day("2026-02-01")),
            (Every::Month, "2026-12-04T00:00", None),
            (Every::Day, "2026-11-30T08:00", day("2026-11-29")),
            (Every::Day, "2026-11-30T23:59", day("2026-11-29")),
            (Every::Day, "2026-12-01T00:00", None),
        ] {
            assert_eq!(every.due(at(now), 8), due, "{every:?} {now}");
        }
    }

    proptest! {
        #[test]
        fn what_is_due_is_over(days in 0_i64..20_000, minute in 0_i64..1_440, hour in 0_i8..24) {
            let now = "1990-01-01T00:00".parse::<DateTime>().unwrap().checked_add(days.days().minutes(minute)).unwrap();
            for every in Every::ALL {
                prop_assert_eq!(Every::parse(every.as_str()), Some(every));
                if let Some(start) = every.due(now, hour) {
                    let end = every.unit().next(start).unwrap();
                    prop_assert!(end <= now.date() && now.hour() >= hour || end < now.date());
                    prop_assert_eq!(every.unit().start(start), start);
                }
            }
        }
    }
}
