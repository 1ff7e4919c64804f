//! What a delivery is, where it stands, and why something was not sent.

use crate::clock::Millis;

/// The subject of a delivery that tells of an event of a case.
pub const EVENT: &str = "event";

/// The subject of a delivery that tells of others, which were one too many for their recipient.
pub const DIGEST: &str = "digest";

/// The destination of what goes to the customer. `member` makes that of what goes to a member; every other is the identifier of a target.
pub const CUSTOMER: &str = "customer";

const MEMBER: &str = "member:";

/// The destination of what goes to a member.
pub fn member(id: &str) -> String {
    format!("{MEMBER}{id}")
}

/// The identifier of the member that a destination is.
pub fn member_of(destination: &str) -> Option<&str> {
    destination.strip_prefix(MEMBER)
}

/// A delivery that this process holds the lease of.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Delivery {
    /// Its identifier, the same for every attempt.
    pub id: String,
    /// The word for what kind of thing it tells of.
    pub subject: String,
    /// Which one: for an event its identifier.
    pub subject_id: String,
    /// What has the same key goes to a destination in order: for an event the case.
    pub order_key: String,
    /// The place in that order: for an event its number in the case.
    pub order_no: i64,
    /// [`CUSTOMER`] or the identifier of a target.
    pub destination: String,
    /// How it gets there.
    pub channel: String,
    /// Attempts so far, with the one that was claimed.
    pub attempts: i64,
    /// Until when nobody else may send it.
    pub lease_until: Millis,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It will be sent, or sent again.
    Pending,
    /// It has arrived.
    Sent,
    /// It was given up.
    Failed,
    /// There is nobody to send it to any more.
    Dropped,
    /// It is one too many for its recipient, and told in one mail with others.
    Folded,
    /// It waits until its target is switched on again.
    Suspended,
}

impl State {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Sent => "sent",
            State::Failed => "failed",
            State::Dropped => "dropped",
            State::Folded => "folded",
            State::Suspended => "suspended",
        }
    }
}

/// Why something was not sent. The texts are shown to the staff: short, and without personal data or secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Trying again may help, but not before `wait` where the receiver asked for that.
    Retryable {
        /// What happened.
        error: String,
        /// How long the receiver wants to be left alone.
        wait: Option<Millis>,
    },
    /// Trying again can't help.
    Permanent(String),
    /// The target says that it is gone for good.
    Gone(String),
    /// Nobody is there to send it to.
    Dropped(&'static str),
    /// The target is switched off.
    Suspended,
    /// The chat has another identifier now.
    Moved(String),
}

impl Failure {
    /// A failure that may pass.
    pub fn retryable(error: impl Into<String>) -> Self {
        Failure::Retryable { error: error.into(), wait: None }
    }
}

/// What came of an attempt, in a word for the metrics.
pub const fn outcome(result: &Result<(), Failure>) -> &'static str {
    match result {
        Ok(()) => "sent",
        Err(Failure::Retryable { .. } | Failure::Moved(_)) => "again",
        Err(Failure::Suspended) => "suspended",
        Err(Failure::Permanent(_) | Failure::Gone(_)) => "failed",
        Err(Failure::Dropped(_)) => "dropped",
    }
}
