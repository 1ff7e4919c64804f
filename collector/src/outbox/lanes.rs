//! Pacing: each target has a lane of its own, so that one that is slow, dead or picky delays no other.
//!
//! A lane lets in as many at once, and as many in a while, as its receiver takes. One that fails again and again is closed for a while, and then tried
//! with a single delivery. Lanes are of this process; what a receiver refuses since several send to it comes again later.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::delivery::{Delivery, Failure};
use crate::clock::{DAY, MINUTE, Millis, SECOND};
use crate::sites::targets::Channel;

/// Failures in a row after which a lane closes.
const FAILURES: u32 = 5;
/// The longest time that it closes for, unless the receiver says another.
const CLOSED_MAX: Millis = 5 * MINUTE;

/// The lanes of all targets.
#[derive(Debug, Default)]
pub struct Lanes(Mutex<HashMap<String, Lane>>);

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
    filled_at: Millis,
    under_way: usize,
    failures: u32,
    closed_until: Millis,
}

/// A place in a lane, given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    lanes: Arc<Lanes>,
    destination: String,
}

impl Lanes {
    /// The destinations that take nothing at present.
    pub fn closed(&self, now: Millis) -> Vec<String> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|_, lane| !lane.is_idle(now));
        let full = |(destination, lane): (&String, &mut Lane)| (!lane.has_room(now)).then(|| destination.clone());
        lanes.iter_mut().filter_map(full).collect()
    }

    /// A place for a delivery; none if its lane has none at present. Mail has no lanes: the server of mail is one for all.
    pub fn enter(self: &Arc<Self>, delivery: &Delivery, now: Millis) -> Option<Place> {
        if let Some(pace) = Channel::parse(&delivery.channel).and_then(Pace::of) {
            let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let lane = lanes.entry(delivery.destination.clone()).or_insert_with(|| Lane::new(pace, now));
            if !lane.has_room(now) {
                return None;
            }
            lane.tokens -= 1.0;
            lane.under_way += 1;
        }
        Some(Place { lanes: Arc::clone(self), destination: delivery.destination.clone() })
    }
}

impl Place {
    /// Notes what came of the attempt.
    pub fn leave(self, result: &Result<(), Failure>, now: Millis) {
        self.with_lane(|lane| match result {
            Err(Failure::Retryable { wait: Some(wait), .. }) => {
                lane.closed_until = lane.closed_until.max(now.saturating_add((*wait).clamp(0, DAY)));
            }
            Err(Failure::Retryable { .. }) => {
                lane.failures += 1;
                if let Some(over) = lane.failures.checked_sub(FAILURES) {
                    let pause = (5 * SECOND).saturating_mul(1 << over.min(10)).min(CLOSED_MAX);
                    lane.closed_until = lane.closed_until.max(now + pause);
                }
            }
            _ => lane.failures = 0,
        });
    }

    fn with_lane(&self, change: impl FnOnce(&mut Lane)) {
        let mut lanes = self.lanes.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get_mut(&self.destination) {
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
    /// That of a channel, below what its vendor allows in a minute; none for mail.
    const fn of(channel: Channel) -> Option<Self> {
        let (burst, per_second, at_once) = match channel {
            Channel::Email => return None,
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
        Some(Self { burst, per_second, at_once })
    }
}

impl Lane {
    const fn new(pace: Pace, now: Millis) -> Self {
        Self { pace, tokens: pace.burst, filled_at: now, under_way: 0, failures: 0, closed_until: 0 }
    }

    fn has_room(&mut self, now: Millis) -> bool {
        let seconds = (now - self.filled_at).max(0) as f64 / 1_000.0;
        self.tokens = (self.tokens + seconds * self.pace.per_second).min(self.pace.burst);
        self.filled_at = now;
        // After a row of failures one goes ahead, and the others follow if it arrives.
        let at_once = if self.failures >= FAILURES { 1 } else { self.pace.at_once };
        self.tokens >= 1.0 && self.under_way < at_once && self.closed_until <= now
    }

    fn is_idle(&mut self, now: Millis) -> bool {
        self.has_room(now) && self.under_way == 0 && self.failures == 0 && self.tokens >= self.pace.burst
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let (lanes, delivery) = (Arc::new(Lanes::default()), delivery("t", channel));
            let sent: usize = (0..60).map(|second| let_in(&lanes, &delivery, second * SECOND)).sum();
            assert!(sent <= minute && sent >= minute / 2, "{channel}: {sent} in a minute");
        }
    }

    #[test]
    fn a_lane_that_is_full_closes_no_other() {
        let lanes = Arc::new(Lanes::default());
        let (slow, other) = (delivery("slow", "slack"), delivery("other", "slack"));
        let under_way = lanes.enter(&slow, 0).expect("the first");
        assert!(lanes.enter(&slow, 0).is_none(), "one at a time");
        assert_eq!(lanes.closed(0), ["slow"]);
        assert!(lanes.enter(&other, 0).is_some());
        drop(under_way);
        assert!(lanes.closed(0).is_empty());
    }

    #[test]
    fn a_receiver_that_fails_is_left_alone_and_then_tried_with_one() {
        let (lanes, dead) = (Arc::new(Lanes::default()), delivery("dead", "webhook"));
        for _ in 0..FAILURES {
            lanes.enter(&dead, 0).expect("room").leave(&Err(Failure::retryable("no answer in time")), 0);
        }
        assert!(lanes.enter(&dead, 0).is_none() && lanes.closed(0) == ["dead"]);
        let first = lanes.enter(&dead, 5 * SECOND).expect("it is tried again");
        assert!(lanes.enter(&dead, 5 * SECOND).is_none(), "with a single one");
        first.leave(&Ok(()), 5 * SECOND);
        assert!(lanes.enter(&dead, 5 * SECOND).is_some() && lanes.closed(5 * SECOND).is_empty());
    }

    #[test]
    fn what_a_receiver_asks_for_holds_for_all_that_it_gets() {
        let (lanes, room) = (Arc::new(Lanes::default()), delivery("room", "feishu"));
        let busy = Err(Failure::Retryable { error: String::new(), wait: Some(MINUTE) });
        lanes.enter(&room, 0).expect("room").leave(&busy, 0);
        assert_eq!((lanes.closed(MINUTE - 1), lanes.closed(MINUTE)), (vec!["room".to_owned()], Vec::new()));
    }

    #[test]
    fn mail_has_no_lane() {
        assert_eq!(let_in(&Arc::new(Lanes::default()), &delivery("team", "email"), 0), 1_000);
    }
}
