//! Asking once more who it is, before something that can't be undone, takes personal data away or lets somebody in: an open session may have been found by
//! somebody else. Who has no password shows it at the provider of their account, or by a passkey.

use super::{SignedIn, oidc, passkeys, password, second_factor, session, totp};
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
    /// The password was right, and their second factor is still to be shown.
    NoSecondFactor,
    /// The member has none yet, and sets one first.
    NoPassword,
    /// The member has other ways to sign in than a password, and takes one of them once more.
    SignInAgain,
}

impl Confirmation {
    /// What is wrong, in words; none if nothing is.
    pub fn text(self) -> Option<&'static str> {
        match self {
            Confirmation::Confirmed => None,
            Confirmation::Wrong => Some("console.account.current_error"),
            Confirmation::NoSecondFactor => Some("privacy.confirm.code_error"),
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
        let shows_elsewhere = !passwords || signs_in_otherwise(app, &who.member.id).await?;
        return Ok(if shows_elsewhere { Confirmation::SignInAgain } else { Confirmation::NoPassword });
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

/// The same before a way to sign in changes: whoever has a second factor shows that too, unless they have just shown everything elsewhere. A password that
/// somebody has seen must not be enough to take away what guards against that.
pub async fn confirm_with_all_factors(
    app: &App,
    who: &SignedIn,
    client: ClientAddress,
    (password, code): (&str, &str),
) -> Result<Confirmation> {
    let confirmed = confirm(app, who, client, password).await?;
    if confirmed != Confirmation::Confirmed
        || session::is_proved(app, &who.session).await?
        || !second_factor::is_set(&app.db, &who.member.id).await?
        // Each code comes with a right password, which counted as an attempt.
        || totp::verify(&app.db, &app.keys, &who.member, code, app.clock.now()).await?
    {
        return Ok(confirmed);
    }
    tracing::info!(
        security = "second_factor.refused",
        member = who.member.id,
        "the second factor was not shown when it was asked once more"
    );
    Ok(Confirmation::NoSecondFactor)
}

/// Whether a member without a password may set one in this session. Who signs in otherwise shows first that it is them, there or by a one-time link: whoever
/// found their session would make a way in of their own.
pub async fn may_set_first_password(app: &App, who: &SignedIn) -> Result<bool> {
    Ok(session::is_proved(app, &who.session).await?
        || session::came_by_link(app, &who.session).await?
        || !signs_in_otherwise(app, &who.member.id).await?)
}

async fn signs_in_otherwise(app: &App, member_id: &str) -> Result<bool> {
    Ok(!oidc::issuers_of(&app.db, member_id).await?.is_empty() || passkeys::has_any(&app.db, member_id).await?)
}
