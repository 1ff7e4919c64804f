//! Who may read and change customers.

use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::http::{Error, Result};

/// Refuses those who may not do something with customers, such as partners.
pub(super) fn check(who: &SignedIn, action: Action) -> Result<()> {
    if who.may(action) {
        return Ok(());
    }
    tracing::info!(security = "forbidden", member = who.member.id, "a member may not do this with customers");
    Err(Error::Forbidden("you may not do this with customers".into()))
}
