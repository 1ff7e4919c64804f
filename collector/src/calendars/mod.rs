//! Business calendars: when a service is open, and when a promise that is made at some time is due.
//!
//! Open time is counted between instants, so a slot on the night that summer time begins is an hour shorter. Slots are wall-clock time and
//! belong to the date on which they begin.

mod hours;
mod span;
pub(crate) mod written;
mod zone;

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span as Days, Timestamp, Zoned};

pub use hours::{DateRange, Hours, HoursError, Slot, date};
pub use span::{Span, SpanError};
pub use zone::Zone;

use crate::clock::{DAY, MINUTE, Millis};

/// The days of the week as files and reports call them, in their order.
pub const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A calendar that is never open within so many days is never open.
const HORIZON_DAYS: usize = 3_660;
const TWENTY_YEARS: Millis = 20 * 366 * DAY;

/// When somebody is there.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    hours: Hours,
    holidays: Vec<DateRange>,
    /// Working days that were moved: the date, and the day of the week whose hours it has. They win over holidays.
    working_days: BTreeMap<Date, Weekday>,
}

impl Calendar {
    /// A calendar of these hours.
    pub fn new(zone: TimeZone, hours: Hours, holidays: Vec<DateRange>, working_days: BTreeMap<Date, Weekday>) -> Self {
        Self { zone, hours, holidays, working_days }
    }

    /// A calendar that is always open, in UTC.
    pub fn always_open() -> Self {
        Self::new(TimeZone::UTC, Hours::always(), Vec::new(), BTreeMap::new())
    }

    /// The calendar of a span that nobody names one for, in UTC: business days are Monday to Friday, and all other time is open.
    pub fn unnamed(span: Span) -> Self {
        match span {
            Span::BusinessDays(_) => Self::new(TimeZone::UTC, Hours::weekdays(), Vec::new(), BTreeMap::new()),
            Span::OpenMinutes(_) | Span::CalendarDays(_) => Self::always_open(),
        }
    }

    /// The time zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// When a promise that begins at `start` is due; none if the calendar is not open for so long in the next ten years.
    pub fn due(&self, start: Millis, span: Span) -> Option<Millis> {
        match span {
            Span::OpenMinutes(minutes) => self.add_open(start, i64::from(minutes) * MINUTE),
            Span::BusinessDays(days) => self.add_business_days(start, days),
            Span::CalendarDays(days) => self.add_calendar_days(start, days),
        }
    }

    /// The latest moment, to the minute, from which a span is over by `now`; none if that is further back than twenty years.
    pub fn moment_before(&self, now: Millis, span: Span) -> Option<Millis> {
        // Spans only go forward, and never end earlier for beginning later: halving finds it.
        let (mut low, mut high) = (now - TWENTY_YEARS, now);
        if self.due(low, span)? > now {
            return None;
        }
        while high - low > MINUTE {
            let middle = low + (high - low) / 2;
            match self.due(middle, span) {
                Some(due) if due <= now => low = middle,
                _ => high = middle,
            }
        }
        Some(low)
    }

    /// The end of `open` milliseconds of open time that begin at `start`, or when it opens next. What is used up exactly at a close ends there.
    pub fn add_open(&self, start: Millis, open: Millis) -> Option<Millis> {
        let mut left = open.max(0);
        for (from, to) in self.open_from(start) {
            if from + left <= to {
                return Some(from + left);
            }
            left -= to - from;
        }
        None
    }

    /// The open time between two instants, in milliseconds; 0 if `to` is not after `from`.
    pub fn open_between(&self, from: Millis, to: Millis) -> Millis {
        self.open_from(from).take_while(|(opens, _)| *opens < to).map(|(opens, closes)| closes.min(to) - opens).sum()
    }

    /// The open intervals between two instants, in order.
    pub fn open_within(&self, from: Millis, to: Millis) -> Vec<(Millis, Millis)> {
        self.open_from(from)
            .take_while(|(opens, _)| *opens < to)
            .map(|(opens, closes)| (opens, closes.min(to)))
            .collect()
    }

    /// Whether it is open at an instant.
    pub fn is_open(&self, at: Millis) -> bool {
        self.open_from(at).next().is_some_and(|(opens, _)| opens <= at)
    }

    /// The local time of an instant.
    pub fn local(&self, at: Millis) -> Zoned {
        Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(self.zone.clone())
    }

    /// The close of the n-th business day after the day of receipt. What comes on a day without hours, or at or after its close, counts as received
    /// on the next business day.
    fn add_business_days(&self, start: Millis, days: u32) -> Option<Millis> {
        let date = self.local(start).date();
        let is_received_on_date = self.close_of(date).is_some_and(|close| start < close);
        // Of a day that does not count, the next business day is the day of receipt, which is not counted itself.
        let skipped = usize::from(!is_received_on_date);
        let after = dates_from(date.tomorrow().ok()?).filter_map(|date| self.close_of(date));
        after.skip(skipped).nth(usize::try_from(days).ok()?.checked_sub(1)?)
    }

    fn add_calendar_days(&self, start: Millis, days: u32) -> Option<Millis> {
        let due = self.local(start).checked_add(Days::new().try_days(i64::from(days)).ok()?).ok()?;
        Some(due.timestamp().as_millisecond())
    }

    /// When the last slot of a date ends; none for a day without hours.
    fn close_of(&self, date: Date) -> Option<Millis> {
        self.slots(date).map(|(_, to)| to).max()
    }

    /// The open intervals that end after `start`, in order and without overlaps, the first of them cut to begin no earlier.
    fn open_from(&self, start: Millis) -> impl Iterator<Item = (Millis, Millis)> + '_ {
        let date = self.local(start).date();
        // A slot of the day before may last into this one.
        let first = date.yesterday().unwrap_or(date);
        let mut open_until = start;
        dates_from(first).flat_map(|date| self.slots(date).collect::<Vec<_>>()).filter_map(move |(from, to)| {
            let from = from.max(open_until);
            open_until = open_until.max(to);
            (from < to).then_some((from, to))
        })
    }

    /// The slots of a date as instants, in order.
    fn slots(&self, date: Date) -> impl Iterator<Item = (Millis, Millis)> + '_ {
        let of = self.working_days.get(&date).copied();
        let is_holiday = of.is_none() && self.holidays.iter().any(|holidays| holidays.contains(date));
        let weekday = of.unwrap_or_else(|| date.weekday());
        let slots = if is_holiday { &[] } else { self.hours.on(weekday) };
        slots.iter().filter_map(move |slot| {
            let (from, to) = (self.instant(date, slot.from_minute())?, self.instant(date, slot.to_minute())?);
            (from < to).then_some((from, to))
        })
    }

    /// The instant of a wall-clock time, `minute` minutes after midnight of a date; from 1,440 on it is on the next one.
    fn instant(&self, date: Date, minute: u16) -> Option<Millis> {
        let date = if minute >= 1_440 { date.tomorrow().ok()? } else { date };
        let minute = i8::try_from(minute % 1_440 % 60).ok().zip(i8::try_from(minute % 1_440 / 60).ok());
        let (minute, hour) = minute?;
        let local = self.zone.to_ambiguous_zoned(date.at(hour, minute, 0, 0));
        let is_jumped_over = matches!(local.offset(), AmbiguousOffset::Gap { .. });
        // One that comes twice is the first.
        let at = local.compatible().ok()?.timestamp();
        if !is_jumped_over {
            return Some(at.as_millisecond());
        }
        // A time that a clock jumps over is when it jumps, so that no slot is open for time that there is not. Read by the clock of before it is later than that.
        let jump = self.zone.preceding(at.checked_add(Days::new().milliseconds(1)).ok()?).next()?;
        Some(jump.timestamp().as_millisecond())
    }
}

fn dates_from(first: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |date| date.tomorrow().ok()).take(HORIZON_DAYS)
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
