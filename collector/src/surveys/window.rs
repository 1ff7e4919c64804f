//! When a survey can be answered: from the first day to the last, by the clock of its site.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::clock::Millis;
use crate::service::survey::Survey;

/// Whether a survey can be answered on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// It opens on this day.
    NotYet(Date),
    /// It can.
    Open,
    /// This was its last day.
    Closed(Date),
}

impl Window {
    /// That of a survey at a moment, in the zone of its site.
    pub fn at(survey: &Survey, now: Millis, zone: &TimeZone) -> Self {
        let now = Timestamp::from_millisecond(now).unwrap_or_default();
        Self::of(survey, now.to_zoned(zone.clone()).date())
    }

    fn of(survey: &Survey, today: Date) -> Self {
        match (survey.opens.map(|day| day.civil()), survey.closes.map(|day| day.civil())) {
            (Some(opens), _) if today < opens => Self::NotYet(opens),
            (_, Some(closes)) if today > closes => Self::Closed(closes),
            _ => Self::Open,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn both_days_count() {
        let survey: Survey = serde_json::from_value(serde_json::json!({
            "key": "s", "kind": "nps", "site": "acme", "title": {"en": "S"}, "opens": "2026-12-01", "closes": "2026-12-31",
        }))
        .unwrap();
        let on = |day: &str| Window::of(&survey, day.parse().unwrap());
        assert_eq!(on("2026-11-30"), Window::NotYet(jiff::civil::date(2026, 12, 1)));
        assert_eq!((on("2026-12-01"), on("2026-12-31")), (Window::Open, Window::Open));
        assert_eq!(on("2027-01-01"), Window::Closed(jiff::civil::date(2026, 12, 31)));
    }
}
