//! All connections: who may come in, and who has to make room.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::activity::{Activity, Order, Stage};
use super::rules::Rules;
use crate::http::client::network;
use crate::metrics::{EndReason, Metrics, RejectReason};

/// So many may still be ending, for which there are files besides those of the limit.
const ENDING_MAX: usize = 128;

/// All connections.
#[derive(Debug)]
pub struct Registry {
    /// How many there may be, and how long.
    pub rules: Rules,
    /// Where it is counted what becomes of them.
    pub metrics: Arc<Metrics>,
    /// Bytes of bodies that are being received.
    pub bodies: Arc<AtomicUsize>,
    all: Mutex<Connections>,
}

/// The place of a connection among all others, which it gives up when it ends.
#[derive(Debug)]
pub struct Ticket {
    registry: Arc<Registry>,
    number: u64,
    activity: Arc<Activity>,
}

/// A connection as the keeper last saw it.
#[derive(Debug)]
pub(super) struct Seen {
    pub activity: Arc<Activity>,
    /// The network that it counts for.
    network: Option<IpAddr>,
    /// The stage's word at the last look, and since when it has been that.
    pub word: u32,
    pub since: Instant,
    /// Bytes received at the last look at which there were more of them, and when that was.
    pub received: u64,
    pub received_at: Instant,
    /// Bytes sent at the last look at which there were more of them, and when that was.
    pub sent: u64,
    pub sent_at: Instant,
    /// It was told to end.
    pub is_ending: bool,
}

#[derive(Debug, Default)]
struct Connections {
    by_number: HashMap<u64, Seen>,
    /// How many of each network have not been told to end.
    by_network: HashMap<IpAddr, usize>,
    last_number: u64,
    /// Those told to end that have not yet done so.
    ending: usize,
}

impl Registry {
    /// Without connections.
    pub fn new(rules: Rules, metrics: Arc<Metrics>) -> Self {
        Self { rules, metrics, bodies: Arc::default(), all: Mutex::default() }
    }

    /// Lets a connection in, unless all places are taken by clients who are being served. Those who only hold one make room, the longest
    /// idle first: those of the same network when it has too many, else anybody's.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Ticket> {
        let address = address.to_canonical();
        let counted = self.rules.counts(address).then(|| network(address));
        let mut all = self.lock();
        if let (Some(network), Some(most)) = (counted, self.rules.per_address) {
            let open = all.by_network.get(&network).copied().unwrap_or_default();
            if open >= most && all.end_idle(Some(network), most / 16 + 1, &self.metrics) == 0 {
                self.metrics.connection_rejected(RejectReason::Address);
                return None;
            }
        }
        let most = self.rules.connections;
        let open = all.by_number.len() - all.ending;
        // Those told to end do so at once, but if the threads are busy they may pile up.
        let is_full = open >= most && all.end_idle(None, most / 64 + 1, &self.metrics) == 0;
        if is_full || all.by_number.len() > most + ENDING_MAX {
            self.metrics.connection_rejected(RejectReason::Full);
            return None;
        }
        all.last_number += 1;
        let (number, now) = (all.last_number, Instant::now());
        let activity = Arc::new(Activity::new(Arc::clone(&self.bodies)));
        if let Some(network) = counted {
            *all.by_network.entry(network).or_default() += 1;
        }
        let seen = Seen::new(Arc::clone(&activity), counted, now);
        all.by_number.insert(number, seen);
        self.metrics.connections_are(all.by_number.len());
        Some(Ticket { registry: Arc::clone(self), number, activity })
    }

    /// Ends some of the longest idle connections.
    pub fn make_room(&self) {
        self.lock().end_idle(None, self.rules.connections / 64 + 1, &self.metrics);
    }

    /// Ends the oldest of those that are in the middle of a head, beyond `most` of them: each holds a buffer, and heads come in one piece
    /// but from those who mean no good.
    pub(super) fn thin_out_heads(&self, most: usize) {
        let mut all = self.lock();
        let is_head = |seen: &&Seen| !seen.is_ending && seen.activity.stage().0 == Stage::Head;
        let surplus = all.by_number.values().filter(is_head).count().saturating_sub(most);
        if surplus > 0 {
            all.end_longest(surplus, |stage, _| stage == Stage::Head, &self.metrics);
        }
    }

    /// Tells all connections to end after the request under way.
    pub fn stop(&self) {
        for seen in self.lock().by_number.values() {
            seen.activity.order(Order::Stop);
        }
    }

    /// Lets the keeper look at every connection; what it gives back for one is why that one is to end now.
    pub(super) fn look(&self, mut check: impl FnMut(&mut Seen) -> Option<EndReason>) {
        let mut all = self.lock();
        let open = all.by_number.iter_mut().filter(|(_, seen)| !seen.is_ending);
        let over: Vec<(u64, EndReason)> = open.filter_map(|(number, seen)| Some((*number, check(seen)?))).collect();
        for (number, why) in over {
            all.end(number, why, &self.metrics);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connections> {
        // What it guards is whole after every statement, so a panic elsewhere does not spoil it.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, number: u64) {
        let mut all = self.lock();
        match all.by_number.remove(&number) {
            Some(seen) if seen.is_ending => all.ending -= 1,
            Some(Seen { network: Some(network), .. }) => all.uncount(network),
            _ => {}
        }
        self.metrics.connections_are(all.by_number.len());
    }
}

impl Ticket {
    /// What the connection does.
    pub fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.registry.leave(self.number);
    }
}

impl Seen {
    pub fn new(activity: Arc<Activity>, network: Option<IpAddr>, now: Instant) -> Self {
        let (word, (received, sent)) = (activity.stage().1, activity.bytes());
        Self { activity, network, word, since: now, received, received_at: now, sent, sent_at: now, is_ending: false }
    }
}

impl Connections {
    /// Tells a connection to end; from now on it is not counted for its network.
    fn end(&mut self, number: u64, why: EndReason, metrics: &Metrics) {
        let Some(seen) = self.by_number.get_mut(&number) else { return };
        seen.is_ending = true;
        seen.activity.order(Order::Close);
        metrics.connection_ended(why);
        self.ending += 1;
        if let Some(network) = seen.network {
            self.uncount(network);
        }
    }

    fn uncount(&mut self, network: IpAddr) {
        if let Some(open) = self.by_network.get_mut(&network) {
            *open -= 1;
            if *open == 0 {
                self.by_network.remove(&network);
            }
        }
    }

    /// Ends up to `count` connections that serve nobody, and says how many.
    fn end_idle(&mut self, network: Option<IpAddr>, count: usize, metrics: &Metrics) -> usize {
        let serves_nobody = |stage, of: Option<IpAddr>| {
            matches!(stage, Stage::Idle | Stage::Parked | Stage::Head) && (network.is_none() || of == network)
        };
        self.end_longest(count, serves_nobody, metrics)
    }

    /// Ends up to `count` of those chosen by stage and network, and says how many. First those between requests, then those that have begun
    /// one and not come to the end of its head; of each the ones that have been so for the longest time.
    fn end_longest(
        &mut self,
        count: usize,
        is_chosen: impl Fn(Stage, Option<IpAddr>) -> bool,
        metrics: &Metrics,
    ) -> usize {
        let now = Instant::now();
        let mut idle: Vec<(bool, Instant, u64)> = Vec::new();
        for (number, seen) in &self.by_number {
            let (stage, word) = seen.activity.stage();
            if !seen.is_ending && is_chosen(stage, seen.network) {
                let since = if word == seen.word { seen.since } else { now };
                idle.push((stage == Stage::Head, since, *number));
            }
        }
        let count = count.min(idle.len());
        if count < idle.len() {
            idle.select_nth_unstable(count);
        }
        for (_, _, number) in &idle[..count] {
            self.end(*number, EndReason::MadeRoom, metrics);
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn registry(connections: usize, per_address: usize) -> Arc<Registry> {
        let second = Duration::from_secs(1);
        let trusted = vec!["10.0.0.0/8".parse().expect("a network")];
        let rules =
            Rules { connections, per_address: Some(per_address), trusted, head: second, body: second, idle: second };
        Arc::new(Registry::new(rules, Arc::new(Metrics::new())))
    }

    fn is_told_to_close(ticket: &Ticket) -> bool {
        ticket.activity.take_orders(std::task::Waker::noop()).has(Order::Close)
    }

    #[test]
    fn the_longest_idle_one_makes_room_and_one_that_is_served_never_does() {
        let registry = registry(3, 100);
        let from = |last: u8| registry.admit(IpAddr::from([1, 1, 1, last]));
        let (served, idle, younger) = (from(1).expect("room"), from(2).expect("room"), from(3).expect("room"));
        served.activity.enter(Stage::Exchange);
        let newcomer = from(4).expect("the idle one makes room");
        assert_eq!([&served, &idle, &younger, &newcomer].map(is_told_to_close), [false, true, false, false]);
        drop(idle);
        younger.activity.enter(Stage::Exchange);
        newcomer.activity.enter(Stage::Exchange);
        assert!(from(5).is_none(), "all are being served");
        drop(served);
        assert!(from(5).is_some());
    }

    #[test]
    fn one_address_can_not_take_all_places() {
        let registry = registry(100, 2);
        let from = |address: &str| registry.admit(address.parse().expect("an address"));
        let (first, second) = (from("2001:db8::1").expect("room"), from("2001:db8::2").expect("room"));
        let third = from("2001:db8::3").expect("the first makes room");
        assert!(is_told_to_close(&first) && !is_told_to_close(&second));
        drop(first);
        second.activity.enter(Stage::Exchange);
        third.activity.enter(Stage::Exchange);
        assert!(from("2001:db8::4").is_none(), "the network has its two");
        assert!(from("2001:db8:0:1::1").is_some(), "another network has its own");
        let proxied: Vec<_> = (0..10).map(|_| from("10.0.0.1")).collect();
        assert!(proxied.iter().all(Option::is_some), "a trusted proxy stands for many");
    }
}
