//! Signing in with a company account, by OpenID Connect Core 1.0: the code flow with PKCE (RFC 7636), state and nonce, discovery, and an ID token
//! whose signature, issuer, audience, time and nonce are checked here.
//!
//! The subject of the provider is bound to the member, so that an address that becomes somebody else's takes nothing over.

mod accounts;
mod claims;
mod flow;
mod grants;
mod id_token;
mod provider;

pub use accounts::{issuers_of, member_of, unbind};
pub use claims::Claims;
pub use flow::{Flow, Wish};
pub use id_token::{Expected, verify};
pub use provider::{Provider, Providers};

use crate::http::Error;

/// Why somebody does not get in with their account. What the page says of it is a sentence; what the log says, the word of [`Failure::reason`].
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The answer belongs to no sign-in that this browser began, or to one that is too old.
    #[error("the sign-in was not begun in this browser, or took too long")]
    NotBegun,
    /// The provider did not let them in, or they changed their mind.
    #[error("the provider refused")]
    Denied,
    /// The provider can't be reached, or answers what is no answer.
    #[error("the provider does not answer as it should: {0}")]
    Unreachable(&'static str),
    /// What the provider says of them can't be believed.
    #[error("the identity can't be believed: {0}")]
    Invalid(&'static str),
    /// The provider does not say that the address is theirs.
    #[error("the address is not verified")]
    Unverified,
    /// Nobody has let them in here.
    #[error("there is no such member")]
    Unknown,
    /// The address is a member's who signs in with another account of this provider.
    #[error("the member has another account")]
    OtherAccount,
    /// They are in none of the groups that may come in.
    #[error("none of the groups is let in")]
    NoGroup,
    /// It is our fault.
    #[error(transparent)]
    Ours(#[from] Error),
}

impl Failure {
    /// The word for it in the logs, which says nothing of who it was.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotBegun => "not_begun",
            Self::Denied => "denied",
            Self::Unreachable(what) | Self::Invalid(what) => what,
            Self::Unverified => "address_not_verified",
            Self::Unknown => "no_member",
            Self::OtherAccount => "other_account",
            Self::NoGroup => "no_group",
            Self::Ours(_) => "internal",
        }
    }

    /// The sentence for whoever wanted in.
    pub fn text(&self) -> &'static str {
        match self {
            Self::NotBegun => "access.company.not_begun",
            Self::Denied => "access.company.denied",
            Self::Unreachable(_) => "access.company.unreachable",
            Self::Invalid(_) | Self::Ours(_) => "access.company.invalid",
            Self::Unverified => "access.company.unverified",
            Self::Unknown => "access.company.unknown",
            Self::OtherAccount => "access.company.other_account",
            Self::NoGroup => "access.company.no_group",
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Ours(error.into())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Ours(error.into())
    }
}
