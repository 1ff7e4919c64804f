//! Rate limits, in memory of this process: each replica counts for itself.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::Error;
use super::client::ClientAddress;
use crate::config::Config;

/// The limiters of everything that can be guessed.
#[derive(Debug)]
pub struct Limits {
    codes: Option<DefaultKeyedRateLimiter<IpAddr>>,
    sign_ins_by_address: Option<DefaultKeyedRateLimiter<IpAddr>>,
    sign_ins_by_member: Option<DefaultKeyedRateLimiter<String>>,
    wrong_tokens: Option<DefaultKeyedRateLimiter<IpAddr>>,
}

impl Limits {
    /// Limiters by the settings; none at all when the dangerous switch is on.
    pub fn new(config: &Config) -> Self {
        let quota = |per_minute: u32| Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
        let guarded = !config.dangerous_disable_guards;
        Self {
            codes: guarded.then(|| RateLimiter::keyed(quota(config.limits.code_lookups_per_minute))),
            sign_ins_by_address: guarded.then(|| RateLimiter::keyed(quota(config.limits.sign_ins_per_minute))),
            sign_ins_by_member: guarded.then(|| RateLimiter::keyed(quota(config.limits.sign_ins_per_minute))),
            wrong_tokens: guarded.then(|| RateLimiter::keyed(quota(config.limits.sign_ins_per_minute))),
        }
    }

    /// Counts a look-up of a tracking code.
    pub fn check_code(&self, client: ClientAddress) -> Result<(), Error> {
        check(self.codes.as_ref(), &client.ip())
    }

    /// Counts an attempt to sign in, by address and by member, so that neither many members from one address nor
    /// one member from many addresses can be guessed.
    pub fn check_sign_in(&self, client: ClientAddress, email: &str) -> Result<(), Error> {
        check(self.sign_ins_by_address.as_ref(), &client.ip())?;
        check(self.sign_ins_by_member.as_ref(), &email.to_lowercase())
    }

    /// Counts a request with a token that is none. Those with a good one are not counted: a token is too long to be guessed.
    pub fn check_token(&self, client: ClientAddress) -> Result<(), Error> {
        check(self.wrong_tokens.as_ref(), &client.ip())
    }

    /// Forgets clients that have been quiet, so that memory does not grow with their number.
    pub fn forget_quiet(&self) {
        if let Some(limiter) = &self.codes {
            limiter.retain_recent();
        }
        if let Some(limiter) = &self.sign_ins_by_address {
            limiter.retain_recent();
        }
        if let Some(limiter) = &self.sign_ins_by_member {
            limiter.retain_recent();
        }
        if let Some(limiter) = &self.wrong_tokens {
            limiter.retain_recent();
        }
    }
}

fn check<K: std::hash::Hash + Eq + Clone>(limiter: Option<&DefaultKeyedRateLimiter<K>>, key: &K) -> Result<(), Error> {
    let Some(limiter) = limiter else { return Ok(()) };
    limiter.check_key(key).map_err(|not_until| {
        let wait = not_until.wait_time_from(DefaultClock::default().now());
        Error::TooMany { retry_after: wait.max(Duration::from_secs(1)).as_secs_f64().ceil() as u64 }
    })
}
