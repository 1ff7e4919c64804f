//! Why a form of the case page was refused, and how the page says it.

use axum::http::StatusCode;
use sayso_shared::problem::ErrorCode;
use sayso_shared::text::TextError;

use crate::cases::CaseError;
use crate::http::Error;

/// Why a form of the case page was refused.
#[derive(Debug)]
pub(super) enum FormError {
    /// A text is empty, too long or not one.
    Text(Field, ErrorCode),
    /// What was chosen is not one of the choices.
    Choice(Field),
    /// The delivery that is to be sent again has not failed.
    NotFailed,
    /// The case does not allow it.
    Case(CaseError),
    /// Something else went wrong.
    Other(Error),
}

/// A field that a mistake is shown at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// The first field of the form, or the top of the page.
    Main,
    /// What came of a complaint.
    Outcome,
    /// What the customer was given.
    Remedy,
}

impl FormError {
    /// The status, the field and the key of the text with which the page says it. An error that no form can mend is given back.
    pub(super) fn shown(self) -> Result<(StatusCode, Field, &'static str), Error> {
        const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
        match self {
            FormError::Choice(Field::Outcome) | FormError::Case(CaseError::OutcomeRequired) => {
                Ok((WRONG, Field::Outcome, "console.case.outcome_error"))
            }
            FormError::Text(field, ErrorCode::TooLong) => Ok((WRONG, field, "console.case.too_long")),
            FormError::Text(field, ErrorCode::Required) => Ok((WRONG, field, "console.case.required")),
            FormError::Text(field, _) | FormError::Choice(field) => Ok((WRONG, field, "console.case.invalid")),
            FormError::NotFailed => Ok((StatusCode::CONFLICT, Field::Main, "console.case.conflict")),
            FormError::Case(CaseError::KeyReused) => {
                Ok((StatusCode::CONFLICT, Field::Main, "console.case.sent_before"))
            }
            FormError::Case(
                error @ (CaseError::NotFound
                | CaseError::UnknownCode
                | CaseError::Undecryptable(_)
                | CaseError::Database(_)),
            ) => Err(error.into()),
            FormError::Case(_) => Ok((StatusCode::CONFLICT, Field::Main, "console.case.conflict")),
            FormError::Other(error) => Err(error),
        }
    }

    /// A text that can't be taken.
    pub(super) fn text(field: Field) -> impl Fn(TextError) -> Self {
        move |error| Self::Text(field, error.code)
    }
}

impl From<CaseError> for FormError {
    fn from(error: CaseError) -> Self {
        Self::Case(error)
    }
}

impl From<sqlx::Error> for FormError {
    fn from(error: sqlx::Error) -> Self {
        Self::Other(error.into())
    }
}
