use proptest::prelude::*;

use super::*;
use crate::clock::{DAY, HOUR};

/// A calendar by its zone, and the openings of days of the week, such as `mon tue=09:00-12:00,13:00-18:00`.
fn calendar(zone: &str, hours: &str) -> Calendar {
    const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let mut days: [Vec<Slot>; 7] = Default::default();
    for group in hours.split("; ") {
        let (names, slots) = group.split_once('=').expect("days and their openings");
        for name in names.split(' ') {
            let at = NAMES.iter().position(|known| *known == name).expect("a day of the week");
            days[at].extend(slots.split(',').map(|slot| slot.parse::<Slot>().expect("an opening")));
        }
    }
    let zone = TimeZone::get(zone).expect("a time zone");
    Calendar::new(zone, Hours::new(days).expect("no overlaps"), Vec::new(), BTreeMap::new())
}

fn berlin() -> Calendar {
    calendar("Europe/Berlin", "mon tue wed thu fri=09:00-17:00")
}

fn shanghai() -> Calendar {
    let mut calendar = calendar("Asia/Shanghai", "mon tue wed thu fri=09:00-12:00,13:00-18:00");
    calendar.holidays = vec!["2026-10-01..2026-10-07".parse().expect("dates")];
    calendar.working_days = BTreeMap::from([(Date::constant(2026, 10, 10), Weekday::Friday)]);
    calendar
}

/// A local time as RFC 3339 without its offset; of one that comes twice the first.
fn at(calendar: &Calendar, local: &str) -> Millis {
    let time: jiff::civil::DateTime = local.parse().expect("a local time");
    time.to_zoned(calendar.zone.clone()).expect("a time").timestamp().as_millisecond()
}

#[test]
fn a_span_without_a_calendar_counts_all_time_but_for_business_days() {
    // A Sunday.
    let noon = "2026-11-29T12:00:00Z".parse::<Timestamp>().expect("a time").as_millisecond();
    let due = |span: &str| {
        let span: Span = span.parse().expect("a span");
        Calendar::unnamed(span).due(noon, span).map(|due| (due - noon) / MINUTE)
    };
    assert_eq!((due("1m"), due("4h"), due("1d")), (Some(1), Some(240), Some(24 * 60)));
    // Received on Monday, so it is over when Tuesday is.
    assert_eq!(due("1bd"), Some((12 + 48) * 60));
}

#[test]
fn the_vectors_of_the_contract_hold() {
    let new_york = calendar("America/New_York", "mon tue wed thu fri=09:00-17:00; sat=22:00-02:00");
    let nights = calendar("Europe/Berlin", "mon tue wed thu fri sat sun=01:00-05:00");
    let always = calendar("America/New_York", "mon tue wed thu fri sat sun=00:00-24:00");
    let chicago = calendar("America/Chicago", "wed=00:30-03:30; fri sat=20:00-04:00");
    for (calendar, start, promise, due) in [
        (&berlin(), "2026-11-27T16:30", "1h", "2026-11-30T09:30"),
        (&shanghai(), "2026-11-23T11:30", "2h", "2026-11-23T14:30"),
        (&shanghai(), "2026-09-30T17:00", "2h", "2026-10-08T10:00"),
        (&shanghai(), "2026-09-30T17:00", "18h", "2026-10-10T10:00"),
        (&new_york, "2026-11-28T23:30", "3h", "2026-11-30T09:30"),
        (&nights, "2026-03-29T01:00", "2h", "2026-03-29T04:00"),
        (&always, "2026-11-01T00:00", "3h", "2026-11-01T02:00"),
        (&berlin(), "2026-11-25T10:00", "3bd", "2026-11-30T17:00"),
        (&berlin(), "2026-11-25T18:00", "3bd", "2026-12-01T17:00"),
        (&berlin(), "2026-11-28T10:00", "3bd", "2026-12-03T17:00"),
        (&berlin(), "2026-11-27T16:30", "30m", "2026-11-27T17:00"),
        (&chicago, "2026-03-22T01:43", "3bd", "2026-04-01T03:30"),
    ] {
        let span: Span = promise.parse().expect("a promise");
        let found = calendar.due(at(calendar, start), span).map(|due| calendar.local(due).datetime().to_string());
        assert_eq!(found, Some(format!("{due}:00")), "{start} + {promise}");
    }
}

#[test]
fn calendar_days_keep_the_wall_clock() {
    let berlin = berlin();
    let due = berlin.due(at(&berlin, "2026-03-28T02:30"), "1d".parse().expect("a promise")).expect("it is due");
    assert_eq!(berlin.local(due).datetime().to_string(), "2026-03-29T03:30:00", "half past two is jumped over");
    let due = berlin.due(at(&berlin, "2026-10-24T10:00"), "8w".parse().expect("a promise")).expect("it is due");
    assert_eq!(berlin.local(due).datetime().to_string(), "2026-12-19T10:00:00");
}

#[test]
fn no_slot_is_open_in_the_hour_that_a_clock_jumps_over() {
    for (hours, promise, due) in [
        ("sun=01:00-02:30", "90m", "2026-04-05T01:30"),
        ("sun=02:30-05:00", "1m", "2026-03-29T03:01"),
        ("sun=02:15-02:45; mon=09:00-17:00", "1m", "2026-03-30T09:01"),
        ("sun=02:00-03:00; mon=09:00-17:00", "1m", "2026-03-30T09:01"),
    ] {
        let calendar = calendar("Europe/Berlin", hours);
        let found = calendar.due(at(&calendar, "2026-03-29T01:00"), promise.parse().expect("a promise"));
        let found = found.map(|due| calendar.local(due).datetime().to_string());
        assert_eq!(found, Some(format!("{due}:00")), "{hours}");
    }
}

#[test]
fn a_calendar_that_is_never_open_promises_nothing() {
    let closed = Calendar::new(TimeZone::UTC, Hours::default(), Vec::new(), BTreeMap::new());
    assert_eq!(closed.due(0, Span::OpenMinutes(1)), None);
    assert_eq!(closed.due(0, Span::BusinessDays(1)), None);
    assert_eq!(closed.due(0, Span::CalendarDays(1)), Some(DAY));
}

#[test]
fn hours_are_read_as_they_are_written() {
    for text in ["09:00-12:00", "22:00-02:00", "00:00-24:00", "22:00-00:00"] {
        let slot: Slot = text.parse().expect("an opening");
        let again: Slot = slot.to_string().parse().expect("it is written as it is read");
        assert_eq!(again, slot, "{text}");
    }
    for text in ["9:00-12:00", "09:00", "09:00–12:00", "24:00-25:00", "24:00-24:00", "09:60-10:00", "+9:00-10:00", ""]
    {
        assert!(text.parse::<Slot>().is_err(), "{text}");
    }
    for text in ["2026-12-25", "2026-10-01..2026-10-07"] {
        assert_eq!(text.parse::<DateRange>().expect("dates").to_string(), text);
    }
    for text in ["2026-10-07..2026-10-01", "20261225", "2026-02-30", "2026-12-25T10:00", "2026-12-25..", ""] {
        assert!(text.parse::<DateRange>().is_err(), "{text}");
    }
    for text in ["30m", "4h", "3bd", "15d", "8w"] {
        assert_eq!(text.parse::<Span>().expect("a promise").to_string(), text);
    }
    for text in ["", "h", "0h", "-1h", "1.5h", "4 h", "4H", "1h30m", "99999999999h", "9999w"] {
        assert!(text.parse::<Span>().is_err(), "{text}");
    }
}

#[test]
fn openings_that_overlap_are_refused() {
    let slot = |text: &str| text.parse::<Slot>().expect("an opening");
    let mut days: [Vec<Slot>; 7] = Default::default();
    days[0] = vec![slot("13:00-18:00"), slot("09:00-13:30")];
    assert!(matches!(Hours::new(days.clone()), Err(HoursError::Overlap(..))));
    days[0] = vec![slot("09:00-13:00"), slot("13:00-18:00")];
    assert!(Hours::new(days.clone()).is_ok(), "one begins where the other ends");
    days[6] = vec![slot("22:00-10:00")];
    assert!(matches!(Hours::new(days), Err(HoursError::Overlap(..))), "Sunday's lasts into Monday's");
}

proptest! {
    #[test]
    fn the_time_until_it_is_due_is_open_time(start in 1_700_000_000_000_i64..1_900_000_000_000, minutes in 1u32..20_000) {
        for calendar in [berlin(), shanghai(), Calendar::always_open()] {
            let due = calendar.due(start, Span::OpenMinutes(minutes)).expect("it is due");
            prop_assert_eq!(calendar.open_between(start, due), i64::from(minutes) * MINUTE);
            // A later start is never due earlier.
            prop_assert!(calendar.due(start + HOUR, Span::OpenMinutes(minutes)).expect("it is due") >= due);
        }
    }

    #[test]
    fn what_is_left_when_a_clock_stands_is_left_when_it_goes_on(start in 1_700_000_000_000_i64..1_900_000_000_000, minutes in 1u32..5_000, pause in 0i64..10_000, rest in 0i64..10_000) {
        let calendar = shanghai();
        let due = calendar.due(start, Span::OpenMinutes(minutes)).expect("it is due");
        let paused = (start + pause * MINUTE).min(due);
        let resumed = paused + rest * MINUTE;
        let left = calendar.open_between(paused, due);
        let later = calendar.add_open(resumed, left).expect("it is due");
        prop_assert!(later >= due);
        prop_assert_eq!(calendar.open_between(start, paused) + calendar.open_between(resumed, later), i64::from(minutes) * MINUTE);
    }

    #[test]
    fn business_days_end_at_a_close_and_count_open_days(start in 1_700_000_000_000_i64..1_900_000_000_000, days in 1u32..30) {
        let calendar = shanghai();
        let due = calendar.due(start, Span::BusinessDays(days)).expect("it is due");
        prop_assert!(due > start && calendar.is_open(due - 1) && !calendar.is_open(due));
        let next = calendar.due(start, Span::BusinessDays(days + 1)).expect("it is due");
        prop_assert_eq!(calendar.open_between(due, next), 8 * HOUR, "one day of eight hours more");
    }

    #[test]
    fn nothing_written_makes_it_fail(text in "\\PC{0,14}") {
        let _ = (text.parse::<Span>(), text.parse::<Slot>(), text.parse::<DateRange>());
    }
}

proptest! {
    #[test]
    fn a_span_is_counted_back_to_the_minute(now in 1_700_000_000_000_i64..1_900_000_000_000, written in "([1-9]|1[0-9])(m|h|bd|d|w)") {
        let span: Span = written.parse().expect("a span");
        for calendar in [berlin(), shanghai(), Calendar::always_open()] {
            let before = calendar.moment_before(now, span).expect("it is not that long ago");
            prop_assert!(calendar.due(before, span).is_some_and(|due| due <= now));
            prop_assert!(calendar.due(before + MINUTE, span).is_none_or(|due| due > now));
        }
    }
}
