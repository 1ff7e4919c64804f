//! Which rules match a case.

use super::calendar::CalendarDefinition;
use super::objects::CategoryDefinition;
use super::rules::{Conditions, Facts, Hours, Rule};
use super::words::{Key, Tag};
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

/// The rules that match, in their order, up to one that stops. Each sees the priority, the team and the tags that those before it give, and so does who asked.
pub fn matches<'s>(
    rules: &'s [Rule],
    calendars: &[CalendarDefinition],
    facts: &mut Facts<'s>,
    moment: Moment,
) -> Vec<&'s Rule> {
    let hours = OfService { calendars, moment };
    let mut matched = Vec::new();
    for rule in rules {
        if !rule.matches(facts, &hours) {
            continue;
        }
        facts.priority = rule.then.priority.unwrap_or(facts.priority);
        facts.team = rule.then.team.as_ref().map(Key::as_str).or(facts.team);
        facts.tags.extend(rule.then.tags.iter().map(Tag::to_string));
        matched.push(rule);
        if rule.stop {
            break;
        }
    }
    matched
}

/// Whether all of some conditions hold.
pub fn hold(when: &Conditions, calendars: &[CalendarDefinition], facts: &Facts<'_>, moment: Moment) -> bool {
    when.hold(facts, &OfService { calendars, moment })
}

/// The team to which the cases of a category go.
pub fn team_of_category<'s>(categories: &'s [CategoryDefinition], facts: &Facts<'_>) -> Option<&'s Key> {
    let is_its = |category: &&CategoryDefinition| {
        category.site.as_str() == facts.site && Some(category.key.as_str()) == facts.category
    };
    categories.iter().find(is_its)?.team.as_ref()
}

struct OfService<'s> {
    calendars: &'s [CalendarDefinition],
    moment: Moment,
}

impl Hours for OfService<'_> {
    fn is_closed(&self, calendar: &Key) -> Option<bool> {
        let definition = self.calendars.iter().find(|known| known.key == *calendar)?;
        Some(!definition.calendar().ok()?.is_open(self.moment.now))
    }

    /// A rule names no calendar for it.
    fn is_waiting_longer_than(&self, span: Span) -> bool {
        let due = self.moment.waiting_since.and_then(|since| Calendar::unnamed(span).due(since, span));
        due.is_some_and(|due| due < self.moment.now)
    }
}
