//! Why something can't be done with a case. The API says it by a problem, the console in the reader's language.

use sayso_shared::problem::{ErrorCode, FieldError};

use super::Status;
use crate::http::Error;

/// What reading or changing a case gives.
pub type Result<T, E = CaseError> = std::result::Result<T, E>;

/// Why something can't be done with a case.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// Nobody has this identifier.
    #[error("there is no such case")]
    NotFound,
    /// Nobody has this code, or it is no code.
    #[error("there is no case with this code; check it for typing mistakes")]
    UnknownCode,
    /// Its status allows no such step.
    #[error("a case that is {} can't {}", from.as_str(), step(*to))]
    InvalidTransition {
        /// Where it stands.
        from: Status,
        /// Where it was to go.
        to: Status,
    },
    /// It was to be resolved like any other step, without saying how.
    #[error("resolve the case with its outcome")]
    ResolutionMissing,
    /// It is a complaint, which is resolved with an outcome only.
    #[error("a complaint needs an outcome")]
    OutcomeRequired,
    /// An outcome was given for what is no complaint.
    #[error("only a complaint has an outcome")]
    OutcomeOfNoComplaint,
    /// It is in quarantine, where nobody would hear of what is done.
    #[error("the case is in quarantine; release it first")]
    InQuarantine,
    /// It was merged into another one, which is worked on in its place.
    #[error("the case was merged into another one; work on that one, or unmerge it first")]
    Merged,
    /// It is to be taken apart from another one, and was not merged.
    #[error("the case was not merged into another one")]
    NotMerged,
    /// It is to be merged into itself.
    #[error("a case can't be merged into itself")]
    MergedWithItself,
    /// It is to be merged with one of another site, whose customers the other must not answer.
    #[error("only cases of the same site can be merged")]
    OtherSite,
    /// It is to be merged, and others were merged into it.
    #[error("other cases were merged into this one; merge them one by one, or merge the other way round")]
    HoldsOthers,
    /// It is to be merged into one that holds as many as one can hold.
    #[error("a hundred cases were merged into the other one already")]
    HoldsTooMany,
    /// It is to be merged, and it or the other one is resolved or closed.
    #[error("both cases must be open; reopen the one that is not")]
    NotOpen,
    /// It is to be released, and is not in quarantine.
    #[error("the case is not in quarantine")]
    NotInQuarantine,
    /// It is to be discarded, and nobody holds it for spam.
    #[error("the case is not held in quarantine")]
    NotHeld,
    /// It is to be rated, and nothing was answered.
    #[error("there is no answer yet that could be rated")]
    NotAnswered,
    /// It has an address already.
    #[error("the case has an e-mail address already")]
    HasAddress,
    /// It was closed so long ago that the customer can't reopen it.
    #[error("the case was closed more than {days} days ago; please submit new feedback and refer to this code")]
    ReopenPeriodOver {
        /// How long customers can reopen a case.
        days: u32,
    },
    /// A file that is to come with a message can't be claimed: there is no such upload, it is of another site, or it belongs to something else already.
    #[error("there is no upload with this id; upload the file again")]
    FileGone {
        /// Its place among the files.
        place: usize,
    },
    /// The idempotency key was used for another request.
    #[error("this Idempotency-Key was used for another request")]
    KeyReused,
    /// Somebody has changed it since it was read.
    #[error("the case was changed meanwhile and is at version {version} now: {changes}")]
    Stale {
        /// The version that it is at.
        version: i64,
        /// Who changed what since then, such as `Tom Reed: case.priority`.
        changes: String,
    },
    /// Its code is encrypted with another key.
    #[error("the code of case {0} can't be decrypted with the keys at hand")]
    Undecryptable(String),
    /// What cases go by can't be read.
    #[error(transparent)]
    Service(#[from] Error),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// The step to a status, after "can't".
fn step(to: Status) -> String {
    match to {
        Status::Resolved => "be resolved".to_owned(),
        other => format!("become {}", other.as_str()),
    }
}

impl From<CaseError> for Error {
    fn from(error: CaseError) -> Self {
        match error {
            CaseError::NotFound => Error::NotFound("there is no such case"),
            CaseError::UnknownCode => Error::NotFound("there is no case with this code; check it for typing mistakes"),
            CaseError::OutcomeRequired => {
                Error::field(FieldError::new("/outcome", ErrorCode::Required, error.to_string()))
            }
            CaseError::OutcomeOfNoComplaint => {
                Error::field(FieldError::new("/outcome", ErrorCode::Invalid, error.to_string()))
            }
            CaseError::FileGone { place } => {
                Error::field(FieldError::new(format!("/attachments/{place}"), ErrorCode::Invalid, error.to_string()))
            }
            CaseError::InvalidTransition { .. }
            | CaseError::ResolutionMissing
            | CaseError::InQuarantine
            | CaseError::Merged
            | CaseError::NotMerged
            | CaseError::MergedWithItself
            | CaseError::OtherSite
            | CaseError::HoldsOthers
            | CaseError::HoldsTooMany
            | CaseError::NotOpen
            | CaseError::NotInQuarantine
            | CaseError::NotHeld
            | CaseError::NotAnswered
            | CaseError::HasAddress
            | CaseError::ReopenPeriodOver { .. } => Error::Conflict(error.to_string()),
            CaseError::Stale { .. } => Error::Stale(error.to_string()),
            CaseError::KeyReused => Error::KeyReused,
            CaseError::Undecryptable(_) => Error::Internal(error.into()),
            CaseError::Service(error) => error,
            CaseError::Database(error) => Error::Database(error),
        }
    }
}
