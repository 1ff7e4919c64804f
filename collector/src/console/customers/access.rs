//! Who may read and change customers.

use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::http::Result;

/// Refuses those who may not do something with customers, such as partners.
pub(super) fn check(who: &SignedIn, action: Action) -> Result<()> {
    who.require(action, "you may not do this with customers")
}
