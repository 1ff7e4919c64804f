//! What a service file is read in: the environment of whoever applies it, and what is there already.

use super::survey::Survey;
use super::target_definition::TargetDefinition;
use crate::outbox::egress::Egress;
use crate::sites::targets::Access;

/// What a file is read in.
pub struct Surroundings<'a> {
    /// Gives a variable of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Which addresses targets may be at.
    pub egress: Egress,
    /// What a variable that is not set means for a target that is stored and names it as well.
    pub unset: Unset,
    /// The targets that are stored. One that names no variable stays where it is.
    pub targets: &'a [TargetDefinition],
    /// Where a target is, as somebody typed it.
    pub typed: Option<&'a TypedAccess>,
    /// The surveys that have answers, as they are.
    pub answered: &'a [Survey],
}

/// Where one target is and what signs for it, typed beside the file, which names no secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct TypedAccess {
    /// The key of the target.
    pub key: String,
    /// Where it is, and its secret.
    pub access: Access,
}

// An address may be a secret itself.
impl std::fmt::Debug for TypedAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TypedAccess({})", self.key)
    }
}

/// What a variable that is not set means for a target that is stored with the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unset {
    /// It is a mistake.
    Refused,
    /// The target stays where it is.
    Stays,
}
