//! The keeper: looks at all connections again and again, and ends those whose time is over.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::activity::{AbortReason, Order, Stage};
use super::exchange::{MOST_OF_BODIES, SMALL_BODY};
use super::registry::{Registry, Seen};
use super::rules::Rules;
use crate::metrics::EndReason;

/// Bytes a second that a client has to send of a long body, on average. Slow mobile networks are faster.
const SLOWEST_BODY: u64 = 2 * 1024;
/// A client that takes nothing of its answer for so long is gone.
const LONGEST_STALL: Duration = Duration::from_secs(30);
/// When memory for bodies runs short, a large one has this much time.
const HURRY: Duration = Duration::from_secs(2);
/// So many connections may be in the middle of a head.
const MOST_HEADS: usize = 1_024;
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
        registry.look(|seen| check_deadlines(seen, rules, body, now));
        registry.thin_out_heads(MOST_HEADS);
    }
}

/// Why a connection is to end now, if it is.
fn check_deadlines(seen: &mut Seen, rules: &Rules, for_large_body: Duration, now: Instant) -> Option<EndReason> {
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
    let stalled = (now.duration_since(seen.sent_at) >= LONGEST_STALL).then_some(EndReason::Stalled);
    match stage {
        Stage::Idle if seen.activity.waits_to_send() => stalled,
        Stage::Idle | Stage::Parked if passed >= rules.idle => Some(EndReason::Idle),
        Stage::Idle => {
            // It has been so since the last look, so its answer is out and its buffers are empty.
            seen.activity.order(Order::Park);
            None
        }
        Stage::Parked => None,
        Stage::Head => (passed >= rules.head).then_some(EndReason::SlowHead),
        Stage::Exchange => {
            if seen.activity.waits_for_body() && seen.activity.abort_reason().is_none() {
                let came = seen.activity.of_body();
                let is_hurried = came > SMALL_BODY as u64 && for_large_body < rules.body;
                let on_the_whole = rules.body + Duration::from_secs(came / SLOWEST_BODY);
                let is_over = passed >= if is_hurried { for_large_body } else { on_the_whole };
                if is_over || now.duration_since(seen.received_at) >= rules.body {
                    seen.activity.abort_body(AbortReason::TooSlow);
                }
            }
            stalled
        }
        Stage::Ending => (passed >= LONGEST_END).then_some(EndReason::Idle),
    }
}

#[cfg(test)]
mod tests {
    use super::super::activity::{Activity, Waits};
    use super::*;

    const RULES: Rules = Rules {
        connections: 1,
        per_address: None,
        trusted: Vec::new(),
        head: Duration::from_secs(10),
        body: Duration::from_secs(20),
        idle: Duration::from_secs(75),
    };

    /// A connection at which the keeper looks every second, for so long, while the client does `each`; says when it is over, and why.
    fn watch(prepare: impl FnOnce(&Activity), each: impl Fn(&Activity)) -> Option<(u64, Option<EndReason>)> {
        let start = Instant::now();
        let activity = Arc::new(Activity::new(Arc::default()));
        let mut seen = Seen::new(Arc::clone(&activity), None, start);
        prepare(&activity);
        for second in 0..600 {
            each(&activity);
            let ended = check_deadlines(&mut seen, &RULES, RULES.body, start + Duration::from_secs(second));
            if ended.is_some() || activity.abort_reason().is_some() {
                return Some((second, ended));
            }
        }
        None
    }

    #[test]
    fn every_stage_has_its_end() {
        let nothing = |_: &Activity| {};
        assert_eq!(watch(nothing, nothing), Some((75, Some(EndReason::Idle))));
        let head = |activity: &Activity| activity.received(1);
        assert_eq!(watch(head, head), Some((10, Some(EndReason::SlowHead))), "dripping does not help");
        let ending = |activity: &Activity| activity.enter(Stage::Ending);
        assert_eq!(watch(ending, head), Some((2, Some(EndReason::Idle))));
    }

    #[test]
    fn a_body_has_the_time_that_its_length_allows() {
        let body = |activity: &Activity| {
            activity.begin();
            activity.set_waits_for_body(Waits::Yes);
        };
        assert_eq!(watch(body, |_| {}), Some((20, None)));
        let drips = |activity: &Activity| activity.received(100);
        assert_eq!(watch(body, drips), Some((21, None)), "100 bytes a second are too few");
        assert_eq!(watch(body, |activity| activity.received(2_100)), None, "2 KiB a second are enough");
        let burst = |activity: &Activity| {
            activity.begin();
            activity.set_waits_for_body(Waits::Yes);
            activity.received(1_000_000);
        };
        assert_eq!(watch(burst, |_| {}), Some((20, None)), "nor does it help to begin with much");
    }

    #[test]
    fn an_answer_has_any_time_as_long_as_it_is_taken() {
        let answering = |activity: &Activity| activity.begin();
        assert_eq!(watch(answering, |_| {}), None, "a stream of events, or a long computation");
        let stalled = |activity: &Activity| {
            activity.begin();
            activity.set_waits_to_send(Waits::Yes);
        };
        assert_eq!(watch(stalled, |_| {}), Some((30, Some(EndReason::Stalled))));
        assert_eq!(watch(stalled, |activity| activity.sent(10)), None, "slow, but taking");
    }
}
