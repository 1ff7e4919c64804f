//! Splitting a case on its page: a part of what the customer wrote becomes a case of its own.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use sayso_shared::Kind;
use sayso_shared::limits::MESSAGE_MAX;
use sayso_shared::text::Text;
use serde::Deserialize;

use super::draft::{Draft, SplitDraft};
use super::error::{CaseForm, Field, FormError};
use super::lost;
use super::page::{leave, refused};
use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{KeyedForm, MayAct};
use crate::cases::access::case_for;
use crate::cases::{Actor, Case};
use crate::http::{Error, Result};
use crate::split::{self, Part, SplitError};

/// `POST /staff/cases/{id}/split`.
pub(super) fn router() -> Router<App> {
    Router::new().route("/staff/cases/{id}/split", post(split_case))
}

#[derive(Deserialize)]
struct SplitForm {
    text: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    category: String,
}

async fn split_case(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<SplitForm>,
) -> Result<Response> {
    let case = match case_for(&app, &who.standing, &id, Action::ManageCase).await {
        Ok(case) => case,
        Err(error) => return lost::with_words(&app, &who, form.text, error).await,
    };
    let done = match read(&case, &form) {
        Ok(part) => {
            let actor = Actor::Member(who.member.id.clone());
            split::split(&app, &case, &part, &actor, None, &key).await.map_err(FormError::from)
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(new) => Ok(leave(&new, "?done=split")),
        Err(error) => {
            let SplitForm { text, kind, category } = form;
            let draft = Draft { split: Some(SplitDraft { text, kind, category }), ..Draft::default() };
            refused(&app, &who, &case.id, draft, CaseForm::Split, vec![error]).await
        }
    }
}

fn read(case: &Case, form: &SplitForm) -> std::result::Result<Part, FormError> {
    let text = Text::<MESSAGE_MAX>::parse(&form.text.replace("\r\n", "\n")).map_err(FormError::text(Field::Main))?;
    let kind = match form.kind.as_str() {
        "" => case.kind(),
        word => Kind::parse(word).ok_or(FormError::Choice(Field::Main))?,
    };
    let category = Some(form.category.clone()).filter(|key| !key.is_empty());
    Ok(Part { text, kind, category })
}

impl From<SplitError> for FormError {
    fn from(error: SplitError) -> Self {
        match error {
            SplitError::NotTheirWords => Self::NotTheirWords,
            SplitError::Case(error) => Self::Case(error),
            SplitError::Refused(Error::Invalid(errors)) if errors.iter().any(|error| error.pointer == "/category") => {
                Self::Choice(Field::Category)
            }
            SplitError::Refused(Error::Invalid(_)) => Self::Choice(Field::Main),
            SplitError::Refused(Error::KeyReused) => Self::Case(crate::cases::CaseError::KeyReused),
            SplitError::Refused(error) => Self::Other(error),
        }
    }
}
