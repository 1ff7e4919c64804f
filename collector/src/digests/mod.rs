//! Digests by mail: what came in, what became of it and what hurts, each day, week or month, to managers about everything and to the lead of a team, or
//! everybody in it where nobody leads it, about that team. They come at an hour of the member's choice, in their language, and stop by one click.
//!
//! The leader looks every minute ([`plan`]); what a digest says is read when it is sent ([`load`]). A digest without anything to say is not sent.

mod choice;
mod content;
mod every;
mod planning;
mod scope;

pub use choice::{Choice, HOURS};
pub use content::{Digest, Topic, Trend, load};
pub use every::Every;
pub use planning::{SUBJECT, plan};
pub use scope::Scope;

use crate::keys::{Keys, Purpose, SignedId};

/// The link by which a member stops their digests; none if the identifier is no UUID.
pub fn stop_link(keys: &Keys, member_id: &str) -> Option<String> {
    SignedId::of(keys, Purpose::Digest, member_id).map(|signed| format!("/staff/digests/{}/stop", signed.as_str()))
}

/// Whose digests a link stops; none if it was not made here.
pub fn member_of_link(keys: &Keys, text: &str) -> Option<String> {
    SignedId::parse(keys, Purpose::Digest, text).map(|signed| signed.id().to_owned())
}
