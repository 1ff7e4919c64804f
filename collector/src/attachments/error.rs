//! Why a file is not taken.

use sayso_shared::limits::ATTACHMENT_MAX_BYTES;
use sayso_shared::problem::{ErrorCode, FieldError};

use crate::http::Error;

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
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
    /// The scanner knows it as harmful.
    #[error("the virus scanner refuses this file")]
    Harmful,
    /// It begins like a picture and goes on like none.
    #[error("the picture is damaged")]
    Damaged,
    /// It has nothing to do with the file.
    #[error(transparent)]
    Other(#[from] Error),
}

impl UploadError {
    /// The word that the texts of pages know it by; none if the file is not at fault.
    pub const fn word(&self) -> Option<&'static str> {
        match self {
            UploadError::Empty => Some("empty"),
            UploadError::TooLarge => Some("too_large"),
            UploadError::Type => Some("type"),
            UploadError::Markup => Some("markup"),
            UploadError::Picture => Some("picture"),
            UploadError::Harmful => Some("harmful"),
            UploadError::Damaged => Some("damaged"),
            UploadError::Other(_) => None,
        }
    }
}

impl From<UploadError> for Error {
    fn from(error: UploadError) -> Self {
        let sentence = error.to_string();
        match error {
            UploadError::Other(error) => error,
            UploadError::TooLarge => Error::TooLarge(ATTACHMENT_MAX_BYTES),
            UploadError::Empty => Error::field(FieldError::new("/file", ErrorCode::Required, sentence)),
            UploadError::Type
            | UploadError::Markup
            | UploadError::Picture
            | UploadError::Harmful
            | UploadError::Damaged => Error::field(FieldError::new("/file", ErrorCode::Invalid, sentence)),
        }
    }
}

/// The store is away, or refuses.
pub fn store_failed(error: object_store::Error) -> Error {
    tracing::error!(%error, "the store of attachments failed");
    Error::Unavailable { retry_after: 5 }
}
