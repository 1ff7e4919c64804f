//! Which rules match a case.

use super::file::ServiceFile;
use super::rules::{Facts, Hours, Rule};
use super::words::Key;
use crate::calendars::{Calendar, Span};
use crate::clock::Millis;

/// When a case is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now.
    pub now: Millis,
    /// Since when the customer waits for an answer; none if the customer does not.
    pub waiting_since: Option<Millis>,
}

/// The rules that match, in their order, up to one that stops.
pub fn matches<'s>(service: &'s ServiceFile, facts: &Facts<'_>, moment: Moment) -> Vec<&'s Rule> {
    let hours = OfService { service, moment };
    let mut matched = Vec::new();
    for rule in service.rules.iter().filter(|rule| rule.matches(facts, &hours)) {
        matched.push(rule);
        if rule.stop {
            break;
        }
    }
    matched
}

struct OfService<'s> {
    service: &'s ServiceFile,
    moment: Moment,
}

impl Hours for OfService<'_> {
    fn is_closed(&self, calendar: &Key) -> Option<bool> {
        let definition = self.service.calendars.iter().find(|known| known.key == *calendar)?;
        Some(!definition.calendar().ok()?.is_open(self.moment.now))
    }

    /// In time that is always open: a rule names no calendar for it. Business days are Monday to Friday.
    fn is_waiting_longer_than(&self, span: Span) -> bool {
        let due = self.moment.waiting_since.and_then(|since| Calendar::weekdays().due(since, span));
        due.is_some_and(|due| due < self.moment.now)
    }
}
