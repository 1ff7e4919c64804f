//! By which clock a site lives.

use jiff::tz::TimeZone;

use super::Service;
use crate::sites::Site;

impl Service {
    /// The time zone of a site: its own; where that is UTC, which is also what an unset one is, that of the calendar of its promise, else of the first
    /// calendar.
    pub fn zone_of(&self, site: &Site) -> TimeZone {
        let own = site.settings.time_zone.zone();
        if own.iana_name().is_some_and(|name| name != "UTC") {
            return own.clone();
        }
        let promised = self.promises.calendar_of_site(site.key());
        let first = || self.calendars.first().and_then(|calendar| calendar.calendar().ok());
        promised.cloned().or_else(first).map_or(TimeZone::UTC, |calendar| calendar.zone().clone())
    }
}
