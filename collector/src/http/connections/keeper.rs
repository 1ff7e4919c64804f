//! The keeper: looks at all connections again and again, and ends those whose time is over.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::activity::{GivenUp, Order, Stage};
use super::exchange::{MOST_OF_BODIES, SMALL_BODY};
use super::registry::{Registry, Seen};
use super::rules::Rules;
use crate::metrics::Ended;

/// Bytes a second that a client has to send of a long body, on average. Slow mobile networks are faster.
const SLOWEST_BODY: u64 = 2 * 1024;
/// A client that takes nothing of its answer for so long is gone.
const LONGEST_STALL: Duration = Duration::from_secs(30);
/// When memory for bodies runs short, a large one has this much time.
const HURRY: Duration = Duration::from_secs(2);
/// So many connections may be in the middle of a head.
const MOST_HEADS: usize = 2_048;
/// How long what comes after the last answer is thrown away.
const LONGEST_END: Duration = Duration::from_secs(2);

/// Looks until it is aborted.
pub async fn run(registry: Arc<Registry>) {
    let rules = &registry.rules;
    let shortest = rules.head.min(rules.body).min(rules.idle);
    let pause = (shortest / 8).clamp(Duration::from_millis(50), Duration::from_secs(1));
    let mut ticks = tokio::time::interval(pause);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = Instant::now();
        let is_crowded = registry.bodies.load(Ordering::Relaxed) > MOST_OF_BODIES / 2;
        let body = if is_crowded { HURRY.min(rules.body) } else { rules.body };
        registry.look(|seen| judge(seen, rules, body, now));
        registry.thin_out_heads(MOST_HEADS);
    }
}

/// Why a connection is to end now, if it is.
fn judge(seen: &mut Seen, rules: &Rules, for_large_body: Duration, now: Instant) -> Option<Ended> {
    let (stage, word) = seen.activity.stage();
    let (received, sent) = seen.activity.bytes();
    if sent != seen.sent || !seen.activity.waits_to_send() {
        (seen.sent, seen.sent_at) = (sent, now);
    }
    if received != seen.received || !seen.activity.waits_for_body() {
        (seen.received, seen.received_at) = (received, now);
    }
    if word != seen.word {
        (seen.word, seen.since) = (word, now);
        return None;
    }
    let passed = now.duration_since(seen.since);
    let stalled = (now.duration_since(seen.sent_at) >= LONGEST_STALL).then_some(Ended::Stalled);
    match stage {
        Stage::Idle if seen.activity.waits_to_send() => stalled,
        Stage::Idle | Stage::Parked if passed >= rules.idle => Some(Ended::Idle),
        Stage::Idle => {
            // It has been so since the last look, so its answer is out and its buffers are empty.
            seen.activity.order(Order::Park);
            None
        }
        Stage::Parked => None,
        Stage::Head => (passed >= rules.head).then_some(Ended::SlowHead),
        Stage::Exchange => {
            if seen.activity.waits_for_body() && seen.activity.given_up().is_none() {
                let came = seen.activity.of_body();
                let is_hurried = came > SMALL_BODY as u64 && for_large_body < rules.body;
                let on_the_whole = rules.body + Duration::from_secs(came / SLOWEST_BODY);
                let is_over = passed >= if is_hurried { for_large_body } else { on_the_whole };
                if is_over || now.duration_since(seen.received_at) >= rules.body {
                    seen.activity.give_up_body(GivenUp::TooSlow);
                }
            }
            stalled
        }
        Stage::Ending => (passed >= LONGEST_END).then_some(Ended::Idle),
    }
}
