//! The groups of a report: from what a database gives to the names that people read, in their order and without gaps in time.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rustc_hash::FxHashMap;

use super::asked::Asked;
use super::by::{By, Raw};
use super::figures::Row;
use super::periods::{Unit, day};
use crate::auth::Member;
use crate::calendars::WEEKDAYS;
use crate::cases::Priority;
use crate::clocks::PromiseKind;
use crate::http::{Error, Result};
use crate::sites::Site;

/// More parts of a period than this are no table that anybody reads: three years of days.
pub const PARTS_MAX: usize = 1_100;
/// What a group without a name is called.
pub const NONE: &str = "none";
/// Milliseconds of what the database counts times by.
const QUARTER: i64 = 900_000;

/// A group: its place, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    place: i64,
    /// What it is called.
    pub name: String,
}

impl Key {
    /// Whether it is the group of those that have none.
    pub fn is_none(&self) -> bool {
        self.place == i64::MAX
    }
}

/// What groups are called.
#[derive(Clone, Debug)]
pub struct Naming {
    by: By,
    zone: jiff::tz::TimeZone,
    names: HashMap<String, String>,
}

impl Naming {
    /// The names for a report.
    pub fn new(asked: &Asked, sites: &[Arc<Site>], members: &[Member]) -> Self {
        let names = match asked.by {
            By::Site => sites.iter().map(|site| (site.id().to_owned(), site.key().to_owned())).collect(),
            By::Member => members.iter().map(|member| (member.id.clone(), member.email.clone())).collect(),
            _ => HashMap::new(),
        };
        Self { by: asked.by, zone: asked.zone.clone(), names }
    }

    fn of_time(&self, quarter: i64) -> Key {
        let at = Timestamp::from_millisecond(quarter.saturating_mul(QUARTER)).unwrap_or_default();
        let local = at.to_zoned(self.zone.clone());
        let weekday = i64::from(local.weekday().to_monday_zero_offset());
        match self.by {
            By::Weekday => by_weekday(weekday),
            By::Hour => by_hour(i64::from(local.hour())),
            By::WeekdayHour => by_weekday_hour(weekday * 24 + i64::from(local.hour())),
            _ => {
                let unit = self.by.unit().unwrap_or(Unit::Day);
                part(unit, unit.start(local.date()))
            }
        }
    }

    fn of_text(&self, raw: &str) -> Key {
        match self.by {
            By::All => Key { place: 0, name: By::All.as_str().to_owned() },
            By::Priority => {
                let place = Priority::ALL.iter().rev().position(|priority| priority.as_str() == raw);
                Key { place: place.map_or(9, |place| place as i64), name: raw.to_owned() }
            }
            By::Promise => {
                let place = PromiseKind::ALL.iter().position(|promise| promise.as_str() == raw);
                Key { place: place.map_or(9, |place| place as i64), name: raw.to_owned() }
            }
            _ if raw.is_empty() => Key { place: i64::MAX, name: NONE.to_owned() },
            _ => Key { place: 0, name: self.names.get(raw).cloned().unwrap_or_else(|| raw.to_owned()) },
        }
    }
}

/// What is counted for each group, looked up for each of a million cases: hashed fast, since nobody outside chooses what is hashed.
#[derive(Debug)]
pub struct Groups<'a, A> {
    naming: &'a Naming,
    by_text: FxHashMap<String, usize>,
    by_quarter: FxHashMap<i64, usize>,
    places: HashMap<Key, usize>,
    found: Vec<(Key, A)>,
}

impl<'a, A: Default> Groups<'a, A> {
    /// None yet.
    pub fn new(naming: &'a Naming) -> Self {
        Self {
            naming,
            by_text: FxHashMap::default(),
            by_quarter: FxHashMap::default(),
            places: HashMap::new(),
            found: Vec::new(),
        }
    }

    /// What is counted for the group that a database calls `raw`.
    pub fn at(&mut self, raw: &str) -> &mut A {
        match self.naming.by.is_of_time() {
            true => self.of(Raw::Quarter(raw.parse().unwrap_or_default())),
            false => self.of(Raw::Text(raw)),
        }
    }

    /// What is counted for the group of a case.
    pub fn of(&mut self, raw: Raw<'_>) -> &mut A {
        let known = match raw {
            Raw::Text(text) => self.by_text.get(text),
            Raw::Quarter(quarter) => self.by_quarter.get(&quarter),
        };
        let place = match known {
            Some(place) => *place,
            None => self.enter(raw),
        };
        &mut self.found[place].1
    }

    fn enter(&mut self, raw: Raw<'_>) -> usize {
        match raw {
            Raw::Text(text) => {
                let place = self.place(self.naming.of_text(text));
                self.by_text.insert(text.to_owned(), place);
                place
            }
            Raw::Quarter(quarter) => {
                let place = self.place(self.naming.of_time(quarter));
                self.by_quarter.insert(quarter, place);
                place
            }
        }
    }

    fn place(&mut self, key: Key) -> usize {
        let next = self.found.len();
        let place = *self.places.entry(key.clone()).or_insert(next);
        if place == next {
            self.found.push((key, A::default()));
        }
        place
    }

    /// All groups in their order: of time those too in which nothing was, from the beginning of the period, or from the first in which something was, to its
    /// end, or to now.
    pub fn finish(mut self, asked: &Asked) -> Result<Vec<(Key, A)>> {
        match self.naming.by {
            By::All => {
                self.at("");
            }
            By::Day | By::Week | By::Month | By::Quarter | By::Year => {
                let unit = self.naming.by.unit().unwrap_or(Unit::Day);
                let starts = parts(asked, unit, self.found.iter().map(|(key, _)| &key.name))?;
                self.fill(starts.into_iter().map(|start| part(unit, start)));
            }
            By::Weekday => self.fill((0..7).map(by_weekday)),
            By::Hour => self.fill((0..24).map(by_hour)),
            By::WeekdayHour => self.fill((0..7 * 24).map(by_weekday_hour)),
            _ => {}
        }
        self.found.sort_by(|(key, _), (other, _)| key.cmp(other));
        Ok(self.found)
    }

    /// Adds the groups in which nothing was.
    fn fill(&mut self, keys: impl Iterator<Item = Key>) {
        for key in keys {
            self.place(key);
        }
    }
}

/// Rows without an order of their own come the largest first.
pub fn sort(by: By, rows: &mut [Row]) {
    if !by.is_ordered() {
        rows.sort_by(|row, other| other.n.cmp(&row.n).then_with(|| row.group.cmp(&other.group)));
    }
}

/// The first days of all parts of a period.
pub fn parts<'n>(asked: &Asked, unit: Unit, found: impl Iterator<Item = &'n String>) -> Result<Vec<Date>> {
    let found: Vec<Date> = found.filter_map(|name| unit.parse(name)).collect();
    let first = asked.period.from.map(|from| day(from, &asked.zone)).or_else(|| found.iter().min().copied());
    let last = asked.period.to.map(|to| day(to.min(asked.now + 1) - 1, &asked.zone));
    let last = last.into_iter().chain(found.iter().max().copied()).max();
    let Some((first, last)) = first.zip(last) else { return Ok(Vec::new()) };
    let starts = std::iter::successors(Some(unit.start(first)), |start| unit.next(*start));
    let starts: Vec<Date> = starts.take_while(|start| *start <= last).take(PARTS_MAX + 1).collect();
    if starts.len() > PARTS_MAX {
        return Err(Error::field(sayso_shared::problem::FieldError::new(
            "/by",
            sayso_shared::problem::ErrorCode::TooLong,
            format!("makes more than {PARTS_MAX} rows of this period; take longer parts or a shorter period"),
        )));
    }
    Ok(starts)
}

fn part(unit: Unit, start: Date) -> Key {
    let place = (start - jiff::civil::date(1970, 1, 1)).get_days();
    Key { place: i64::from(place), name: unit.name(start) }
}

fn by_weekday(place: i64) -> Key {
    Key { place, name: WEEKDAYS[usize::try_from(place).unwrap_or_default() % 7].to_owned() }
}

fn by_hour(place: i64) -> Key {
    Key { place, name: format!("{place:02}") }
}

fn by_weekday_hour(place: i64) -> Key {
    Key { place, name: format!("{} {}", by_weekday(place / 24).name, by_hour(place % 24).name) }
}
