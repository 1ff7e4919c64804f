//! Opening hours of a week, as they are written.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Weekday};

/// Minutes of a day.
const DAY: u16 = 1_440;
/// More slots of a day are mistakes.
const SLOTS_MAX: usize = 24;

/// When it is open on each day of the week, Monday first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours([Vec<Slot>; 7]);

/// An opening, such as `09:00-12:00`. An end at or before the start is on the next day; `00:00-24:00` is the whole day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    from: u16,
    to: u16,
}

/// Days one after the other, such as `2026-10-01..2026-10-07`, or one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    first: Date,
    last: Date,
}

/// What is wrong with opening hours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// Not an opening.
    #[error("{0:?} is no opening such as 09:00-17:30 (22:00-02:00 ends on the next day, 00:00-24:00 is the whole day)")]
    Slot(String),
    /// Two openings of one day, or of a day and the next, overlap.
    #[error("the openings {0} and {1} overlap")]
    Overlap(Slot, Slot),
    /// Too many of one day.
    #[error("a day may have at most 24 openings")]
    TooMany,
    /// Not a date.
    #[error("{0:?} is no date such as 2026-12-25, and no range of dates such as 2026-10-01..2026-10-07")]
    Dates(String),
}

impl Hours {
    /// Always open.
    pub fn always() -> Self {
        Self(std::array::from_fn(|_| vec![Slot { from: 0, to: DAY }]))
    }

    /// Open from Monday to Friday, day and night.
    pub fn weekdays() -> Self {
        let day = |at: usize| if at < 5 { vec![Slot { from: 0, to: DAY }] } else { Vec::new() };
        Self(std::array::from_fn(day))
    }

    /// Hours of these openings, Monday first, in any order.
    pub fn new(mut days: [Vec<Slot>; 7]) -> Result<Self, HoursError> {
        for slots in &mut days {
            if slots.len() > SLOTS_MAX {
                return Err(HoursError::TooMany);
            }
            slots.sort_unstable();
        }
        for (at, slots) in days.iter().enumerate() {
            if let Some(pair) = slots.windows(2).find(|pair| pair[0].to > pair[1].from) {
                return Err(HoursError::Overlap(pair[0], pair[1]));
            }
            let next = days[(at + 1) % 7].first();
            let last = slots.last().filter(|slot| slot.to > DAY);
            if let Some((last, next)) = last.zip(next).filter(|(last, next)| last.to - DAY > next.from) {
                return Err(HoursError::Overlap(*last, *next));
            }
        }
        Ok(Self(days))
    }

    /// The openings that begin on a day of the week, in order.
    pub fn on(&self, day: Weekday) -> &[Slot] {
        &self.0[usize::from(day.to_monday_zero_offset().unsigned_abs())]
    }

    /// Whether it is never open.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Vec::is_empty)
    }
}

impl Slot {
    /// Minutes from midnight to its start.
    pub const fn from_minute(self) -> u16 {
        self.from
    }

    /// Minutes from that midnight to its end; from 1,440 on it is on the next day.
    pub const fn to_minute(self) -> u16 {
        self.to
    }
}

impl FromStr for Slot {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Self, HoursError> {
        let error = || HoursError::Slot(text.to_owned());
        let (from, to) = text.split_once('-').ok_or_else(error)?;
        let (from, to) = (minute(from).ok_or_else(error)?, minute(to).ok_or_else(error)?);
        if from == DAY {
            return Err(error());
        }
        Ok(Self { from, to: if to <= from { to + DAY } else { to } })
    }
}

impl Slot {
    /// From when until when, in minutes of its day; an end on the next day is beyond the 1,440 of a day.
    pub const fn minutes(self) -> (u16, u16) {
        (self.from, self.to)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = if self.to > DAY { self.to - DAY } else { self.to };
        write!(formatter, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, to / 60, to % 60)
    }
}

impl DateRange {
    /// The dates in their order.
    pub fn dates(self) -> impl Iterator<Item = Date> {
        std::iter::successors(Some(self.first), |date| date.tomorrow().ok()).take_while(move |date| *date <= self.last)
    }

    /// Whether a date is one of them.
    pub fn contains(&self, date: Date) -> bool {
        (self.first..=self.last).contains(&date)
    }
}

impl FromStr for DateRange {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Self, HoursError> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let range = date(first).zip(date(last)).map(|(first, last)| Self { first, last });
        // Ten years of holidays are a mistake.
        let holds = |range: &Self| range.first <= range.last && range.dates().nth(3_660).is_none();
        range.filter(holds).ok_or_else(|| HoursError::Dates(text.to_owned()))
    }
}

impl fmt::Display for DateRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(formatter, "{}", self.first)
        } else {
            write!(formatter, "{}..{}", self.first, self.last)
        }
    }
}

super::written::as_text!(Slot);
super::written::as_text!(DateRange);

/// Reads a date as `2026-12-25`, and in no other of the forms that ISO 8601 has.
pub fn date(text: &str) -> Option<Date> {
    let is_plain = text.len() == 10 && text.bytes().enumerate().all(|(at, byte)| (byte == b'-') == matches!(at, 4 | 7));
    text.parse().ok().filter(|_| is_plain)
}

/// Minutes after midnight of `09:00`, up to `24:00`.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| {
        (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse::<u16>().ok())
    };
    let (hour, minute) = (number(hour)??, number(minute)??);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= DAY).then_some(minutes)
}
