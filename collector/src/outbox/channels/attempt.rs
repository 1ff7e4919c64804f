//! One attempt to send something.

use crate::clock::Millis;

/// What an attempt is made with.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The identifier of the delivery, which is the same for every attempt.
    pub id: &'a str,
    /// When it is made.
    pub now: Millis,
}
