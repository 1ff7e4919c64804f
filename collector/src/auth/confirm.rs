//! Asking once more who it is, before something that can't be undone, takes personal data away or lets somebody in: an open session may have been found by
//! somebody else. Who has no password shows it at the provider of their account.

use super::{SignedIn, oidc, password, session};
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
    /// The member signs in with a company account, and shows there once more who they are.
    SignInAgain,
}

impl Confirmation {
    /// What is wrong, in words; none if nothing is.
    pub fn text(self) -> Option<&'static str> {
        match self {
            Confirmation::Confirmed => None,
            Confirmation::Wrong => Some("console.account.current_error"),
            Confirmation::NoPassword => Some("privacy.confirm.no_password"),
            Confirmation::SignInAgain => Some("access.company.confirm_first"),
        }
    }
}

/// Whether a password is that of the member whose session it is, or, where none was typed, they have just shown who they are elsewhere. Wrong ones count as attempts to sign in do.
pub async fn confirm(app: &App, who: &SignedIn, client: ClientAddress, typed: &str) -> Result<Confirmation> {
    if typed.is_empty() && session::is_proved(app, &who.session).await? {
        return Ok(Confirmation::Confirmed);
    }
    let passwords = app.config.sign_in.passwords;
    if !passwords || who.member.password_hash().is_none() {
        let has_account = !oidc::issuers_of(&app.db, &who.member.id).await?.is_empty();
        return Ok(if has_account || !passwords { Confirmation::SignInAgain } else { Confirmation::NoPassword });
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
