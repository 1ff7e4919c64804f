//! Asking once more who it is, before something that can't be undone or takes personal data away: an open session may have been found by somebody else.

use super::{SignedIn, password};
use crate::app::App;
use crate::http::Result;
use crate::http::client::ClientAddress;
use crate::http::limits::Attempt;

/// What came of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// It is the member.
    Confirmed,
    /// The password was wrong.
    Wrong,
    /// The member has none yet, and sets one first.
    NoPassword,
}

/// Whether a password is that of the member whose session it is. Wrong ones count as attempts to sign in do.
pub async fn confirm(app: &App, who: &SignedIn, client: ClientAddress, typed: &str) -> Result<Confirmation> {
    if who.member.password_hash().is_none() {
        return Ok(Confirmation::NoPassword);
    }
    let of_member = uuid::Uuid::parse_str(&who.member.id).map_or(0, |id| id.as_u128());
    app.limits.check_sign_in(client, Attempt::KnownDevice(of_member))?;
    if password::verify(typed, who.member.password_hash()).await? {
        return Ok(Confirmation::Confirmed);
    }
    tracing::info!(
        security = "password.refused",
        member = who.member.id,
        "the password was wrong when it was asked once more"
    );
    Ok(Confirmation::Wrong)
}
