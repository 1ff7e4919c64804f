//! A calendar as it is written.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::words::{Day, Key};
use crate::calendars::{Calendar, DateRange, Hours, HoursError, Slot, Zone};

/// `[[calendar]]`: a time zone, opening hours, holidays, moved working days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarDefinition {
    /// Its key.
    pub key: Key,
    /// Where its hours are meant.
    pub time_zone: Zone,
    /// Openings by day of the week.
    pub hours: WeekHours,
    /// Days without hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<DateRange>,
    /// Days that have the hours of another day, holidays among them (调休).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub working_days: Vec<WorkingDay>,
}

/// Openings by day of the week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the days of the week")]
pub struct WeekHours {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mon: Vec<Slot>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tue: Vec<Slot>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wed: Vec<Slot>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thu: Vec<Slot>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fri: Vec<Slot>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sat: Vec<Slot>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sun: Vec<Slot>,
}

/// A working day that was moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkingDay {
    /// The day.
    pub date: DateRange,
    /// Whose hours it has.
    pub hours_of: Day,
}

impl CalendarDefinition {
    /// The calendar; an error if openings overlap.
    pub fn calendar(&self) -> Result<Calendar, HoursError> {
        let hours = self.hours.hours()?;
        let moved = self.working_days.iter().flat_map(|day| {
            let weekday = day.hours_of.weekday();
            day.date.dates().map(move |date: Date| (date, weekday))
        });
        let moved: BTreeMap<_, _> = moved.collect();
        Ok(Calendar::new(self.time_zone.zone().clone(), hours, self.holidays.clone(), moved))
    }

    /// The first date that two of the working days name, so that nobody knows whose hours it has.
    pub fn doubled_working_day(&self) -> Option<Date> {
        let mut seen = BTreeSet::new();
        self.working_days.iter().flat_map(|day| day.date.dates()).find(|date| !seen.insert(*date))
    }

    /// Whether no hour of any day is outside of its hours.
    pub fn is_always_open(&self) -> bool {
        self.holidays.is_empty() && self.hours.hours().is_ok_and(|hours| hours == Hours::always())
    }
}

impl WeekHours {
    /// The hours; an error if openings overlap.
    pub fn hours(&self) -> Result<Hours, HoursError> {
        let Self { mon, tue, wed, thu, fri, sat, sun } = self.clone();
        Hours::new([mon, tue, wed, thu, fri, sat, sun])
    }
}
