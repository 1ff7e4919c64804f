//! Pacing: each target has a lane of its own, and the mail server has one, so that none that is slow, dead or picky delays another.
//!
//! A lane lets in as many at once, and as many in a while, as its receiver takes. One that fails again and again is closed for a while, and then tried
//! with a single delivery. Those that are slow, or that nobody knows yet, have few places each, and half of all places together: the others are for
//! those that are quick. Lanes are of this process; where several replicas are at work, each has its share of what a vendor allows.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::delivery::{Delivery, Failure};
use crate::clock::{DAY, MINUTE, Millis, SECOND};
use crate::sites::targets::Channel;

/// Failures in a row after which a lane closes.
const FAILURES: u32 = 5;
/// The longest time that it closes for, unless the receiver says another.
const CLOSED_MAX: Millis = 5 * MINUTE;
/// A receiver that takes no longer than this is quick.
const QUICK: Duration = Duration::from_secs(2);
/// How many may be under way to one that is not.
const SLOW_AT_ONCE: usize = 4;
/// So long it is known how a receiver did that gets nothing.
const KEPT: Millis = 10 * MINUTE;
/// The lane of the mail server.
const MAIL: &str = "mail";

/// The lanes of all receivers.
#[derive(Debug)]
pub struct Lanes {
    /// How many deliveries are under way at most.
    places: usize,
    /// How many replicas send to the same receivers.
    replicas: AtomicUsize,
    lanes: Mutex<HashMap<String, Lane>>,
}

/// What takes nothing at present.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Closed {
    /// The destinations.
    pub destinations: Vec<String>,
    /// Whether the mail server is one of those, whatever the destination.
    pub mail: bool,
}

/// How fast a receiver takes messages.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pace {
    /// How many may come at once after a rest.
    burst: f64,
    /// How many a second after that.
    per_second: f64,
    /// How many may be under way.
    at_once: usize,
}

#[derive(Debug)]
struct Lane {
    pace: Pace,
    tokens: f64,
    /// Whether there are as many tokens as there can be.
    is_full: bool,
    filled_at: Millis,
    under_way: usize,
    failures: u32,
    closed_until: Millis,
    /// Whether the last one to get through was quick; nobody knows it of a new lane.
    is_quick: bool,
    used_at: Millis,
}

/// A place in a lane, given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    lanes: Arc<Lanes>,
    lane: String,
    began: Instant,
}

impl Lanes {
    /// Lanes with so many places together.
    pub fn new(places: usize) -> Self {
        Self { places, replicas: AtomicUsize::new(1), lanes: Mutex::default() }
    }

    /// Leaves the others what is theirs of each vendor's limit, where so many replicas are at work.
    pub fn share_among(&self, replicas: usize) {
        self.replicas.store(replicas.max(1), Ordering::Relaxed);
    }

    /// What takes nothing at present.
    pub fn closed(&self, now: Millis) -> Closed {
        let replicas = self.replicas.load(Ordering::Relaxed);
        let mut lanes = self.lock();
        for lane in lanes.values_mut() {
            lane.fill(replicas, now);
        }
        lanes.retain(|_, lane| !lane.is_idle(now));
        let has_room_for_slow = self.has_room_for_slow(&lanes);
        let full = |(name, lane): (&String, &mut Lane)| (!lane.has_room(has_room_for_slow, now)).then(|| name.clone());
        let mut destinations: Vec<String> = lanes.iter_mut().filter_map(full).collect();
        let mail = destinations.iter().position(|name| name == MAIL).map(|at| destinations.swap_remove(at)).is_some();
        Closed { destinations, mail }
    }

    /// A place for a delivery; none if its lane has none at present.
    pub fn enter(self: &Arc<Self>, delivery: &Delivery, now: Millis) -> Option<Place> {
        let pace = Channel::parse(&delivery.channel).map(|channel| Pace::of(channel, self.places));
        let name = if pace.is_some_and(|pace| pace.is_mail()) { MAIL } else { delivery.destination.as_str() };
        if let Some(pace) = pace {
            let mut lanes = self.lock();
            let has_room_for_slow = self.has_room_for_slow(&lanes);
            let replicas = self.replicas.load(Ordering::Relaxed);
            let lane = lanes.entry(name.to_owned()).or_insert_with(|| Lane::new(pace, now));
            lane.fill(replicas, now);
            if !lane.has_room(has_room_for_slow, now) {
                return None;
            }
            lane.tokens -= 1.0;
            lane.under_way += 1;
            lane.used_at = now;
        }
        Some(Place { lanes: Arc::clone(self), lane: name.to_owned(), began: Instant::now() })
    }

    fn has_room_for_slow(&self, lanes: &HashMap<String, Lane>) -> bool {
        let slow = lanes.values().filter(|lane| !lane.is_quick).map(|lane| lane.under_way).sum::<usize>();
        slow < self.places.div_ceil(2)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Notes what came of the attempt.
    pub fn leave(self, result: &Result<(), Failure>, now: Millis) {
        let took = self.began.elapsed();
        self.leave_after(took, result, now);
    }

    fn leave_after(self, took: Duration, result: &Result<(), Failure>, now: Millis) {
        self.with_lane(|lane| {
            // What was not sent says nothing of the receiver.
            if !matches!(result, Err(Failure::Dropped(_) | Failure::Suspended | Failure::Held { .. })) {
                lane.is_quick = took <= QUICK;
            }
            match result {
                Err(Failure::Retryable { wait: Some(wait), .. }) => {
                    lane.closed_until = lane.closed_until.max(now.saturating_add((*wait).clamp(0, DAY)));
                }
                Err(Failure::Retryable { .. }) if !lane.pace.is_mail() => {
                    lane.failures += 1;
                    if let Some(over) = lane.failures.checked_sub(FAILURES) {
                        let pause = (5 * SECOND).saturating_mul(1 << over.min(10)).min(CLOSED_MAX);
                        lane.closed_until = lane.closed_until.max(now + pause);
                    }
                }
                // What a mail server refuses for now is mostly about one recipient.
                Err(Failure::Retryable { .. }) => {}
                _ => lane.failures = 0,
            }
        });
    }

    fn with_lane(&self, change: impl FnOnce(&mut Lane)) {
        if let Some(lane) = self.lanes.lock().get_mut(&self.lane) {
            change(lane);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.with_lane(|lane| lane.under_way = lane.under_way.saturating_sub(1));
    }
}

impl Pace {
    /// That of a channel, below what its vendor allows in a minute. The mail server, which is one for all, leaves a quarter of all places to others.
    const fn of(channel: Channel, places: usize) -> Self {
        let (burst, per_second, at_once) = match channel {
            Channel::Email => (f64::INFINITY, 0.0, places - places / 4),
            Channel::Webhook => (200.0, 100.0, 8),
            Channel::Generic => (50.0, 20.0, 4),
            Channel::Mattermost => (20.0, 10.0, 2),
            // Some 30 a minute for a channel; its headers say more.
            Channel::Discord => (5.0, 0.4, 1),
            Channel::Slack => (5.0, 1.0, 1),
            // 60 in half a minute, and 100 an hour of the connectors before it.
            Channel::Teams => (4.0, 0.5, 1),
            // 5 a second, 100 a minute.
            Channel::Feishu => (3.0, 1.5, 1),
            // 20 a minute; whoever sends more is locked out for ten.
            Channel::Dingtalk | Channel::Wecom | Channel::Telegram => (5.0, 0.25, 1),
        };
        Self { burst, per_second, at_once }
    }

    const fn is_mail(self) -> bool {
        self.burst.is_infinite()
    }

    /// That of one of several replicas, where a vendor counts what comes to a room: together they send no more than one would.
    fn shared(self, replicas: usize) -> Self {
        if self.at_once > 1 || replicas < 2 {
            return self;
        }
        let share = replicas as f64;
        Self { burst: (self.burst / share).max(1.0), per_second: self.per_second / share, ..self }
    }
}

impl Lane {
    const fn new(pace: Pace, now: Millis) -> Self {
        Self {
            pace,
            tokens: pace.burst,
            is_full: true,
            filled_at: now,
            under_way: 0,
            failures: 0,
            closed_until: 0,
            is_quick: false,
            used_at: now,
        }
    }

    /// Adds what has come together since the last time.
    fn fill(&mut self, replicas: usize, now: Millis) {
        if now < self.filled_at {
            // The clock was put back, and with it whatever is counted from it.
            let back = self.filled_at - now;
            self.closed_until = self.closed_until.saturating_sub(back);
            self.used_at = self.used_at.min(now);
        }
        let pace = self.pace.shared(replicas);
        let seconds = (now - self.filled_at).max(0) as f64 / 1_000.0;
        self.tokens = (self.tokens + seconds * pace.per_second).min(pace.burst);
        self.is_full = self.tokens >= pace.burst;
        self.filled_at = now;
    }

    /// Whether one more may go, once the lane is filled.
    fn has_room(&self, has_room_for_slow: bool, now: Millis) -> bool {
        // After a row of failures one goes ahead, and the others follow if it arrives.
        let at_once = match (self.failures, self.is_quick) {
            (FAILURES.., _) => 1,
            (_, true) => self.pace.at_once,
            (_, false) => self.pace.at_once.min(SLOW_AT_ONCE),
        };
        let has_place = self.under_way < at_once && (self.is_quick || has_room_for_slow);
        self.tokens >= 1.0 && has_place && self.closed_until <= now
    }

    fn is_idle(&self, now: Millis) -> bool {
        let rests = self.under_way == 0 && self.failures == 0 && self.used_at <= now - KEPT;
        rests && self.has_room(true, now) && self.is_full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes() -> Lanes {
        Lanes::new(32)
    }

    fn delivery(destination: &str, channel: &str) -> Delivery {
        Delivery {
            id: "d".into(),
            subject: "event".into(),
            subject_id: "e".into(),
            order_key: "c".into(),
            order_no: 1,
            destination: destination.into(),
            channel: channel.into(),
            attempts: 1,
            lease_until: 0,
        }
    }

    /// How many are let in one after the other at a time.
    fn let_in(lanes: &Arc<Lanes>, delivery: &Delivery, now: Millis) -> usize {
        std::iter::from_fn(|| lanes.enter(delivery, now)).take(1_000).map(|place| place.leave(&Ok(()), now)).count()
    }

    #[test]
    fn a_room_gets_no_more_in_a_minute_than_its_vendor_allows() {
        for (channel, minute) in
            [("dingtalk", 20), ("wecom", 20), ("telegram", 20), ("feishu", 100), ("slack", 65), ("discord", 30)]
        {
            let (lanes, delivery) = (Arc::new(lanes()), delivery("t", channel));
            let sent: usize = (0..60).map(|second| let_in(&lanes, &delivery, second * SECOND)).sum();
            assert!(sent <= minute && sent >= minute / 2, "{channel}: {sent} in a minute");
        }
    }

    #[test]
    fn replicas_together_send_a_room_no_more_than_one_would() {
        for (channel, minute) in [("dingtalk", 20), ("wecom", 20), ("feishu", 100), ("discord", 30)] {
            for replicas in [2, 3, 8] {
                let delivery = delivery("t", channel);
                let sent = |_| {
                    let lanes = Arc::new(lanes());
                    lanes.share_among(replicas);
                    (0..60).map(|second| let_in(&lanes, &delivery, second * SECOND)).sum::<usize>()
                };
                let sent: usize = (0..replicas).map(sent).sum();
                assert!(sent <= minute && sent >= minute / 3, "{channel} by {replicas}: {sent} in a minute");
            }
        }
        let webhook = delivery("w", "webhook");
        let lanes = Arc::new(lanes());
        let alone = let_in(&lanes, &webhook, 0);
        lanes.share_among(2);
        assert_eq!(let_in(&lanes, &webhook, MINUTE), alone, "what no vendor counts is not shared");
    }

    #[test]
    fn a_lane_that_is_full_closes_no_other() {
        let lanes = Arc::new(lanes());
        let (slow, other) = (delivery("slow", "slack"), delivery("other", "slack"));
        let under_way = lanes.enter(&slow, 0).expect("the first");
        assert!(lanes.enter(&slow, 0).is_none(), "one at a time");
        assert_eq!(lanes.closed(0).destinations, ["slow"]);
        assert!(lanes.enter(&other, 0).is_some());
        drop(under_way);
        assert_eq!(lanes.closed(0), Closed::default());
    }

    #[test]
    fn a_receiver_that_fails_is_left_alone_and_then_tried_with_one() {
        let (lanes, dead) = (Arc::new(lanes()), delivery("dead", "webhook"));
        for _ in 0..FAILURES {
            lanes.enter(&dead, 0).expect("room").leave(&Err(Failure::retryable("no answer in time")), 0);
        }
        assert!(lanes.enter(&dead, 0).is_none() && lanes.closed(0).destinations == ["dead"]);
        let first = lanes.enter(&dead, 5 * SECOND).expect("it is tried again");
        assert!(lanes.enter(&dead, 5 * SECOND).is_none(), "with a single one");
        first.leave(&Ok(()), 5 * SECOND);
        assert!(lanes.enter(&dead, 5 * SECOND).is_some() && lanes.closed(5 * SECOND) == Closed::default());
    }

    #[test]
    fn what_a_receiver_asks_for_holds_for_all_that_it_gets() {
        let (lanes, room) = (Arc::new(lanes()), delivery("room", "feishu"));
        let busy = Err(Failure::Retryable { error: String::new(), wait: Some(MINUTE) });
        lanes.enter(&room, 0).expect("room").leave(&busy, 0);
        assert_eq!(lanes.closed(MINUTE - 1).destinations, ["room"]);
        assert_eq!(lanes.closed(MINUTE), Closed::default());
    }

    #[test]
    fn a_room_is_open_as_soon_as_was_asked_for_also_where_the_clock_is_put_back() {
        let (lanes, room) = (Arc::new(lanes()), delivery("room", "feishu"));
        let busy = Err(Failure::Retryable { error: String::new(), wait: Some(MINUTE) });
        lanes.enter(&room, DAY).expect("room").leave(&busy, DAY);
        assert_eq!(lanes.closed(DAY).destinations, ["room"]);
        assert_eq!(lanes.closed(SECOND).destinations, ["room"], "a day earlier");
        assert_eq!(lanes.closed(SECOND + MINUTE), Closed::default());
    }

    /// Fills a lane with deliveries that end by nothing.
    fn fill(lanes: &Arc<Lanes>, delivery: &Delivery) -> Vec<Place> {
        std::iter::from_fn(|| lanes.enter(delivery, 0)).take(100).collect()
    }

    #[test]
    fn slow_receivers_leave_half_of_all_places_to_quick_ones() {
        let lanes = Arc::new(lanes());
        let quick = delivery("quick", "webhook");
        lanes.enter(&quick, 0).expect("room").leave(&Ok(()), 0);
        let slow: Vec<Delivery> = (0..9).map(|n| delivery(&format!("slow{n}"), "webhook")).collect();
        for one in &slow {
            lanes.enter(one, 0).expect("room").leave_after(Duration::from_secs(14), &Ok(()), 0);
        }
        let waiting: Vec<Place> = slow.iter().flat_map(|one| fill(&lanes, one)).collect();
        assert_eq!(waiting.len(), 16);
        assert_eq!(lanes.closed(0).destinations.len(), 9, "slow ones wait for each other");
        assert_eq!(fill(&lanes, &quick).len(), 8, "and nobody else does");
    }

    #[test]
    fn a_mail_server_that_hangs_leaves_places_to_others() {
        let lanes = Arc::new(lanes());
        let mail = ["li", "wu", "team"].map(|to| delivery(to, "email"));
        let hanging: Vec<Place> = mail.iter().flat_map(|one| fill(&lanes, one)).collect();
        assert_eq!(hanging.len(), SLOW_AT_ONCE, "nobody knows yet how quick it is");
        assert_eq!(lanes.closed(0), Closed { destinations: Vec::new(), mail: true });
        assert!(lanes.enter(&delivery("webhook", "webhook"), 0).is_some());
    }

    #[test]
    fn a_quick_mail_server_gets_three_quarters_of_all_places() {
        let lanes = Arc::new(lanes());
        lanes.enter(&delivery("li", "email"), 0).expect("room").leave(&Ok(()), 0);
        let under_way: Vec<Place> =
            (0..100).filter_map(|n| lanes.enter(&delivery(&format!("c{n}"), "email"), 0)).collect();
        assert_eq!(under_way.len(), 24);
    }
}
