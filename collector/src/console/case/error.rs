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
    /// What is to be split off is not what the customer wrote.
    NotTheirWords,
    /// The case has changed since the form was handed out.
    Moved,
    /// Who the customer is, or what they said, was erased since the form was handed out.
    Erased,
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
    /// What that cost.
    Cost,
    /// What it is about.
    Category,
    /// Its tags.
    Tags,
    /// Why it gets another team.
    Reason,
    /// The number of another case.
    Number,
    /// The files that go along.
    Files,
    /// Until when.
    Due,
    /// Who does it.
    Whom,
    /// How long it took.
    Minutes,
}

/// The form of the page that was refused; its fields carry its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CaseForm {
    /// A reply to the customer.
    Reply,
    /// A note for the team.
    Note,
    /// Resolving without a reply.
    Resolve,
    /// Reopening.
    Reopen,
    /// Kind, topic, priority and the like.
    Properties,
    /// A task to be added.
    Task,
    /// An effort to be noted.
    Effort,
    /// Merging it into another case.
    Merge,
    /// Making a case of a part of it.
    Split,
    /// Any other button of the page.
    Page,
}

impl CaseForm {
    /// The name of a field of the form on the page.
    pub(super) const fn field(self, field: Field) -> &'static str {
        match (self, field) {
            (CaseForm::Reply, Field::Main) => "reply",
            (CaseForm::Reply, Field::Outcome) => "reply-outcome",
            (CaseForm::Reply, Field::Remedy) => "reply-remedy",
            (CaseForm::Reply, Field::Cost) => "reply-cost",
            (CaseForm::Reply, Field::Files) => "reply-files",
            (CaseForm::Note, Field::Files) => "note-files",
            (CaseForm::Note, _) => "note",
            (CaseForm::Resolve, Field::Outcome) => "quiet-outcome",
            (CaseForm::Resolve, Field::Remedy) => "quiet-remedy",
            (CaseForm::Resolve, Field::Cost) => "quiet-cost",
            (CaseForm::Reopen, _) => "reopen",
            (CaseForm::Task, Field::Due) => "task-due",
            (CaseForm::Task, Field::Whom) => "task-whom",
            (CaseForm::Task, _) => "task",
            (CaseForm::Effort, Field::Minutes) => "effort-minutes",
            (CaseForm::Effort, _) => "effort",
            (CaseForm::Merge, _) => "merge",
            (CaseForm::Split, Field::Category) => "split-category",
            (CaseForm::Split, _) => "split",
            (CaseForm::Properties, Field::Category) => "properties-category",
            (CaseForm::Properties, Field::Tags) => "properties-tags",
            (CaseForm::Properties, Field::Reason) => "properties-reason",
            (CaseForm::Properties | CaseForm::Page, _) => "page",
            (CaseForm::Reply | CaseForm::Resolve, _) => "page",
        }
    }
}

impl FormError {
    /// The status, the field and the key of the text with which the page says it. An error that no form can mend is given back.
    pub(super) fn shown(self) -> Result<(StatusCode, Field, &'static str), Error> {
        const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
        match self {
            FormError::Choice(Field::Outcome) | FormError::Case(CaseError::OutcomeRequired) => {
                Ok((WRONG, Field::Outcome, "console.case.outcome_error"))
            }
            FormError::Case(CaseError::OutcomeOfNoComplaint) => {
                Ok((WRONG, Field::Outcome, "console.case.outcome_kind"))
            }
            FormError::Choice(Field::Cost) => Ok((WRONG, Field::Cost, "insight.cost.wrong")),
            FormError::Choice(Field::Tags) => Ok((WRONG, Field::Tags, "console.case.tags_error")),
            FormError::Choice(Field::Category) => Ok((WRONG, Field::Category, "console.case.category_error")),
            FormError::Choice(Field::Due) => Ok((WRONG, Field::Due, "insight.exposure.wrong_date")),
            FormError::Choice(Field::Whom) => Ok((WRONG, Field::Whom, "desk.case.whom_gone")),
            FormError::Choice(Field::Minutes) => Ok((WRONG, Field::Minutes, "desk.effort.minutes_wrong")),
            FormError::Text(Field::Reason, ErrorCode::Required) => {
                Ok((WRONG, Field::Reason, "desk.case.reason_missing"))
            }
            FormError::Choice(Field::Number) => Ok((WRONG, Field::Number, "console.case.merge_unknown")),
            FormError::Case(CaseError::MergedWithItself) => Ok((WRONG, Field::Number, "console.case.merge_itself")),
            FormError::Case(CaseError::Merged) => Ok((WRONG, Field::Number, "console.case.merge_merged")),
            FormError::Case(CaseError::OtherSite) => Ok((WRONG, Field::Number, "console.case.merge_site")),
            FormError::Case(CaseError::NotOpen) => Ok((WRONG, Field::Number, "console.case.merge_not_open")),
            FormError::Case(CaseError::HoldsOthers) => Ok((WRONG, Field::Number, "console.case.merge_holds")),
            FormError::Case(CaseError::FileGone { .. }) => Ok((WRONG, Field::Files, "pages.wrong.files_gone")),
            FormError::NotTheirWords => Ok((WRONG, Field::Main, "console.case.split_words")),
            FormError::Erased => Ok((StatusCode::CONFLICT, Field::Main, "desk.case.erased_meanwhile")),
            FormError::Case(CaseError::Stale { .. }) => Ok((StatusCode::CONFLICT, Field::Main, "desk.case.stale")),
            FormError::Moved => Ok((StatusCode::CONFLICT, Field::Main, "console.case.moved")),
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
                | CaseError::Service(_)
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
