//! By which clock a site lives.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::Service;
use crate::sites::Site;

impl Service {
    /// The time zone of a site: its own, else that of the calendar of its promise, else of the first calendar, else UTC.
    pub fn zone_of(&self, site: &Site) -> TimeZone {
        let own = site.settings.time_zone.as_ref().map(|zone| zone.zone().clone());
        let promised = || self.promises.calendar_of_site(site.key()).map(|calendar| calendar.zone().clone());
        let first = || self.calendars.first()?.calendar().ok().map(|calendar| calendar.zone().clone());
        own.or_else(promised).or_else(first).unwrap_or(TimeZone::UTC)
    }

    /// The same, or UTC where there is no site.
    pub fn zone_of_any(&self, site: Option<&Site>) -> TimeZone {
        site.map_or(TimeZone::UTC, |site| self.zone_of(site))
    }

    /// The time zone of the first of `sites`, for what spans several of them.
    pub fn zone_of_first(&self, sites: &[Arc<Site>]) -> TimeZone {
        self.zone_of_any(sites.first().map(Arc::as_ref))
    }
}
