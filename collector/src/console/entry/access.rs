//! Who may enter feedback.

use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::http::Result;

/// Refuses those who may not enter feedback for customers.
pub(super) fn check(who: &SignedIn) -> Result<()> {
    who.require(Action::EnterFeedback, "you may not enter feedback")
}
