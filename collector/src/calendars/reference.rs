//! Calendars against a slow reference, which walks minute by minute and looks at the clock on the wall.

use jiff::civil::{DateTime, Time};
use proptest::prelude::*;

use super::*;

/// Slots of a day. Several go together on any two days that follow each other, and those that do not are passed over.
const DAYS: [&str; 9] = [
    "",
    "09:00-17:00",
    "09:00-12:00 13:00-18:00",
    "22:00-02:00",
    "00:00-24:00",
    "01:00-05:00",
    "00:30-03:30",
    "02:30-02:45 06:00-06:01",
    "20:00-04:00",
];
/// Zones whose clocks jump by an hour, by half an hour, at midnight, and not at all.
const ZONES: [&str; 6] = [
    "Europe/Berlin",
    "America/New_York",
    "America/Chicago",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Shanghai",
];
/// Days on which, or near which, clocks jump somewhere.
const NEAR: [&str; 6] = [
    "2026-03-08T00:00:00Z",
    "2026-03-28T12:00:00Z",
    "2026-04-04T12:00:00Z",
    "2026-09-05T12:00:00Z",
    "2026-10-24T12:00:00Z",
    "2026-11-01T00:00:00Z",
];
/// Days that are walked.
const WALKED: i64 = 24;

/// The minutes of some weeks, with what the clock on the wall shows and whether it is open.
struct Walk {
    begin: Millis,
    walls: Vec<DateTime>,
    is_open: Vec<bool>,
    /// The closes of the dates that have hours.
    closes: BTreeMap<Date, usize>,
}

impl Walk {
    fn new(calendar: &Calendar, week: &[Vec<Slot>; 7], begin: Millis) -> Self {
        let minutes = usize::try_from(WALKED * DAY / MINUTE).expect("some weeks");
        let wall = |at: usize| calendar.local(begin + i64::try_from(at).expect("a minute") * MINUTE).datetime();
        let walls: Vec<DateTime> = (0..minutes).map(wall).collect();
        // When the clock on the wall first shows a time, or a later one.
        let first = |time: DateTime| walls.iter().position(|wall| *wall >= time);
        let (mut is_open, mut closes) = (vec![false; minutes], BTreeMap::new());
        let (first_date, last_date) = (walls[0].date(), walls[minutes - 1].date());
        for date in dates_from(first_date).take_while(|date| *date <= last_date) {
            let of = calendar.working_days.get(&date);
            if of.is_none() && calendar.holidays.iter().any(|range| range.contains(date)) {
                continue;
            }
            let weekday = of.copied().unwrap_or_else(|| date.weekday());
            for slot in &week[usize::from(weekday.to_monday_zero_offset().unsigned_abs())] {
                let time = |minute: u16| {
                    let days = i64::from(minute / 1_440);
                    let midnight =
                        date.checked_add(Days::new().days(days)).expect("a date").to_datetime(Time::midnight());
                    midnight.checked_add(Days::new().minutes(i64::from(minute % 1_440))).expect("a time")
                };
                let (Some(from), Some(to)) = (first(time(slot.from_minute())), first(time(slot.to_minute()))) else {
                    continue;
                };
                if from < to {
                    is_open[from..to].iter_mut().for_each(|open| *open = true);
                    let close = closes.entry(date).or_insert(to);
                    *close = to.max(*close);
                }
            }
        }
        Self { begin, walls, is_open, closes }
    }

    fn at(&self, minute: usize) -> Millis {
        self.begin + i64::try_from(minute).expect("a minute") * MINUTE
    }

    /// When so many open minutes are over; none if the walk ends before.
    fn after_open(&self, start: usize, open: u32) -> Option<Millis> {
        let mut minutes = (start..self.is_open.len()).filter(|minute| self.is_open[*minute]);
        minutes.nth(usize::try_from(open).ok()?.checked_sub(1)?).map(|last| self.at(last + 1))
    }

    /// The close of the n-th day with hours after the day of receipt.
    fn after_business_days(&self, start: usize, days: u32) -> Option<Millis> {
        let date = self.walls[start].date();
        let counts = self.closes.get(&date).is_some_and(|close| start < *close);
        let mut after = self.closes.iter().filter(|(day, _)| **day > date).map(|(_, close)| *close);
        if !counts {
            after.next()?;
        }
        let close = after.nth(usize::try_from(days).ok()?.checked_sub(1)?)?;
        // Of the last days the walk does not see all.
        (close + 2 * 1_440 < self.walls.len()).then(|| self.at(close))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn a_calendar_counts_as_one_who_walks_its_minutes(
        zone in proptest::sample::select(&ZONES[..]),
        days in proptest::collection::vec(proptest::sample::select(&DAYS[..]), 7),
        near in proptest::sample::select(&NEAR[..]),
        (start, holiday, length, moved) in (0usize..5_000, 2i64..9, 0i64..3, 2i64..9),
        (open, business) in (1u32..4_000, 1u32..6),
    ) {
        let slots = |day: &str| day.split_whitespace().map(|slot| slot.parse::<Slot>().expect("an opening")).collect();
        let week: [Vec<Slot>; 7] = std::array::from_fn(|at| slots(days[at]));
        let Ok(hours) = Hours::new(week.clone()) else { return Ok(()) };
        let near: Timestamp = near.parse().expect("a time");
        let zone = TimeZone::get(zone).expect("a time zone");
        let date = |after: i64| near.to_zoned(zone.clone()).date().checked_add(Days::new().days(after)).expect("a date");
        let holidays = vec![format!("{}..{}", date(holiday), date(holiday + length)).parse().expect("dates")];
        let calendar = Calendar::new(zone.clone(), hours, holidays, BTreeMap::from([(date(moved), Weekday::Friday)]));
        let begin = near.as_millisecond() - DAY;
        let walk = Walk::new(&calendar, &week, begin);
        // Not so near to the beginning that a slot of the day before is missed.
        let start = start + 1_600;
        if let Some(expected) = walk.after_open(start, open) {
            prop_assert_eq!(calendar.due(walk.at(start), Span::OpenMinutes(open)), Some(expected));
        }
        if let Some(expected) = walk.after_business_days(start, business) {
            prop_assert_eq!(calendar.due(walk.at(start), Span::BusinessDays(business)), Some(expected));
        }
        for minute in (start..start + 3_000).step_by(7) {
            prop_assert_eq!(calendar.is_open(walk.at(minute)), walk.is_open[minute], "at {}", walk.walls[minute]);
        }
        let counted = walk.is_open[start..start + 3_000].iter().filter(|open| **open).count();
        let expected = i64::try_from(counted).expect("a number") * MINUTE;
        prop_assert_eq!(calendar.open_between(walk.at(start), walk.at(start + 3_000)), expected);
    }
}
