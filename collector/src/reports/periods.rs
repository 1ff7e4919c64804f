//! Periods: days, weeks, months, quarters and years by the clock of a site.

use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::calendars;
use crate::clock::Period;
use crate::clock::{Millis, parse_rfc3339};

/// How long the parts of a period are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Days.
    Day,
    /// Weeks from Monday to Sunday (ISO 8601).
    Week,
    /// Months of the calendar.
    Month,
    /// Three months of the calendar: from January, April, July and October on.
    Quarter,
    /// Years of the calendar.
    Year,
}

/// Which end of a period a day stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Its beginning.
    First,
    /// Its end, so that the day is included.
    Last,
}

impl Unit {
    /// The first day of the part that a day is in.
    pub fn start(self, date: Date) -> Date {
        match self {
            Self::Day => date,
            Self::Week => {
                date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).unwrap_or(Date::MIN)
            }
            Self::Month => date.first_of_month(),
            Self::Quarter => {
                let since = i32::from((date.month() - 1) % 3);
                date.first_of_month().checked_sub(since.months()).unwrap_or(Date::MIN)
            }
            Self::Year => date.first_of_year(),
        }
    }

    /// The first day of the next part; none at the end of time.
    pub fn next(self, start: Date) -> Option<Date> {
        match self {
            Self::Day => start.tomorrow().ok(),
            Self::Week => start.checked_add(7.days()).ok(),
            Self::Month => start.checked_add(1.month()).ok(),
            Self::Quarter => start.checked_add(3.months()).ok(),
            Self::Year => start.checked_add(1.year()).ok(),
        }
    }

    /// What a part is called: `2026-11-29`, `2026-W48`, `2026-11`, `2026-Q4`, `2026`.
    pub fn name(self, start: Date) -> String {
        match self {
            Self::Day => start.to_string(),
            Self::Week => {
                let week: ISOWeekDate = start.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            Self::Month => start.strftime("%Y-%m").to_string(),
            Self::Quarter => format!("{:04}-Q{}", start.year(), (start.month() + 2) / 3),
            Self::Year => format!("{:04}", start.year()),
        }
    }

    /// The first day of the part that is called so.
    pub fn parse(self, name: &str) -> Option<Date> {
        match self {
            Self::Day => calendars::date(name),
            Self::Week => {
                let (year, week) = name.split_once("-W")?;
                ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, Weekday::Monday).ok().map(Date::from)
            }
            Self::Month => calendars::date(&format!("{name}-01")),
            Self::Quarter => {
                let (year, quarter) = name.split_once("-Q")?;
                let quarter = quarter.parse().ok().filter(|quarter: &i8| (1..=4).contains(quarter))?;
                Date::new(year.parse().ok()?, 3 * quarter - 2, 1).ok()
            }
            Self::Year => calendars::date(&format!("{name}-01-01")),
        }
    }
}

/// A time, or an end of a day in a zone.
pub fn moment(text: &str, edge: Edge, zone: &TimeZone) -> Option<Millis> {
    let of_day = || {
        let date = calendars::date(text)?;
        let date = if edge == Edge::First { date } else { date.tomorrow().ok()? };
        begin(date, zone)
    };
    parse_rfc3339(text).or_else(of_day)
}

/// When a day begins in a zone.
pub fn begin(date: Date, zone: &TimeZone) -> Option<Millis> {
    date.to_zoned(zone.clone()).ok().map(|at| at.timestamp().as_millisecond())
}

/// The day of a moment in a zone.
pub fn day(at: Millis, zone: &TimeZone) -> Date {
    Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(zone.clone()).date()
}

/// The period before one that has two ends: of whole months as many months, of whole days as many days, else as long by the clock.
pub fn before(period: Period, zone: &TimeZone) -> Option<Period> {
    let (from, to) = (period.from?, period.to?);
    let (first, end) = (day(from, zone), day(to, zone));
    let is_of_days = begin(first, zone) == Some(from) && begin(end, zone) == Some(to);
    let earlier = if is_of_days && first.day() == 1 && end.day() == 1 {
        let months = (i32::from(end.year()) - i32::from(first.year())) * 12
            + (i32::from(end.month()) - i32::from(first.month()));
        begin(first.checked_sub(months.months()).ok()?, zone)?
    } else if is_of_days {
        begin(first.checked_sub((end - first).get_days().days()).ok()?, zone)?
    } else {
        from - (to - from)
    };
    (to > from).then_some(Period { from: Some(earlier), to: Some(from) })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let shanghai = zone("Asia/Shanghai");
        assert_eq!(moment("2026-11-29", Edge::First, &shanghai), parse_rfc3339("2026-11-28T16:00:00Z"));
        assert_eq!(moment("2026-11-29", Edge::Last, &shanghai), parse_rfc3339("2026-11-29T16:00:00Z"));
        assert_eq!(moment("2028-02-29", Edge::Last, &shanghai), parse_rfc3339("2028-02-29T16:00:00Z"));
        assert_eq!(moment("2026-11-29T01:00:00Z", Edge::Last, &shanghai), parse_rfc3339("2026-11-29T01:00:00Z"));
        for wrong in ["2026-02-29", "2026-1-1", "20261129", "soon", ""] {
            assert_eq!(moment(wrong, Edge::First, &shanghai), None, "{wrong}");
        }
        // The hour that comes twice belongs to its day both times.
        let berlin = zone("Europe/Berlin");
        for at in ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"] {
            assert_eq!(day(parse_rfc3339(at).unwrap(), &berlin).to_string(), "2026-10-25");
        }
    }

    #[test]
    fn parts_have_names() {
        let date = |text: &str| calendars::date(text).unwrap();
        assert_eq!(Unit::Week.name(Unit::Week.start(date("2026-11-29"))), "2026-W48");
        assert_eq!(Unit::Week.name(Unit::Week.start(date("2027-01-01"))), "2026-W53");
        assert_eq!(Unit::Month.name(Unit::Month.start(date("2028-02-29"))), "2028-02");
        assert_eq!(Unit::Quarter.name(Unit::Quarter.start(date("2026-12-31"))), "2026-Q4");
        assert_eq!(Unit::Quarter.name(Unit::Quarter.start(date("2026-03-31"))), "2026-Q1");
        assert_eq!(Unit::Year.name(Unit::Year.start(date("2026-12-31"))), "2026");
        assert_eq!((Unit::Quarter.parse("2026-Q5"), Unit::Quarter.parse("2026-Q-1")), (None, None));
    }

    #[test]
    fn the_period_before_is_as_long() {
        let berlin = zone("Europe/Berlin");
        let period = |from: &str, to: &str| Period {
            from: moment(from, Edge::First, &berlin),
            to: moment(to, Edge::Last, &berlin),
        };
        assert_eq!(before(period("2026-03-01", "2026-03-31"), &berlin), Some(period("2026-02-01", "2026-02-28")));
        assert_eq!(before(period("2026-01-01", "2026-12-31"), &berlin), Some(period("2025-01-01", "2025-12-31")));
        assert_eq!(before(period("2026-03-23", "2026-03-29"), &berlin), Some(period("2026-03-16", "2026-03-22")));
        assert_eq!(
            before(Period { from: Some(10), to: Some(30) }, &berlin),
            Some(Period { from: Some(-10), to: Some(10) })
        );
        assert_eq!(before(Period { from: None, to: Some(30) }, &berlin), None);
    }

    proptest! {
        #[test]
        fn names_read_back(days in 0_i32..40_000, unit in prop_oneof![Just(Unit::Day), Just(Unit::Week), Just(Unit::Month), Just(Unit::Quarter), Just(Unit::Year)]) {
            let start = unit.start(jiff::civil::date(1970, 1, 5).checked_add(days.days()).unwrap());
            prop_assert_eq!(unit.parse(&unit.name(start)), Some(start));
            prop_assert_eq!(unit.start(unit.next(start).unwrap()), unit.next(start).unwrap());
        }
    }
}
