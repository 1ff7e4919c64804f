//! What the form of a case's properties shows.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::cases::Case;
use crate::cases::idempotency::request_hash;
use crate::clock::{MINUTE, Millis};

/// What a case is sorted by, as one word: whoever sends the form has seen this.
pub(super) fn marker(case: &Case) -> String {
    let tags: Vec<String> = case.tags().iter().map(str::to_owned).collect();
    request_hash(&(&case.kind, &case.category, &case.priority, tags, &case.team, case.follow_up_at, &case.problem))
}

/// The day of a time, as a date field has it.
pub(super) fn day(at: Millis, zone: &TimeZone) -> String {
    jiff::Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(zone.clone()).date().to_string()
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
