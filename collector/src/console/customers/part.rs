//! The forms by which a customer who is two people is parted: what is not theirs is taken away, and a case is given to whom it is.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::access::check;
use super::merge::named;
use super::page::find;
use super::privacy::refuse;
use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{KeyedForm, MayAct};
use crate::cases::{Actor, CaseError};
use crate::customers::change::CustomerError;
use crate::customers::handles::HandleKind;
use crate::customers::part;
use crate::http::Result;

#[derive(Deserialize)]
pub(super) struct HandleForm {
    /// One of [`HandleKind`].
    #[serde(default)]
    kind: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
pub(super) struct MoveForm {
    /// The identifier of the case.
    #[serde(default)]
    case: String,
    /// The other customer, as for a merge; empty for a new one.
    #[serde(default)]
    into: String,
}

pub(super) async fn remove_handle(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<HandleForm>,
) -> Result<Response> {
    check(&who, Action::ManageCustomer)?;
    let customer = find(&app, &id).await?;
    let error = ("page", "privacy.customer.refused");
    let Some(kind) = HandleKind::parse(&form.kind) else {
        return refuse(&app, &who, &customer, error, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let actor = Actor::Member(who.member.id.clone());
    match part::remove_handle(&app, &customer.id, (kind, &form.value), &actor, &key).await {
        Ok(()) => Ok(Redirect::to(&format!("/staff/customers/{}?done=removed", customer.id)).into_response()),
        Err(CustomerError::Refused(_)) => refuse(&app, &who, &customer, error, StatusCode::CONFLICT).await,
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn move_case(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<MoveForm>,
) -> Result<Response> {
    check(&who, Action::ManageCustomer)?;
    let customer = find(&app, &id).await?;
    let into = match form.into.trim() {
        "" => None,
        typed => match named(&app, &customer, typed).await? {
            Some(other) => Some(other),
            None => {
                let error = ("page", "privacy.customer.into_error");
                return refuse(&app, &who, &customer, error, StatusCode::UNPROCESSABLE_ENTITY).await;
            }
        },
    };
    let actor = Actor::Member(who.member.id.clone());
    match part::move_case(&app, &customer.id, &form.case, into.as_deref(), &actor, &key).await {
        Ok(owner) => Ok(Redirect::to(&format!("/staff/customers/{owner}?done=moved")).into_response()),
        Err(CustomerError::Refused(_) | CustomerError::Case(CaseError::NotFound)) => {
            refuse(&app, &who, &customer, ("page", "privacy.customer.move_error"), StatusCode::CONFLICT).await
        }
        Err(error) => Err(error.into()),
    }
}
