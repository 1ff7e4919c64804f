//! Who may enter feedback.

use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::http::{Error, Result};

/// Refuses those who may not enter feedback for customers.
pub(super) fn check(who: &SignedIn) -> Result<()> {
    if who.may(Action::EnterFeedback) {
        return Ok(());
    }
    tracing::info!(security = "forbidden", member = who.member.id, "a member may not enter feedback");
    Err(Error::Forbidden("you may not enter feedback".into()))
}
