//! The forms by which a customer is exported and erased, each with the member's password.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::access::check;
use super::page::{Draft, find, refused};
use crate::app::App;
use crate::auth::confirm::confirm;
use crate::auth::permissions::Action;
use crate::auth::{KeyedForm, SignedIn};
use crate::cases::Actor;
use crate::customers::change::CustomerError;
use crate::customers::{Customer, export};
use crate::erasure::erase_customer;
use crate::http::Result;
use crate::http::client::ClientAddress;

#[derive(Deserialize)]
pub(super) struct ConfirmedForm {
    #[serde(default)]
    password: String,
    /// That the member knows what it means.
    #[serde(default)]
    sure: String,
}

pub(super) async fn export(
    State(app): State<App>,
    who: SignedIn,
    client: ClientAddress,
    Path(id): Path<String>,
    KeyedForm { form, .. }: KeyedForm<ConfirmedForm>,
) -> Result<Response> {
    check(&who, Action::ExportCustomer)?;
    let customer = find(&app, &id).await?;
    if let Some(error) = wrong_password(&app, &who, client, &form).await? {
        return refuse(&app, &who, &customer, ("export-password", error), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    export::respond(&app, &customer, &Actor::Member(who.member.id.clone())).await
}

pub(super) async fn erase(
    State(app): State<App>,
    who: SignedIn,
    client: ClientAddress,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<ConfirmedForm>,
) -> Result<Response> {
    check(&who, Action::EraseCustomer)?;
    let customer = find(&app, &id).await?;
    if form.sure != "true" {
        let error = ("erase-sure", "privacy.customer.sure_error");
        return refuse(&app, &who, &customer, error, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    if let Some(error) = wrong_password(&app, &who, client, &form).await? {
        return refuse(&app, &who, &customer, ("erase-password", error), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    match erase_customer(&app, &customer.id, &Actor::Member(who.member.id.clone()), &key).await {
        Ok(_) => Ok(Redirect::to(&format!("/staff/customers/{}?done=erased", customer.id)).into_response()),
        Err(CustomerError::Refused(_)) => {
            refuse(&app, &who, &customer, ("page", "privacy.customer.refused"), StatusCode::CONFLICT).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The page with why something was not done.
pub(super) async fn refuse(
    app: &App,
    who: &SignedIn,
    customer: &Customer,
    error: (&'static str, &'static str),
    status: StatusCode,
) -> Result<Response> {
    let draft = Draft { errors: vec![error], ..Draft::of(app, customer) };
    refused(app, who, &customer.id, draft, status).await
}

async fn wrong_password(
    app: &App,
    who: &SignedIn,
    client: ClientAddress,
    form: &ConfirmedForm,
) -> Result<Option<&'static str>> {
    Ok(confirm(app, who, client, &form.password).await?.text())
}
