//! Rate limits, in memory, so that a refusal costs next to nothing. What strangers could spread over several replicas is counted for all
//! of them together (see `exchange`). Nothing here knows an address or an e-mail address: clients and members are hashes of the
//! day (see [`ClientAddress`]).

mod exchange;
mod known;
mod limiter;

use std::num::NonZeroU32;
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::Error;
use super::client::ClientAddress;
use crate::clock::Clock;
use crate::config::Config;
use known::Exchange;
use limiter::Limiter;

/// How many times the limit of one /64 a /56 has, and a /48: a customer may have the one, a company the other.
const AROUND: [u32; 2] = [2, 8];
/// Attempts of one network to sign in as anybody, and of all networks as one member, as multiples of those of one network as one member.
const AS_ANYBODY: u32 = 3;
const FROM_ANYWHERE: u32 = 10;

/// Requests over a limit that are looked up a second, in case they repeat what was accepted. A flood must not reach the database.
const REPEATS_PER_SECOND: NonZeroU32 = NonZeroU32::new(50).unwrap();

/// The limiters of everything that can be flooded or guessed.
#[derive(Debug)]
pub struct Limits {
    guards: Option<Guards>,
    repeats: RateLimiter<NotKeyed, InMemoryState, Clock, NoOpMiddleware<Duration>>,
    exchange: Exchange,
}

#[derive(Debug)]
struct Guards {
    submissions: NetworkLimit,
    site_submissions: Limiter,
    site_forms: Limiter,
    challenges: NetworkLimit,
    codes: NetworkLimit,
    sign_ins: NetworkLimit,
    sign_ins_as_member: Limiter,
    sign_ins_from_anywhere: Limiter,
    sign_ins_of_device: Limiter,
    uploads: NetworkLimit,
    wrong_tokens: NetworkLimit,
    answers: NetworkLimit,
}

/// Who tries to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// A browser in which this member has signed in before, by a hash of what it shows for that.
    KnownDevice(u128),
    /// Anybody, as the member with this hash.
    Stranger(u128),
}

/// What a submission came by, as far as the quota of its site is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// The API, with a proof of work where one was asked for.
    Api,
    /// The form, which can't work, and so has only half of the quota.
    Form,
}

impl Limits {
    /// Limiters by the settings; none at all when the dangerous switch is on.
    pub fn new(config: &Config, clock: &Clock) -> Self {
        let limits = &config.limits;
        let (site, sign_ins) = (limits.site_submissions_per_minute, limits.sign_ins_per_minute);
        let one = |name, most: u32| Limiter::per_minute(name, most, clock);
        let guards = (!config.dangerous_disable_guards).then(|| Guards {
            submissions: NetworkLimit::new(SUBMISSIONS, limits.submissions_per_minute, clock),
            site_submissions: one("submissions_to_site", site).shared(),
            site_forms: one("forms_to_site", site.div_ceil(2)).shared(),
            challenges: NetworkLimit::new(CHALLENGES, limits.challenges_per_minute, clock),
            codes: NetworkLimit::new(CODES, limits.code_lookups_per_minute, clock).shared(),
            sign_ins: NetworkLimit::new(SIGN_INS, sign_ins.saturating_mul(AS_ANYBODY), clock).shared(),
            sign_ins_as_member: one("sign_ins_as_member", sign_ins).shared(),
            sign_ins_from_anywhere: one("sign_ins_from_anywhere", sign_ins.saturating_mul(FROM_ANYWHERE)).shared(),
            sign_ins_of_device: one("sign_ins_of_device", sign_ins).shared(),
            uploads: NetworkLimit::new(UPLOADS, limits.uploads_per_minute, clock),
            wrong_tokens: NetworkLimit::new(WRONG_TOKENS, sign_ins, clock),
            answers: NetworkLimit::new(ANSWERS, limits.answers_per_minute, clock),
        });
        let repeats = RateLimiter::direct_with_clock(Quota::per_second(REPEATS_PER_SECOND), clock.clone());
        Self { guards, repeats, exchange: Exchange::default() }
    }

    /// Whether a request that is over its limit is looked up all the same, in case it repeats what was accepted.
    pub fn may_look_up_repeat(&self) -> bool {
        self.repeats.check().is_ok()
    }

    /// Counts a submission of a client.
    pub fn check_submission(&self, client: ClientAddress) -> Result<(), Error> {
        self.guards.as_ref().map_or(Ok(()), |guards| guards.submissions.check(client))
    }

    /// Refuses the submissions of a client who was refused one and has not waited since.
    pub fn recheck_submission(&self, client: ClientAddress) -> Result<(), Error> {
        self.guards.as_ref().map_or(Ok(()), |guards| guards.submissions.recheck(client))
    }

    /// Counts a submission to a site, of which all clients together may send only so many. Only what has passed everything else comes here: what is
    /// refused anyway must not take the place of what is not.
    pub fn check_site(&self, site_id: &str, entrance: Entrance) -> Result<(), Error> {
        let Some(guards) = &self.guards else { return Ok(()) };
        let key = uuid::Uuid::parse_str(site_id).map_or(0, |id| id.as_u128());
        if entrance == Entrance::Form {
            guards.site_forms.check(key)?;
        }
        guards.site_submissions.check(key)
    }

    /// Counts a challenge that a client asks for.
    pub fn check_challenge(&self, client: ClientAddress) -> Result<(), Error> {
        self.guards.as_ref().map_or(Ok(()), |guards| guards.challenges.check(client))
    }

    /// Counts a look-up of a tracking code.
    pub fn check_code(&self, client: ClientAddress) -> Result<(), Error> {
        self.guards.as_ref().map_or(Ok(()), |guards| guards.codes.check(client))
    }

    /// Counts an attempt to sign in. A stranger is counted by network, by network and member, and by member, the last with so much
    /// room that nobody keeps a member out from one place; and a browser that the member has used before is counted by itself, so that
    /// nobody keeps them out at all.
    pub fn check_sign_in(&self, client: ClientAddress, attempt: Attempt) -> Result<(), Error> {
        let Some(guards) = &self.guards else { return Ok(()) };
        match attempt {
            Attempt::KnownDevice(device) => guards.sign_ins_of_device.check(device),
            Attempt::Stranger(member) => {
                guards.sign_ins.check(client)?;
                guards.sign_ins_as_member.check(member ^ client.line().rotate_left(1))?;
                guards.sign_ins_from_anywhere.check(member)
            }
        }
    }

    /// Counts the use of a one-time link.
    pub fn check_link(&self, client: ClientAddress) -> Result<(), Error> {
        self.guards.as_ref().map_or(Ok(()), |guards| guards.sign_ins.check(client))
    }

    /// Counts an uploaded file.
    pub fn check_upload(&self, client: ClientAddress) -> Result<(), Error> {
        self.guards.as_ref().map_or(Ok(()), |guards| guards.uploads.check(client))
    }

    /// Counts a request with a token that is none. Those with a good one are not counted: a token is too long to be guessed.
    pub fn check_token(&self, client: ClientAddress) -> Result<(), Error> {
        self.guards.as_ref().map_or(Ok(()), |guards| guards.wrong_tokens.check(client))
    }

    /// Counts a look for answers that fit what somebody is typing.
    pub fn check_answers(&self, client: ClientAddress) -> Result<(), Error> {
        self.guards.as_ref().map_or(Ok(()), |guards| guards.answers.check(client))
    }

    /// Forgets clients that have been quiet, so that memory does not grow with their number.
    pub fn forget_quiet(&self) {
        self.limiters().for_each(Limiter::forget_quiet);
    }

    fn limiters(&self) -> impl Iterator<Item = &Limiter> {
        self.guards.iter().flat_map(|guards| {
            let by_network = [
                &guards.submissions,
                &guards.challenges,
                &guards.codes,
                &guards.sign_ins,
                &guards.uploads,
                &guards.wrong_tokens,
                &guards.answers,
            ];
            let others = [
                &guards.site_submissions,
                &guards.site_forms,
                &guards.sign_ins_as_member,
                &guards.sign_ins_from_anywhere,
                &guards.sign_ins_of_device,
            ];
            by_network.into_iter().flat_map(|limit| &limit.0).chain(others)
        })
    }
}

const SUBMISSIONS: [&str; 3] = ["submissions", "submissions_56", "submissions_48"];
const CHALLENGES: [&str; 3] = ["challenges", "challenges_56", "challenges_48"];
const CODES: [&str; 3] = ["codes", "codes_56", "codes_48"];
const SIGN_INS: [&str; 3] = ["sign_ins", "sign_ins_56", "sign_ins_48"];
const UPLOADS: [&str; 3] = ["uploads", "uploads_56", "uploads_48"];
const ANSWERS: [&str; 3] = ["answers", "answers_56", "answers_48"];
const WRONG_TOKENS: [&str; 3] = ["wrong_tokens", "wrong_tokens_56", "wrong_tokens_48"];

/// A limit of each network: of an address of IPv4, or of a /64 of IPv6 and of the networks around it.
#[derive(Debug)]
struct NetworkLimit([Limiter; 3]);

impl NetworkLimit {
    fn new([network, line, house]: [&'static str; 3], most: u32, clock: &Clock) -> Self {
        Self([
            Limiter::per_minute(network, most, clock),
            Limiter::per_minute(line, most.saturating_mul(AROUND[0]), clock),
            Limiter::per_minute(house, most.saturating_mul(AROUND[1]), clock),
        ])
    }

    fn shared(self) -> Self {
        Self(self.0.map(Limiter::shared))
    }

    fn recheck(&self, client: ClientAddress) -> Result<(), Error> {
        self.ask_each(client, Limiter::recheck)
    }

    fn check(&self, client: ClientAddress) -> Result<(), Error> {
        self.ask_each(client, Limiter::check)
    }

    /// Asks for the network of a client and those around it, the narrowest first, until one refuses.
    fn ask_each(&self, client: ClientAddress, ask: fn(&Limiter, u128) -> Result<(), Error>) -> Result<(), Error> {
        let [network, line, house] = &self.0;
        ask(network, client.network())?;
        match client.around() {
            None => Ok(()),
            Some([around, widest]) => {
                ask(line, around)?;
                ask(house, widest)
            }
        }
    }
}
