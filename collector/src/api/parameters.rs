//! What is said of parameters that are wrong.

use sayso_shared::problem::{ErrorCode, FieldError};

/// A parameter whose value is not what it must be.
pub fn wrong(name: &str, expected: &str) -> FieldError {
    FieldError::new(pointer(name), ErrorCode::Invalid, format!("must be {expected}"))
}

/// A parameter that there is not; without it, too much would be found.
pub fn unknown(name: &str) -> FieldError {
    FieldError::new(pointer(name), ErrorCode::UnknownField, "there is no such parameter")
}

/// Where a wrong parameter is, cut so that an answer stays small.
pub fn pointer(name: &str) -> String {
    format!("/{}", name.chars().take(64).collect::<String>())
}
