//! What is refused of strangers, in the security log: a line a minute for each kind, since one for each refusal would make a flood worse.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Clock;

/// How often what need not be done each time is done.
const TURN: Duration = Duration::from_secs(60);

/// How many refusals there were that the log does not have yet.
#[derive(Debug, Default)]
pub struct RefusalCount {
    refused: AtomicU64,
    told_at: AtomicU64,
}

impl RefusalCount {
    /// Counts one; gives how many the log is to have now, if a line is due.
    pub fn count(&self, now: Duration) -> Option<u64> {
        self.refused.fetch_add(1, Ordering::Relaxed);
        takes_turn(&self.told_at, now).then(|| self.refused.swap(0, Ordering::Relaxed))
    }
}

/// Whether it is this caller who does what is due once a minute.
pub fn takes_turn(last: &AtomicU64, now: Duration) -> bool {
    // Zero is never.
    let (before, second) = (last.load(Ordering::Relaxed), now.as_secs() + 1);
    let is_due = before == 0 || second >= before + TURN.as_secs();
    is_due && last.compare_exchange(before, second, Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

/// A kind of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// A web page that may not ask a site.
    Origin,
    /// A proof of work that is none.
    Proof,
    /// A request that can't be read, or whose fields are wrong.
    Input,
}

impl RefusalKind {
    const fn word(self) -> &'static str {
        match self {
            RefusalKind::Origin => "origin",
            RefusalKind::Proof => "proof",
            RefusalKind::Input => "input",
        }
    }

    /// That of a problem, by its name, if it is of input.
    pub fn of_problem(name: &str) -> Option<Self> {
        matches!(name, "malformed" | "invalid" | "too_large" | "unsupported_media_type").then_some(RefusalKind::Input)
    }
}

/// The refusals of a collector, by their kind.
#[derive(Debug)]
pub struct Refusals {
    clock: Clock,
    counts: [RefusalCount; 3],
}

impl Refusals {
    /// None yet.
    pub fn new(clock: &Clock) -> Self {
        Self { clock: clock.clone(), counts: Default::default() }
    }

    /// Notes one.
    pub fn note(&self, refusal: RefusalKind) {
        if let Some(refused) = self.counts[refusal as usize].count(self.clock.running()) {
            tracing::info!(security = "refused", what = refusal.word(), refused, "requests were refused");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_others_once_a_minute() {
        let count = RefusalCount::default();
        let at = |second| count.count(Duration::from_secs(second));
        assert_eq!(at(0), Some(1), "nobody waits to hear that it has begun");
        assert_eq!([at(1), at(30), at(59)], [None; 3]);
        assert_eq!(at(60), Some(4), "none is left out");
        assert_eq!(at(61), None);
    }

    #[test]
    fn what_cannot_be_read_is_told_from_what_is_not_there() {
        assert_eq!(RefusalKind::of_problem("invalid"), Some(RefusalKind::Input));
        assert_eq!(RefusalKind::of_problem("not_found"), None);
    }
}
