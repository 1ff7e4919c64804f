//! Merging a case into another one on its page, and taking it apart again.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;

use super::draft::Draft;
use super::error::{CaseForm, Field, FormError};
use super::page::{leave, refused};
use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{KeyedForm, MayAct};
use crate::cases::access::case_for;
use crate::cases::{Actor, merge, search};
use crate::http::{Error, Result};

/// `POST /staff/cases/{id}/merge` and `/unmerge`.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/staff/cases/{id}/merge", post(merge_case))
        .route("/staff/cases/{id}/unmerge", post(unmerge_case))
}

#[derive(Deserialize)]
struct MergeForm {
    /// The number of the other case, with or without `#`.
    number: String,
}

async fn merge_case(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<MergeForm>,
) -> Result<Response> {
    let case = case_for(&app, &who.standing, &id, Action::ManageCase).await?;
    let typed = form.number.trim().trim_start_matches(['#', '＃']).trim();
    let other = match typed.parse().ok().filter(|number: &i64| *number > 0) {
        Some(number) => search::by_number(&app.db, number).await?,
        None => None,
    };
    let other = match other {
        Some(id) => match case_for(&app, &who.standing, &id, Action::ManageCase).await {
            Ok(other) => Some(other),
            // Of a case of others nothing is told, not even that it is there.
            Err(Error::NotFound(_) | Error::Forbidden(_)) => None,
            Err(error) => return Err(error),
        },
        None => None,
    };
    let actor = Actor::Member(who.member.id.clone());
    let done = match other {
        Some(other) => merge::merge(&app, &case.id, &other.id, &actor, None, &key).await.map_err(FormError::from),
        None => Err(FormError::Choice(Field::Number)),
    };
    match done {
        Ok(()) => Ok(leave(&case.id, "?done=merge")),
        Err(error) => {
            let draft = Draft { merge: form.number, ..Draft::default() };
            refused(&app, &who, &case.id, draft, CaseForm::Merge, vec![error]).await
        }
    }
}

#[derive(Deserialize)]
struct Nothing {}

async fn unmerge_case(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { key, .. }: KeyedForm<Nothing>,
) -> Result<Response> {
    let case = case_for(&app, &who.standing, &id, Action::ManageCase).await?;
    match merge::unmerge(&app, &case.id, &Actor::Member(who.member.id.clone()), None, &key).await {
        Ok(()) => Ok(leave(&case.id, "?done=unmerge")),
        Err(error) => {
            refused(&app, &who, &case.id, Draft::default(), CaseForm::Page, vec![FormError::from(error)]).await
        }
    }
}
