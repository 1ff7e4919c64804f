//! Which promise holds for a case, and by which calendar.

use sayso_shared::Kind;

use super::calendar::CalendarDefinition;
use super::objects::Promise;
use crate::calendars::{Calendar, Span};
use crate::cases::Priority;
use crate::clock::Millis;

/// All promises with their calendars, the most specific first, then in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Promises {
    promises: Vec<(Promise, Calendar)>,
    calendars: Vec<(String, Calendar)>,
}

/// What is promised to a customer, and in whose open time.
#[derive(Clone, Debug)]
pub struct Standard {
    /// Until the first message of a person to the customer.
    pub first_response: Option<Span>,
    /// Until the answer to each later message of the customer.
    pub next_response: Option<Span>,
    /// Until the case is resolved.
    pub resolution: Option<Span>,
    /// How long before it is due the team is warned.
    pub warn_before: Option<Span>,
    /// The key of its calendar; none if all time is open.
    pub calendar_key: Option<String>,
}

/// What a case has to be for a promise.
#[derive(Clone, Copy, Debug)]
pub struct Promised<'a> {
    /// The key of its site.
    pub site: &'a str,
    /// Its kind.
    pub kind: Kind,
    /// Its priority.
    pub priority: Priority,
    /// The customer's tier.
    pub tier: Option<&'a str>,
}

impl Promises {
    /// Those of a service. One whose calendar can't be read is left out.
    pub fn new(promises: &[Promise], calendars: &[CalendarDefinition]) -> Self {
        let calendar = |promise: &Promise| match &promise.calendar {
            None => Some(Calendar::always_open()),
            Some(key) => calendars.iter().find(|calendar| calendar.key == *key)?.calendar().ok(),
        };
        let mut all: Vec<_> =
            promises.iter().filter_map(|promise| Some((promise.clone(), calendar(promise)?))).collect();
        all.sort_by_key(|(promise, _)| std::cmp::Reverse(promise.specificity()));
        let calendars = calendars.iter().filter_map(|known| Some((known.key.to_string(), known.calendar().ok()?)));
        Self { promises: all, calendars: calendars.collect() }
    }

    /// The calendar with a key; without a key, and where it was removed, one that is always open.
    pub fn calendar(&self, key: Option<&str>) -> Calendar {
        let known = key.and_then(|key| self.calendars.iter().find(|(known, _)| known == key));
        known.map_or_else(Calendar::always_open, |(_, calendar)| calendar.clone())
    }

    /// The calendar of the most general promise to a site that has one.
    pub fn calendar_of_site(&self, site_key: &str) -> Option<&Calendar> {
        let of_site = |promise: &Promise| promise.site.as_ref().is_none_or(|site| site.as_str() == site_key);
        // The most specific ones come first.
        let mut found =
            self.promises.iter().rev().filter(|(promise, _)| of_site(promise) && promise.calendar.is_some());
        found.next().map(|(_, calendar)| calendar)
    }

    /// What is promised for a case. A site for which nothing is set up promises a first response within its `first_response_hours`, in time that is
    /// always open, and nothing if these are 0.
    pub fn standard(&self, case: Promised<'_>, hours: u32) -> Standard {
        match self.of(case) {
            Some(promise) => Standard {
                first_response: promise.first_response,
                next_response: promise.next_response,
                resolution: promise.resolution,
                warn_before: promise.warn_before,
                calendar_key: promise.calendar.as_ref().map(ToString::to_string),
            },
            None => Standard {
                first_response: (hours > 0).then_some(Span::OpenMinutes(hours * 60)),
                next_response: None,
                resolution: None,
                warn_before: None,
                calendar_key: None,
            },
        }
    }

    /// The promise that holds: the most specific one, then the first.
    pub fn of(&self, case: Promised<'_>) -> Option<&Promise> {
        self.found(case).map(|(promise, _)| promise)
    }

    /// When the first response to a case is due that was received at `received_at`; a site for which nothing is set up promises its
    /// `first_response_hours`, in time that is always open, and nothing if these are 0.
    pub fn first_response_due(&self, case: Promised<'_>, hours: u32, received_at: Millis) -> Option<Millis> {
        match self.found(case) {
            Some((promise, calendar)) => calendar.due(received_at, promise.first_response?),
            None if hours == 0 => None,
            None => Calendar::always_open().due(received_at, Span::OpenMinutes(hours * 60)),
        }
    }

    fn found(&self, case: Promised<'_>) -> Option<&(Promise, Calendar)> {
        self.promises.iter().find(|(promise, _)| promise.fits(case.site, case.kind, case.priority, case.tier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::HOUR;
    use crate::service::file::ServiceFile;
    use crate::service::read::read;

    fn promises(text: &str) -> Promises {
        let file = read(text, &ServiceFile::default()).expect("a service");
        Promises::new(&file.promises, &file.calendars)
    }

    fn case(kind: Kind, priority: Priority) -> Promised<'static> {
        Promised { site: "acme", kind, priority, tier: None }
    }

    #[test]
    fn the_most_specific_promise_wins_then_the_first() {
        let promises = promises(
            "[[promise]]\nfirst_response = '9h'\n[[promise]]\nkind = 'complaint'\nfirst_response = '4h'\n\
             [[promise]]\npriority = 'urgent'\nfirst_response = '1h'\n\
             [[promise]]\nkind = 'praise'\npriority = 'urgent'\nresolution = '1h'\n",
        );
        let due = |kind, priority| promises.first_response_due(case(kind, priority), 24, 0).map(|due| due / HOUR);
        assert_eq!(due(Kind::Question, Priority::Normal), Some(9));
        assert_eq!(due(Kind::Complaint, Priority::Normal), Some(4));
        assert_eq!(due(Kind::Complaint, Priority::Urgent), Some(4), "the first of two that are as specific");
        assert_eq!(due(Kind::Question, Priority::Urgent), Some(1));
        assert_eq!(due(Kind::Praise, Priority::Urgent), None, "it promises no first response");
        assert!(promises.of(case(Kind::Praise, Priority::Urgent)).is_some_and(|promise| promise.resolution.is_some()));
    }

    #[test]
    fn a_site_without_promises_has_its_hours() {
        let none = Promises::default();
        assert_eq!(none.first_response_due(case(Kind::Question, Priority::Normal), 24, 0), Some(24 * HOUR));
        assert_eq!(none.first_response_due(case(Kind::Question, Priority::Normal), 0, 0), None);
    }
}
