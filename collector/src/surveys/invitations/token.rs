//! The personal link of an invitation.

use crate::keys::{Keys, Purpose, SignedId};

/// What stands in a personal link: the identifier of the invitation, signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token(SignedId);

impl Token {
    /// That of an invitation; none if its identifier is no UUID.
    pub fn of(keys: &Keys, invitation_id: &str) -> Option<Self> {
        SignedId::of(keys, Purpose::Survey, invitation_id).map(Self)
    }

    /// Reads one; none if it was not made here.
    pub fn parse(keys: &Keys, text: &str) -> Option<Self> {
        SignedId::parse(keys, Purpose::Survey, text).map(Self)
    }

    /// The invitation.
    pub fn invitation_id(&self) -> &str {
        self.0.id()
    }

    /// The path of the page.
    pub fn path(&self) -> String {
        format!("/survey/{}", self.0.as_str())
    }

    /// What answers are stored under: it leads to the invitation only for whoever has the master key.
    pub fn respondent(&self, keys: &Keys) -> String {
        format!("mail:{:032x}", keys.short_hash(Purpose::Survey, &format!("respondent/{}", self.0.id())))
    }
}
