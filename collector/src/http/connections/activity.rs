//! What a connection does, as a few numbers that its task writes and the keeper reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::task::Waker;

use futures_util::task::AtomicWaker;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Between requests, still with its buffers.
    Idle,
    /// Between requests, with nothing but its socket.
    Parked,
    /// A part of a request's head has arrived.
    Head,
    /// A request is being read or answered.
    Exchange,
    /// The last answer is out, and what the client goes on to send is thrown away, so that it gets to read the answer.
    Ending,
}

/// What the keeper asks of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Let the buffers go.
    Park = 1,
    /// End at once.
    Close = 2,
    /// End after the request under way.
    Stop = 4,
}

/// The orders that wait for a connection.
#[derive(Clone, Copy, Debug)]
pub struct Orders(u8);

/// What a connection does. Its task writes; nothing here is exact to more than a moment.
#[derive(Debug, Default)]
pub struct Activity {
    /// The stage in the lowest bits, above them how often it changed, so that two looks tell whether it is the same one.
    stage: AtomicU32,
    received: AtomicU64,
    sent: AtomicU64,
    /// Bytes received when the request began whose body is being read.
    before_body: AtomicU64,
    waits_for_body: AtomicBool,
    waits_to_send: AtomicBool,
    aborted: AtomicU8,
    unread: AtomicBool,
    bare_line_ends: AtomicBool,
    orders: AtomicU8,
    waker: AtomicWaker,
    /// Bytes of bodies that are being received, of all connections together.
    bodies: Arc<AtomicUsize>,
}

/// Why a body was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbortReason {
    /// It came too slowly.
    TooSlow = 1,
    /// Too many bodies were being received at the same time.
    Crowded = 2,
}

const STAGE_BITS: u32 = 3;

impl Activity {
    /// Of a new connection, which has no buffers yet. Its bodies are counted in `bodies`.
    pub fn new(bodies: Arc<AtomicUsize>) -> Self {
        let new = Self { bodies, ..Self::default() };
        new.enter(Stage::Parked);
        new
    }

    /// The stage, and a word that is another one after every change.
    pub fn stage(&self) -> (Stage, u32) {
        let word = self.stage.load(Ordering::Relaxed);
        let stage = match word & ((1 << STAGE_BITS) - 1) {
            0 => Stage::Idle,
            1 => Stage::Parked,
            2 => Stage::Head,
            3 => Stage::Exchange,
            _ => Stage::Ending,
        };
        (stage, word)
    }

    /// Notes that the connection has come to another stage.
    pub fn enter(&self, stage: Stage) {
        // One task writes, so that two steps are as good as one.
        let changes = (self.stage.load(Ordering::Relaxed) >> STAGE_BITS).wrapping_add(1);
        self.stage.store(changes << STAGE_BITS | stage as u32, Ordering::Relaxed);
    }

    /// Notes that a request's head is whole.
    pub fn begin(&self) {
        self.aborted.store(0, Ordering::Relaxed);
        self.before_body.store(self.received.load(Ordering::Relaxed), Ordering::Relaxed);
        self.enter(Stage::Exchange);
    }

    /// Notes bytes from the client.
    pub fn received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
        if matches!(self.stage().0, Stage::Idle | Stage::Parked) {
            self.enter(Stage::Head);
        }
    }

    /// Notes bytes to the client.
    pub fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Bytes received and sent so far.
    pub fn bytes(&self) -> (u64, u64) {
        (self.received.load(Ordering::Relaxed), self.sent.load(Ordering::Relaxed))
    }

    /// Bytes received since the head of the request was whole.
    pub fn of_body(&self) -> u64 {
        self.received.load(Ordering::Relaxed).saturating_sub(self.before_body.load(Ordering::Relaxed))
    }

    /// Notes whether the handler waits for more of the request's body.
    pub fn set_waits_for_body(&self, waits: Waits) {
        self.waits_for_body.store(waits == Waits::Yes, Ordering::Relaxed);
    }

    /// Whether the handler waits for more of the request's body.
    pub fn waits_for_body(&self) -> bool {
        self.waits_for_body.load(Ordering::Relaxed)
    }

    /// Notes whether the client takes nothing more at present.
    pub fn set_waits_to_send(&self, waits: Waits) {
        self.waits_to_send.store(waits == Waits::Yes, Ordering::Relaxed);
    }

    /// Whether the client takes nothing more at present.
    pub fn waits_to_send(&self) -> bool {
        self.waits_to_send.load(Ordering::Relaxed)
    }

    /// Notes that so many more bytes of a body are in memory; says how many there are of all connections.
    pub fn hold(&self, bytes: usize) -> usize {
        self.bodies.fetch_add(bytes, Ordering::Relaxed) + bytes
    }

    /// Notes that they no longer are.
    pub fn release(&self, bytes: usize) {
        self.bodies.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Gives up a body: reading it fails from now on.
    pub fn abort_body(&self, why: AbortReason) {
        self.aborted.store(why as u8, Ordering::Relaxed);
        self.waker.wake();
    }

    /// Why the body was given up, if it was.
    pub fn abort_reason(&self) -> Option<AbortReason> {
        match self.aborted.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(AbortReason::TooSlow),
            _ => Some(AbortReason::Crowded),
        }
    }

    /// Notes that a body was not read to its end.
    pub fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// Whether a body was not read to its end.
    pub fn has_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }

    /// Notes that a line of a request's head ended with a bare LF.
    pub fn note_bare_line_end(&self) {
        self.bare_line_ends.store(true, Ordering::Relaxed);
    }

    /// Whether a line of the head that was just read did.
    pub fn take_bare_line_ends(&self) -> bool {
        self.bare_line_ends.swap(false, Ordering::Relaxed)
    }

    /// Gives an order and wakes the connection.
    pub fn order(&self, order: Order) {
        self.orders.fetch_or(order as u8, Ordering::AcqRel);
        self.waker.wake();
    }

    /// Takes the orders that wait. Whoever calls it is woken by the next one.
    pub fn take_orders(&self, waker: &Waker) -> Orders {
        self.waker.register(waker);
        if self.orders.load(Ordering::Acquire) == 0 {
            return Orders(0);
        }
        Orders(self.orders.swap(0, Ordering::AcqRel))
    }
}

impl Orders {
    /// Whether this order is among them.
    pub fn has(self, order: Order) -> bool {
        self.0 & order as u8 != 0
    }
}

/// Whether a connection waits for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// It does.
    Yes,
    /// It does not.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_comes_again_is_another_one() {
        let activity = Activity::default();
        assert_eq!(activity.stage().0, Stage::Idle);
        activity.received(1);
        let (stage, first) = activity.stage();
        activity.received(1);
        assert_eq!((stage, activity.stage()), (Stage::Head, (Stage::Head, first)), "more of the same head");
        for stage in [Stage::Exchange, Stage::Idle, Stage::Parked, Stage::Ending] {
            activity.enter(stage);
            assert_eq!(activity.stage().0, stage);
        }
        activity.enter(Stage::Idle);
        activity.received(5);
        assert_ne!(activity.stage(), (Stage::Head, first));
        assert_eq!(activity.bytes(), (7, 0));
    }

    #[test]
    fn orders_are_taken_once() {
        let activity = Activity::default();
        activity.order(Order::Park);
        activity.order(Order::Close);
        let orders = activity.take_orders(Waker::noop());
        assert!(orders.has(Order::Park) && orders.has(Order::Close) && !orders.has(Order::Stop));
        assert!(!activity.take_orders(Waker::noop()).has(Order::Close));
    }
}
