//! How busy a site is, and how much work that asks of whoever wants in. In memory of this process: each replica sees its own share.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::{MINUTE, Millis};
use crate::config::Config;

/// Hashes that a challenge takes at most, from quiet to busy; the average is three quarters of it. A phone of these years does some
/// 100,000 of them in a second in plain JavaScript.
const STEPS: [u32; 3] = [20_000, 50_000, 100_000];

/// The accepted submissions of each site in the last minute.
#[derive(Debug)]
pub struct SubmissionRate {
    /// None when proofs are never asked for.
    proof_from: Option<u32>,
    sites: Mutex<HashMap<String, Window>>,
}

/// How much work is asked for: none on a quiet site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difficulty(usize);

impl Difficulty {
    /// No proof is asked for.
    pub const NONE: Difficulty = Difficulty(0);
    /// The least that a challenge takes.
    pub const LEAST: Difficulty = Difficulty(1);
    /// The most that a challenge takes.
    pub const MOST: Difficulty = Difficulty(STEPS.len());

    /// The difficulty for so many submissions in a minute, where proofs are asked for from `from` on. Each step is at twice the
    /// load of the one before.
    pub fn at(per_minute: u32, from: u32) -> Self {
        let reached = (0..STEPS.len()).take_while(|step| u64::from(per_minute) >= u64::from(from) << step);
        Self(reached.count())
    }

    /// Whether a proof is asked for at all.
    pub fn asks_for_proof(self) -> bool {
        self != Self::NONE
    }

    /// Hashes that a challenge takes at most; none where no proof is asked for.
    pub fn hashes(self) -> u32 {
        self.0.checked_sub(1).map_or(0, |step| STEPS[step])
    }
}

impl SubmissionRate {
    /// Quiet everywhere.
    pub fn new(config: &Config) -> Self {
        let from = config.limits.proof_from_per_minute;
        let asks = from > 0 && !config.dangerous_disable_guards;
        Self { proof_from: asks.then_some(from), sites: Mutex::default() }
    }

    /// Counts an accepted submission of a site.
    pub fn record(&self, site_id: &str, now: Millis) {
        if self.proof_from.is_none() {
            return;
        }
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        match sites.get_mut(site_id) {
            Some(window) => window.count(now),
            None => sites.entry(site_id.to_owned()).or_default().count(now),
        }
    }

    /// What a submission to a site must come with now.
    pub fn difficulty(&self, site_id: &str, now: Millis) -> Difficulty {
        let Some(from) = self.proof_from else { return Difficulty::NONE };
        let sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        Difficulty::at(sites.get(site_id).map_or(0, |window| window.per_minute(now)), from)
    }
}

/// Counts of this minute and the one before, of which as much is taken as reaches into the last sixty seconds.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    minute: Millis,
    current: u32,
    previous: u32,
}

impl Window {
    fn count(&mut self, now: Millis) {
        *self = self.moved_to(now);
        self.current = self.current.saturating_add(1);
    }

    fn per_minute(self, now: Millis) -> u32 {
        let window = self.moved_to(now);
        let left = MINUTE - now.rem_euclid(MINUTE);
        let previous = i64::from(window.previous) * left / MINUTE;
        window.current.saturating_add(u32::try_from(previous).unwrap_or(u32::MAX))
    }

    fn moved_to(self, now: Millis) -> Self {
        let minute = now.div_euclid(MINUTE);
        match minute - self.minute {
            ..=0 => self,
            1 => Self { minute, current: 0, previous: self.current },
            _ => Self { minute, current: 0, previous: 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn more_load_never_makes_it_easier(a in 0..100_000_u32, b in 0..100_000_u32, from in 1..10_000_u32) {
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(Difficulty::at(low, from) <= Difficulty::at(high, from));
            prop_assert!(Difficulty::at(low, from).hashes() <= Difficulty::at(high, from).hashes());
        }

        #[test]
        fn it_begins_at_the_threshold_and_ends_at_what_a_phone_can_do(per_minute: u32, from in 1..u32::MAX) {
            let difficulty = Difficulty::at(per_minute, from);
            prop_assert_eq!(difficulty.asks_for_proof(), per_minute >= from);
            prop_assert!(difficulty <= Difficulty::MOST && difficulty.hashes() <= 100_000);
        }

        #[test]
        fn no_more_is_counted_than_came_and_all_is_forgotten(times in prop::collection::vec(0..600_000_i64, 0..200)) {
            let mut times = times;
            times.sort_unstable();
            let mut window = Window::default();
            for (index, &now) in times.iter().enumerate() {
                window.count(now);
                let last_two = times[..=index].iter().filter(|&&time| time > now - 2 * MINUTE).count();
                let this = times[..=index].iter().filter(|&&time| time / MINUTE == now / MINUTE).count();
                let counted = window.per_minute(now) as usize;
                prop_assert!((this..=last_two).contains(&counted), "{counted} of {this} to {last_two}");
            }
            prop_assert_eq!(window.per_minute(800_000), 0);
        }
    }

    #[test]
    fn the_steps_are_at_once_twice_and_four_times_the_threshold() {
        let hashes = [0, 59, 60, 119, 120, 239, 240, 10_000].map(|per_minute| Difficulty::at(per_minute, 60).hashes());
        assert_eq!(hashes, [0, 0, 20_000, 20_000, 50_000, 50_000, 100_000, 100_000]);
    }
}
