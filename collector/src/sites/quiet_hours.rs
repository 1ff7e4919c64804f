//! The hours in which a site sends its customers no mail.

use std::fmt;
use std::str::FromStr;

use anyhow::ensure;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::calendars::Slot;
use crate::clock::Millis;

/// Minutes of a day.
const DAY: u16 = 1_440;

/// A part of each day, such as `22:00-07:00`, on the clocks of the site's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QuietHours(Slot);

impl QuietHours {
    /// When they end, if a moment is in them.
    pub fn end(self, at: Millis, zone: &TimeZone) -> Option<Millis> {
        let now = Timestamp::from_millisecond(at).ok()?.to_zoned(zone.clone());
        let minute = u16::from(now.hour().unsigned_abs()) * 60 + u16::from(now.minute().unsigned_abs());
        let (from, to) = self.0.minutes();
        // Those of the day before may last into this one.
        let to = if (from..to).contains(&minute) {
            to
        } else if minute + DAY < to {
            to - DAY
        } else {
            return None;
        };
        let date = if to >= DAY { now.date().tomorrow().ok()? } else { now.date() };
        // Where clocks are put back, the first of two ends may be over already.
        moment(date, to % DAY, zone).filter(|end| *end > at)
    }
}

/// The moment when clocks show a minute of a date; where they skip it, an hour later.
fn moment(date: Date, minute: u16, zone: &TimeZone) -> Option<Millis> {
    let [hour, minute] = [minute / 60, minute % 60].map(|part| i8::try_from(part).unwrap_or_default());
    let time = Time::new(hour, minute, 0, 0).ok()?;
    let zoned = zone.to_ambiguous_zoned(date.to_datetime(time)).compatible().ok()?;
    Some(zoned.timestamp().as_millisecond())
}

impl FromStr for QuietHours {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let slot: Slot = text.trim().parse()?;
        let (from, to) = slot.minutes();
        ensure!(to - from < DAY, "quiet_hours leave some time of the day for mail, such as 22:00-07:00");
        Ok(Self(slot))
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for QuietHours {
    type Error = anyhow::Error;

    fn try_from(text: String) -> anyhow::Result<Self> {
        text.parse()
    }
}

impl From<QuietHours> for String {
    fn from(hours: QuietHours) -> Self {
        hours.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect(name)
    }

    fn at(text: &str) -> Millis {
        text.parse::<jiff::Timestamp>().expect(text).as_millisecond()
    }

    fn end(hours: &str, now: &str, name: &str) -> Option<Millis> {
        hours.parse::<QuietHours>().expect(hours).end(at(now), &zone(name))
    }

    #[test]
    fn last_over_midnight_in_the_time_of_the_site() {
        let shanghai = |now| end("22:00-07:00", now, "Asia/Shanghai");
        assert_eq!(shanghai("2026-11-30T13:59:59Z"), None);
        assert_eq!(shanghai("2026-11-30T14:00:00Z"), Some(at("2026-11-30T23:00:00Z")));
        assert_eq!(shanghai("2026-11-30T22:59:59Z"), Some(at("2026-11-30T23:00:00Z")));
        assert_eq!(shanghai("2026-11-30T23:00:00Z"), None);
        assert_eq!(end("12:30-13:30", "2026-11-30T12:45:00Z", "UTC"), Some(at("2026-11-30T13:30:00Z")));
        assert_eq!(end("18:00-00:00", "2026-11-30T23:59:00Z", "UTC"), Some(at("2026-12-01T00:00:00Z")));
    }

    #[test]
    fn end_by_the_clock_where_clocks_are_changed() {
        // 2026-03-29 02:00 is 03:00, and 2026-10-25 03:00 is 02:00 again.
        assert_eq!(end("22:00-02:30", "2026-03-29T00:30:00Z", "Europe/Berlin"), Some(at("2026-03-29T01:30:00Z")));
        assert_eq!(end("22:00-07:00", "2026-10-24T22:30:00Z", "Europe/Berlin"), Some(at("2026-10-25T06:00:00Z")));
        assert_eq!(end("22:00-02:30", "2026-10-25T01:10:00Z", "Europe/Berlin"), None);
    }

    #[test]
    fn leave_some_of_the_day() {
        for wrong in ["", "22:00", "00:00-24:00", "07:00-07:00", "25:00-07:00", "nights"] {
            assert!(wrong.parse::<QuietHours>().is_err(), "{wrong}");
        }
        assert_eq!("22:00-07:00".parse::<QuietHours>().expect("good").to_string(), "22:00-07:00");
    }

    proptest! {
        #[test]
        fn are_over_at_their_end(from in 0u16..DAY, length in 1u16..DAY, now in 0i64..4_102_444_800_000) {
            let to = (from + length) % DAY;
            let hours: QuietHours =
                format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60).parse().expect("hours");
            for name in ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"] {
                let zone = zone(name);
                if let Some(end) = hours.end(now, &zone) {
                    prop_assert!(end > now && end - now <= 25 * crate::clock::HOUR);
                    // But for the hour that clocks show twice.
                    prop_assert!(hours.end(end, &zone).is_none_or(|next| next - end <= crate::clock::HOUR));
                }
            }
        }
    }
}
