//! Open time between many pairs of moments: a calendar is laid out once, and then only looked up.

use crate::calendars::Calendar;
use crate::clock::{DAY, MINUTE, Millis};
use crate::service::promises::Promises;

/// How far back a calendar is laid out, where a report has no beginning; what is older is counted day by day.
const BACK: Millis = 1_100 * DAY;

/// The open time of calendars by their keys.
#[derive(Debug)]
pub struct OpenTimes<'a> {
    promises: &'a Promises,
    from: Millis,
    to: Millis,
    known: Vec<(String, Laid)>,
}

/// A calendar within a time.
#[derive(Debug)]
struct Laid {
    calendar: Calendar,
    /// The open intervals in their order, each with the open time before it.
    intervals: Vec<(Millis, Millis, Millis)>,
    /// When it begins.
    from: Millis,
    /// How many intervals begin before each day of it.
    before: Vec<usize>,
}

impl<'a> OpenTimes<'a> {
    /// For moments from `from` on, until a while after `now`.
    pub fn new(promises: &'a Promises, from: Option<Millis>, now: Millis) -> Self {
        Self { promises, from: from.unwrap_or(now - BACK) - DAY, to: now + DAY, known: Vec::new() }
    }

    /// The open time from one moment to another, in whole minutes, less what of it lies in pauses; `key` is that of the calendar, and without one all time is
    /// open.
    pub fn minutes(&mut self, key: Option<&str>, from: Millis, to: Millis, pauses: &[(Millis, Millis)]) -> i64 {
        let (begin, end) = (self.from, self.to);
        let calendar = key.map(|key| self.laid(key));
        let open = |from: Millis, to: Millis| match calendar {
            _ if to <= from => 0,
            None => to - from,
            Some(laid) if begin <= from && to <= end => laid.until(to) - laid.until(from),
            Some(laid) => laid.calendar.open_between(from, to),
        };
        let paused: Millis = pauses.iter().map(|(begin, end)| open((*begin).max(from), (*end).min(to))).sum();
        (open(from, to) - paused).max(0) / MINUTE
    }

    /// The calendar with a key, of which there are few.
    fn laid(&mut self, key: &str) -> &Laid {
        let known = self.known.iter().position(|(known, _)| known == key);
        let place = known.unwrap_or_else(|| {
            let laid = Laid::new(self.promises.calendar(Some(key)), self.from, self.to);
            self.known.push((key.to_owned(), laid));
            self.known.len() - 1
        });
        &self.known[place].1
    }
}

impl Laid {
    fn new(calendar: Calendar, from: Millis, to: Millis) -> Self {
        let mut sum = 0;
        let mut intervals: Vec<(Millis, Millis, Millis)> = Vec::new();
        for (opens, closes) in calendar.open_within(from, to) {
            intervals.push((opens, closes, sum));
            sum += closes - opens;
        }
        let days = (to - from).max(0) / DAY;
        let before = (0..=days).map(|day| intervals.partition_point(|(opens, ..)| *opens < from + day * DAY)).collect();
        Self { calendar, intervals, from, before }
    }

    /// The open time from the beginning of what is laid out.
    fn until(&self, at: Millis) -> Millis {
        let day = usize::try_from((at - self.from) / DAY).ok();
        let before = day.and_then(|day| self.before.get(day)).copied().unwrap_or_default();
        let within = self.intervals[before..].iter().take_while(|(opens, ..)| *opens <= at).count();
        let last = (before + within).checked_sub(1).map(|last| self.intervals[last]);
        let Some((opens, closes, sum)) = last else { return 0 };
        sum + at.min(closes) - opens
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendars::{Hours, Slot};
    use crate::clock::HOUR;

    fn office() -> Calendar {
        let slots = |slots: &[&str]| slots.iter().map(|slot| slot.parse::<Slot>().expect("a slot")).collect::<Vec<_>>();
        let day = || slots(&["09:00-12:00", "13:00-17:30"]);
        let hours = Hours::new([day(), day(), day(), day(), day(), slots(&["22:00-02:00"]), Vec::new()]);
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
        Calendar::new(zone, hours.expect("no overlap"), Vec::new(), Default::default())
    }

    proptest! {
        #[test]
        fn it_is_what_the_calendar_says(start in 0_i64..400 * 24, length in -30_i64..600) {
            let now = 1_790_000_000_000;
            let laid = Laid::new(office(), now - 400 * DAY, now);
            let from = now - 400 * DAY + start * HOUR;
            let to = (from + length * HOUR).clamp(from, now);
            prop_assert_eq!(laid.until(to) - laid.until(from), laid.calendar.open_between(from, to));
        }
    }

    #[test]
    fn pauses_and_seconds_do_not_count() {
        let promises = Promises::default();
        let mut times = OpenTimes::new(&promises, Some(0), 100 * DAY);
        assert_eq!(times.minutes(None, 0, HOUR + 59_999, &[(10 * MINUTE, 20 * MINUTE), (2 * HOUR, 3 * HOUR)]), 50);
        assert_eq!(times.minutes(Some("gone"), DAY, DAY + HOUR, &[]), 60, "a calendar that was removed is always open");
    }
}
