//! Rate limits, in memory of this process: each replica counts for itself. Nothing here knows an address or an e-mail address:
//! clients are hashes of the day (see [`ClientAddress`]), members hashes of this process.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::Error;
use super::client::ClientAddress;
use crate::clock::Clock;
use crate::config::Config;

/// How often clients that have been quiet are forgotten, at most.
const SWEEP: Duration = Duration::from_secs(60);

/// Requests over a limit that are looked up a second, in case they repeat what was accepted. A flood must not reach the database.
const REPEATS_PER_SECOND: NonZeroU32 = NonZeroU32::new(50).unwrap();

/// The limiters of everything that can be flooded or guessed.
#[derive(Debug)]
pub struct Limits {
    guards: Option<Guards>,
    repeats: RateLimiter<NotKeyed, InMemoryState, Clock, NoOpMiddleware<Duration>>,
}

#[derive(Debug)]
struct Guards {
    submissions: Limiter<ClientAddress>,
    site_submissions: Limiter<String>,
    challenges: Limiter<ClientAddress>,
    codes: Limiter<ClientAddress>,
    sign_ins_by_address: Limiter<ClientAddress>,
    sign_ins_by_member: Limiter<u64>,
    uploads: Limiter<ClientAddress>,
    wrong_tokens: Limiter<ClientAddress>,
    hasher: RandomState,
}

impl Limits {
    /// Limiters by the settings; none at all when the dangerous switch is on.
    pub fn new(config: &Config, clock: &Clock) -> Self {
        let limits = &config.limits;
        let guards = (!config.dangerous_disable_guards).then(|| Guards {
            submissions: Limiter::per_minute(limits.submissions_per_minute, clock),
            site_submissions: Limiter::per_minute(limits.site_submissions_per_minute, clock),
            challenges: Limiter::per_minute(limits.challenges_per_minute, clock),
            codes: Limiter::per_minute(limits.code_lookups_per_minute, clock),
            sign_ins_by_address: Limiter::per_minute(limits.sign_ins_per_minute, clock),
            sign_ins_by_member: Limiter::per_minute(limits.sign_ins_per_minute, clock),
            uploads: Limiter::per_minute(limits.uploads_per_minute, clock),
            wrong_tokens: Limiter::per_minute(limits.sign_ins_per_minute, clock),
            hasher: RandomState::new(),
        });
        let repeats = RateLimiter::direct_with_clock(Quota::per_second(REPEATS_PER_SECOND), clock.clone());
        Self { guards, repeats }
    }

    /// Whether a request that is over its limit is looked up all the same, in case it repeats what was accepted.
    pub fn may_look_up_repeat(&self) -> bool {
        self.repeats.check().is_ok()
    }

    /// Counts a submission of a client to a site, which all clients together may also send only so many.
    pub fn check_submission(&self, client: ClientAddress, site_id: &str) -> Result<(), Error> {
        let Some(guards) = &self.guards else { return Ok(()) };
        guards.submissions.check(&client)?;
        guards.site_submissions.check(&site_id.to_owned())
    }

    /// Counts a challenge that a client asks for.
    pub fn check_challenge(&self, client: ClientAddress) -> Result<(), Error> {
        self.guards.as_ref().map_or(Ok(()), |guards| guards.challenges.check(&client))
    }

    /// Counts a look-up of a tracking code.
    pub fn check_code(&self, client: ClientAddress) -> Result<(), Error> {
        self.guards.as_ref().map_or(Ok(()), |guards| guards.codes.check(&client))
    }

    /// Counts an attempt to sign in, by address and by member, so that neither many members from one address nor
    /// one member from many addresses can be guessed.
    pub fn check_sign_in(&self, client: ClientAddress, email: &str) -> Result<(), Error> {
        let Some(guards) = &self.guards else { return Ok(()) };
        guards.sign_ins_by_address.check(&client)?;
        guards.sign_ins_by_member.check(&guards.hasher.hash_one(email.to_lowercase()))
    }

    /// Counts an uploaded file.
    pub fn check_upload(&self, client: ClientAddress) -> Result<(), Error> {
        self.guards.as_ref().map_or(Ok(()), |guards| guards.uploads.check(&client))
    }

    /// Counts a request with a token that is none. Those with a good one are not counted: a token is too long to be guessed.
    pub fn check_token(&self, client: ClientAddress) -> Result<(), Error> {
        self.guards.as_ref().map_or(Ok(()), |guards| guards.wrong_tokens.check(&client))
    }

    /// Forgets clients that have been quiet, so that memory does not grow with their number.
    pub fn forget_quiet(&self) {
        let Some(guards) = &self.guards else { return };
        let by_client = [
            &guards.submissions,
            &guards.challenges,
            &guards.uploads,
            &guards.codes,
            &guards.sign_ins_by_address,
            &guards.wrong_tokens,
        ];
        for limiter in by_client {
            limiter.requests.retain_recent();
        }
        guards.site_submissions.requests.retain_recent();
        guards.sign_ins_by_member.requests.retain_recent();
    }
}

/// So many a minute for each key, and all of them at once if need be.
#[derive(Debug)]
struct Limiter<K: Hash + Eq + Clone> {
    requests: RateLimiter<K, DashMapStateStore<K>, Clock, NoOpMiddleware<Duration>>,
    clock: Clock,
    swept_at: AtomicU64,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    fn per_minute(count: u32, clock: &Clock) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN));
        let requests = RateLimiter::dashmap_with_clock(quota, clock.clone());
        Self { requests, clock: clock.clone(), swept_at: AtomicU64::new(0) }
    }

    fn check(&self, key: &K) -> Result<(), Error> {
        let now = self.clock.running();
        self.sweep(now);
        self.requests.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(now).max(Duration::from_secs(1));
            Error::TooMany { retry_after: wait.as_secs_f64().ceil() as u64 }
        })
    }

    /// A flood from many addresses must not fill the memory until the next housekeeping.
    fn sweep(&self, now: Duration) {
        let swept_at = self.swept_at.load(Ordering::Relaxed);
        let is_due = now.as_secs() >= swept_at + SWEEP.as_secs();
        let takes_turn =
            || self.swept_at.compare_exchange(swept_at, now.as_secs(), Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if is_due && takes_turn() {
            self.requests.retain_recent();
        }
    }
}

impl governor::clock::Clock for Clock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.running()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn retry_after(result: Result<(), Error>) -> Option<u64> {
        result.err().and_then(|error| error.retry_after())
    }

    proptest! {
        #[test]
        fn whoever_waits_as_told_gets_in(count in 1..200_u32, keys in 1..4_u8) {
            let clock = Clock::default();
            let limiter = Limiter::per_minute(count, &clock);
            for key in 0..keys {
                for _ in 0..count {
                    prop_assert!(limiter.check(&key).is_ok());
                }
            }
            // Meanwhile time may have passed and let one more in; then the next one is refused.
            let wait = (0..count).find_map(|_| retry_after(limiter.check(&0)));
            let wait = wait.expect("a full minute's worth at once is refused");
            prop_assert!((1..=60).contains(&wait));
            clock.advance(i64::try_from(wait).expect("a minute") * 1_000);
            prop_assert!(limiter.check(&0).is_ok());
        }
    }

    #[test]
    fn the_quiet_are_forgotten_without_housekeeping() {
        let clock = Clock::default();
        let limiter = Limiter::per_minute(60, &clock);
        for key in 0..1_000 {
            limiter.check(&key).expect("the first of each");
        }
        assert_eq!(limiter.requests.len(), 1_000);
        clock.advance(120_000);
        limiter.check(&0).expect("long after");
        assert_eq!(limiter.requests.len(), 1);
    }
}
