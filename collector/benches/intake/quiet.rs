//! Whether the machine had nothing else to do: figures of a busy one are worth nothing, and it has to be said.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How much longer the same work may take from one time to the next on a quiet machine.
const SPREAD_MAX: f64 = 1.25;
/// More than this was at work before.
const LOAD_MAX: f64 = 0.7;

/// The same piece of work, timed again and again.
#[derive(Default)]
pub struct Quiet {
    load_before: Option<f64>,
    took: Vec<Duration>,
}

impl Quiet {
    /// Looks at what is at work before the bench.
    pub fn new() -> Self {
        let load = std::fs::read_to_string("/proc/loadavg").ok();
        let load_before = load.and_then(|text| text.split_whitespace().next()?.parse().ok());
        Self { load_before, took: Vec::new() }
    }

    /// Times the piece of work once more.
    pub fn probe(&mut self) {
        let started = Instant::now();
        let mut sum = 0_u64;
        for number in 0..20_000_000_u64 {
            sum = black_box(sum.wrapping_mul(31).wrapping_add(number));
        }
        black_box(sum);
        self.took.push(started.elapsed());
    }

    /// Says whether it was quiet, as a line for the report.
    pub fn print(&self) {
        let (Some(shortest), Some(longest)) = (self.took.iter().min(), self.took.iter().max()) else { return };
        let spread = longest.as_secs_f64() / shortest.as_secs_f64().max(f64::MIN_POSITIVE);
        let load = self.load_before.unwrap_or_default();
        let is_quiet = spread <= SPREAD_MAX && load <= LOAD_MAX;
        println!(
            "\nThe machine was {}: the same work took {:.0} to {:.0} ms between rounds, and the load before was {load:.1}.",
            if is_quiet { "quiet" } else { "NOT quiet, so compare nothing but ratios" },
            shortest.as_secs_f64() * 1_000.0,
            longest.as_secs_f64() * 1_000.0,
        );
    }
}
