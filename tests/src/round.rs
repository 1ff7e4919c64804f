//! How much of what can be tried for any time is tried.

/// How much of everything is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// Part of every run of all tests.
    Short,
    /// By itself, with time to spare.
    Full,
}

impl Round {
    /// What the environment says.
    pub fn of_this_run() -> Self {
        match std::env::var("SAYSO_TEST_ROUND").as_deref() {
            Ok("full") => Round::Full,
            Ok("short") | Err(_) => Round::Short,
            Ok(other) => panic!("SAYSO_TEST_ROUND is short or full, not {other}"),
        }
    }

    /// The number for this round.
    pub fn pick(self, short: usize, full: usize) -> usize {
        match self {
            Round::Short => short,
            Round::Full => full,
        }
    }
}
