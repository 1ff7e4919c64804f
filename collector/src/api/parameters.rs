//! What is said of parameters that are wrong.

use std::collections::BTreeSet;

use sayso_shared::problem::{ErrorCode, FieldError};

use crate::clock::Millis;

/// A parameter whose value is not what it must be.
pub fn wrong(name: &str, expected: &str) -> FieldError {
    FieldError::new(pointer(name), ErrorCode::Invalid, format!("must be {expected}"))
}

/// A parameter that there is not; without it, too much would be found.
pub fn unknown(name: &str) -> FieldError {
    FieldError::new(pointer(name), ErrorCode::UnknownField, "there is no such parameter")
}

/// Each parameter once; what is given again is refused, since nobody knows which is meant. What is left empty counts as absent, for clients that fill
/// in a form of all parameters.
pub fn each_once(parameters: Vec<(String, String)>) -> (Vec<(String, String)>, Vec<FieldError>) {
    let mut seen = BTreeSet::new();
    let given = parameters.into_iter().filter(|(_, value)| !value.is_empty());
    let (once, again): (Vec<_>, Vec<_>) = given.partition(|(name, _)| seen.insert(name.clone()));
    let twice = |(name, _): (String, String)| FieldError::new(pointer(&name), ErrorCode::Invalid, "is given twice");
    (once, again.into_iter().map(twice).collect())
}

/// Where a page ended whose cursor is a time and an identifier.
pub fn position(cursor: &str) -> Option<(Millis, String)> {
    let (at, id) = cursor.split_once('.')?;
    Some((at.parse().ok()?, uuid::Uuid::parse_str(id).ok()?.to_string()))
}

/// Where a wrong parameter is, cut so that an answer stays small.
pub fn pointer(name: &str) -> String {
    format!("/{}", name.chars().take(64).collect::<String>())
}
