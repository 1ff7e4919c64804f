//! Faults: processes that are killed, disks that are full, databases that restart. Whatever happens, what was answered is there, once, and
//! what follows from it happens.
//!
//! Each test is short, unless `SAYSO_TEST_ROUND=full`, which `cargo xtask test faults` sets.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod api;
mod chance;
mod disk;
mod kills;
mod load;
mod replicas;
mod restart;
mod stage;

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
