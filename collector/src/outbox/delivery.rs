//! What a delivery is, where it stands, and why something was not sent.

use crate::clock::Millis;
use crate::db::Tx;
use crate::keys::new_id;
use crate::sites::targets::{Channel, Target};
use crate::with_tx;

/// The subject of a delivery that tells of an event of a case.
pub const EVENT: &str = "event";

/// The subject of a delivery that tells of others, which were one too many for their recipient.
pub const DIGEST: &str = "digest";

/// The subject of a delivery that tells a chat room of many events at once.
pub const BURST: &str = "burst";

/// The destination of what goes to the customer. `member` makes that of what goes to a member; every other is the identifier of a target.
pub const CUSTOMER: &str = "customer";

const MEMBER: &str = "member:";

/// What stands before the key of a team, in the place of a member's identifier.
const TEAM: &str = "team:";

/// The destination of what goes to a member.
pub fn member(id: &str) -> String {
    format!("{MEMBER}{id}")
}

/// The identifier of the member that a destination is.
pub fn member_of(destination: &str) -> Option<&str> {
    destination.strip_prefix(MEMBER)
}

/// The destination of what goes to the mailbox of a team. It is one of the staff's, as that of a member is.
pub fn team_mailbox(key: &str) -> String {
    member(&format!("{TEAM}{key}"))
}

/// The key of the team that a destination is the mailbox of.
pub fn team_of(destination: &str) -> Option<&str> {
    member_of(destination)?.strip_prefix(TEAM)
}

/// Something that is no event of a case: what it is about, and to whom it goes.
#[derive(Clone, Copy, Debug)]
pub struct NewMail<'a> {
    /// The word for what kind of thing it tells of.
    pub subject: &'a str,
    /// Which one.
    pub subject_id: &'a str,
    /// What has the same key goes to a destination in order.
    pub order_key: &'a str,
    /// The place in that order.
    pub order_no: i64,
    /// [`CUSTOMER`], what `member` makes, or the identifier of a target.
    pub destination: &'a str,
    /// When it is to be sent.
    pub due_at: Millis,
}

/// Plans a mail, once for its place in the order to a destination; says whether it was not planned before.
pub async fn plan_mail(tx: &mut Tx, mail: NewMail<'_>, now: Millis) -> sqlx::Result<bool> {
    plan(tx, &new_id(), Channel::Email.as_str(), mail, now).await
}

/// The same by another channel, under an identifier that is known already.
pub(super) async fn plan(tx: &mut Tx, id: &str, channel: &str, mail: NewMail<'_>, now: Millis) -> sqlx::Result<bool> {
    let insert = "insert into deliveries (id, subject, subject_id, order_key, order_no, destination, channel, state, due_at, created_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (order_key, destination, order_no) do nothing";
    with_tx!(tx, conn => sqlx::query(insert).bind(id).bind(mail.subject).bind(mail.subject_id).bind(mail.order_key).bind(mail.order_no)
        .bind(mail.destination).bind(channel).bind(State::Pending.as_str()).bind(mail.due_at).bind(now).execute(conn).await
        .map(|done| done.rows_affected() == 1))
}

/// Plans what a target is told that is no event of a case, once for its place in the order.
pub async fn plan_for_target(tx: &mut Tx, target: &Target, told: NewMail<'_>, now: Millis) -> sqlx::Result<bool> {
    plan(tx, &new_id(), &target.channel_name, told, now).await
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

impl Delivery {
    /// The case that it is about, where it is about one.
    pub fn case_id(&self) -> Option<&str> {
        (self.subject == EVENT).then_some(self.order_key.as_str())
    }
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
    /// The recipient's mail server refuses for good.
    Bounced {
        /// What happened.
        error: String,
        /// The code of RFC 3463, or of SMTP where there is no other.
        status: String,
    },
    /// The target says that it is gone for good.
    Gone(String),
    /// Nobody is there to send it to.
    Dropped(&'static str),
    /// The target is switched off.
    Suspended,
    /// It is no time for it: it waits, and this was no attempt.
    Held {
        /// Until when.
        until: Millis,
    },
    /// The chat has another identifier now.
    Moved(String),
}

impl Failure {
    /// A failure that may pass.
    pub fn retryable(error: impl Into<String>) -> Self {
        Failure::Retryable { error: error.into(), wait: None }
    }
}

/// What is noted of a mail that a site's quiet hours hold back.
pub const QUIET_HOURS: &str = "held back by the site's quiet hours";

/// What came of an attempt, in a word for the metrics.
pub const fn outcome(result: &Result<(), Failure>) -> &'static str {
    match result {
        Ok(()) => "sent",
        Err(Failure::Retryable { .. } | Failure::Moved(_)) => "again",
        Err(Failure::Suspended) => "suspended",
        Err(Failure::Permanent(_) | Failure::Bounced { .. } | Failure::Gone(_)) => "failed",
        Err(Failure::Dropped(_)) => "dropped",
        Err(Failure::Held { .. }) => "held",
    }
}
