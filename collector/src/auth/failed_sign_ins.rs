//! Failures to sign in, counted in memory: whoever fails is noted once in a while, with how often since, so that nobody fills the audit log by failing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::{MINUTE, Millis};

/// Failures of the same kind within this time are one entry.
const FOLD: Millis = 10 * MINUTE;

/// The failures that were noted lately, by whose they are and why: there are no more kinds than members and reasons.
#[derive(Debug, Default)]
pub struct FailedSignIns(Mutex<HashMap<Failed, Folded>>);

/// What tells failures apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Failed {
    /// What of the audit log it is noted to.
    pub(super) object: String,
    /// Why.
    pub(super) reason: &'static str,
}

#[derive(Clone, Copy, Debug)]
struct Folded {
    since: Millis,
    /// How many have not been noted.
    more: u32,
}

impl FailedSignIns {
    /// Counts a failure; gives how many of its kind are to be noted now, if it is time.
    pub(super) fn count(&self, failed: &Failed, now: Millis) -> Option<u32> {
        let mut folded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match folded.get_mut(failed) {
            Some(known) if now < known.since + FOLD => {
                known.more = known.more.saturating_add(1);
                None
            }
            _ => {
                let before = folded.insert(failed.clone(), Folded { since: now, more: 0 });
                Some(1 + before.map_or(0, |before| before.more))
            }
        }
    }

    /// Takes out what was folded for long enough.
    pub(super) fn take_due(&self, now: Millis) -> Vec<(Failed, u32)> {
        let mut folded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = folded.extract_if(|_, known| now >= known.since + FOLD);
        due.filter(|(_, known)| known.more > 0).map(|(failed, known)| (failed, known.more)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_ten_minutes_are_one_entry_and_none_is_lost() {
        let failures = FailedSignIns::default();
        let failed = |reason| Failed { object: "sign-in".to_owned(), reason };
        let counted: Vec<_> = (0..100).filter_map(|n| failures.count(&failed("password"), n)).collect();
        assert_eq!(counted, [1]);
        assert_eq!(failures.count(&failed("link"), 5), Some(1), "another kind");
        assert_eq!(failures.take_due(FOLD - 1), []);
        assert_eq!(failures.take_due(FOLD), [(failed("password"), 99)]);
        assert_eq!(failures.count(&failed("link"), 2 * FOLD), Some(1));
        failures.count(&failed("link"), 2 * FOLD + 1);
        assert_eq!(failures.count(&failed("link"), 3 * FOLD), Some(2));
    }
}
