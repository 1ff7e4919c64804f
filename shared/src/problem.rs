//! Errors as every interface of Sayso answers them: RFC 9457 problem details.

use serde::{Deserialize, Serialize};

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An RFC 9457 problem. `kind` is the path of the collector's page that explains it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A page of the collector that explains the problem, such as `/problems/invalid`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A short summary that is the same for each occurrence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time, and how to mend it.
    pub detail: String,
    /// The fields that are wrong, where fields are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// One wrong field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// A JSON pointer (RFC 6901) to the field.
    pub pointer: String,
    /// A word for programs: `required`, `too_long`, `too_short`, `invalid`, `unknown_field`, `identity_expired`.
    pub code: String,
    /// A sentence for people.
    pub detail: String,
}

impl FieldError {
    /// A wrong field.
    pub fn new(pointer: impl Into<String>, code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.as_str().into(), detail: detail.into() }
    }
}

/// Why a field is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// It is missing.
    Required,
    /// It is longer than its limit.
    TooLong,
    /// It is shorter than its limit.
    TooShort,
    /// It has the wrong type or a value that makes no sense.
    Invalid,
    /// There is no such field.
    UnknownField,
    /// The identity token was valid once.
    IdentityExpired,
}

impl ErrorCode {
    const ALL: [ErrorCode; 6] = [
        ErrorCode::Required,
        ErrorCode::TooLong,
        ErrorCode::TooShort,
        ErrorCode::Invalid,
        ErrorCode::UnknownField,
        ErrorCode::IdentityExpired,
    ];

    /// Reads the word on the wire.
    pub fn parse(word: &str) -> Option<ErrorCode> {
        ErrorCode::ALL.into_iter().find(|code| code.as_str() == word)
    }

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorCode::Required => "required",
            ErrorCode::TooLong => "too_long",
            ErrorCode::TooShort => "too_short",
            ErrorCode::Invalid => "invalid",
            ErrorCode::UnknownField => "unknown_field",
            ErrorCode::IdentityExpired => "identity_expired",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_they_are_written() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::parse(code.as_str()), Some(code));
        }
        assert_eq!(ErrorCode::parse("of a later version"), None);
    }
}
