//! What the form of a case's properties shows.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use serde::{Deserialize, Serialize};

use crate::cases::Case;
use crate::clock::{MINUTE, Millis};

/// What a case is sorted by, as the fields of the form have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Values {
    pub(super) kind: String,
    pub(super) category: String,
    pub(super) priority: String,
    pub(super) tags: String,
    pub(super) team: String,
    pub(super) follow_up: String,
    /// The time of that day, if it is another than its begin.
    pub(super) follow_up_time: String,
    pub(super) problem: String,
    /// The time of the follow-up to the minute, of which the form shows the day.
    pub(super) follow_up_at: Option<Millis>,
}

impl Values {
    /// Those that a case has.
    pub(super) fn of(case: &Case, zone: &TimeZone) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            kind: case.kind.clone(),
            category: text(&case.category),
            priority: case.priority.clone(),
            tags: case.tags().iter().collect::<Vec<_>>().join(", "),
            team: text(&case.team),
            follow_up: case.follow_up_at.map(|at| day(at, zone)).unwrap_or_default(),
            follow_up_time: case.follow_up_at.and_then(|at| time(at, zone)).unwrap_or_default(),
            problem: text(&case.problem),
            follow_up_at: case.follow_up_at,
        }
    }

    /// What the form carries, by which it is told what its sender has seen.
    pub(super) fn marker(&self) -> String {
        serde_json::to_string(self).expect("texts are plain data")
    }

    /// What was typed, where nothing that its sender did not touch hides what somebody else has chosen since.
    pub(super) fn beside(self, seen: &str, now: &Self) -> Self {
        let Ok(seen) = serde_json::from_str::<Self>(seen) else { return self };
        let pick = |typed: String, seen: &str, now: &str| if typed == seen { now.to_owned() } else { typed };
        Self {
            kind: pick(self.kind, &seen.kind, &now.kind),
            category: pick(self.category, &seen.category, &now.category),
            priority: pick(self.priority, &seen.priority, &now.priority),
            tags: pick(self.tags, &seen.tags, &now.tags),
            team: pick(self.team, &seen.team, &now.team),
            follow_up: pick(self.follow_up, &seen.follow_up, &now.follow_up),
            follow_up_time: pick(self.follow_up_time, &seen.follow_up_time, &now.follow_up_time),
            problem: pick(self.problem, &seen.problem, &now.problem),
            follow_up_at: now.follow_up_at,
        }
    }
}

/// The day of a time, as a date field has it.
pub(super) fn day(at: Millis, zone: &TimeZone) -> String {
    jiff::Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(zone.clone()).date().to_string()
}

/// The time of day, as a field has it; none at the begin of a day, which is that of who chose no time.
pub(super) fn time(at: Millis, zone: &TimeZone) -> Option<String> {
    let local = jiff::Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(zone.clone());
    let is_begin = begin_of(&local.date().to_string(), zone) == Some(at);
    (!is_begin).then(|| local.strftime("%H:%M").to_string())
}

/// A time of a day by the clock on the wall.
pub(super) fn moment_of(date: &str, time: &str, zone: &TimeZone) -> Option<Millis> {
    let (date, time): (Date, Time) = (date.parse().ok()?, time.parse().ok()?);
    Some(date.to_datetime(time).to_zoned(zone.clone()).ok()?.timestamp().as_millisecond())
}

/// The last minute of a day: what is to be done on it is not late before it is over.
pub(super) fn last_minute_of(date: &str, zone: &TimeZone) -> Option<Millis> {
    let next = date.parse::<Date>().ok()?.tomorrow().ok()?;
    Some(next.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond() - MINUTE)
}

/// When a day begins.
pub(super) fn begin_of(date: &str, zone: &TimeZone) -> Option<Millis> {
    let date: Date = date.parse().ok()?;
    Some(date.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond())
}
