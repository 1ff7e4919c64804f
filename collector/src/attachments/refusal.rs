//! Why a file is not taken.

use sayso_shared::limits::ATTACHMENT_MAX_BYTES;
use sayso_shared::problem::{ErrorCode, FieldError};

use crate::http::Error;

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is too large.
    #[error("the file is larger than 10 MB")]
    TooLarge,
    /// It is of a kind that is not accepted.
    #[error(
        "files of this type are not accepted; accepted are JPEG, PNG, GIF and WebP pictures, PDF, plain text in UTF-8, office documents \
        without macros, and short audio or video"
    )]
    Type,
    /// It is HTML, SVG or XML, which could act in the name of whoever opens it.
    #[error("HTML, SVG and XML are not accepted; a picture of the page, or PDF, is")]
    Markup,
    /// It is a kind of picture whose position can't be removed.
    #[error(
        "HEIC, AVIF and TIFF pictures are not accepted, since their position can't be removed; please send JPEG, PNG or WebP"
    )]
    Picture,
    /// It begins like a picture and goes on like none.
    #[error("the picture is damaged")]
    Damaged,
    /// It has nothing to do with the file.
    #[error(transparent)]
    Other(#[from] Error),
}

impl Refusal {
    /// The word that the texts of pages know it by; none if the file is not at fault.
    pub const fn word(&self) -> Option<&'static str> {
        match self {
            Refusal::Empty => Some("empty"),
            Refusal::TooLarge => Some("too_large"),
            Refusal::Type => Some("type"),
            Refusal::Markup => Some("markup"),
            Refusal::Picture => Some("picture"),
            Refusal::Damaged => Some("damaged"),
            Refusal::Other(_) => None,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let sentence = refusal.to_string();
        match refusal {
            Refusal::Other(error) => error,
            Refusal::TooLarge => Error::TooLarge(ATTACHMENT_MAX_BYTES),
            Refusal::Empty => Error::field(FieldError::new("/file", ErrorCode::Required, sentence)),
            Refusal::Type | Refusal::Markup | Refusal::Picture | Refusal::Damaged => {
                Error::field(FieldError::new("/file", ErrorCode::Invalid, sentence))
            }
        }
    }
}
