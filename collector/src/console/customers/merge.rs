//! The forms by which customers are merged, and taken apart again.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::access::check;
use super::page::find;
use super::privacy::refuse;
use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{KeyedForm, MayAct};
use crate::cases::Actor;
use crate::customers::change::CustomerError;
use crate::customers::find::{Wanted, page};
use crate::customers::handles::Countries;
use crate::customers::{Customer, merge};
use crate::http::Result;

/// Longest text that a customer is looked for by.
const TYPED_MAX: usize = 300;

#[derive(Deserialize)]
pub(super) struct MergeForm {
    /// The other customer: the address of their page, or an email address, phone number or identity.
    #[serde(default)]
    into: String,
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

pub(super) async fn merge(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<MergeForm>,
) -> Result<Response> {
    check(&who, Action::ManageCustomer)?;
    let customer = find(&app, &id).await?;
    let Some(other) = named(&app, &customer, &form.into).await? else {
        let error = ("into", "privacy.customer.into_error");
        return refuse(&app, &who, &customer, error, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    match merge::merge(&app, &customer.id, &other, &Actor::Member(who.member.id.clone()), &key).await {
        Ok(()) => Ok(Redirect::to(&format!("/staff/customers/{other}?done=merged")).into_response()),
        Err(CustomerError::Refused(_)) => {
            refuse(&app, &who, &customer, ("into", "privacy.customer.merge_error"), StatusCode::CONFLICT).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn unmerge(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { key, .. }: KeyedForm<Nothing>,
) -> Result<Response> {
    check(&who, Action::ManageCustomer)?;
    let customer = find(&app, &id).await?;
    match merge::unmerge(&app, &customer.id, &Actor::Member(who.member.id.clone()), &key).await {
        Ok(()) => Ok(Redirect::to(&format!("/staff/customers/{}?done=unmerged", customer.id)).into_response()),
        Err(CustomerError::Refused(_)) => {
            refuse(&app, &who, &customer, ("page", "privacy.customer.refused"), StatusCode::CONFLICT).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The one customer of the same site that was named; none where it is nobody, or several.
pub(super) async fn named(app: &App, customer: &Customer, typed: &str) -> Result<Option<String>> {
    let typed: String = typed.trim().chars().take(TYPED_MAX).collect();
    let last = typed.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if let Ok(id) = uuid::Uuid::parse_str(last.split('?').next().unwrap_or_default()) {
        return Ok(Customer::by_id(&app.db, &id.to_string()).await?.map(|customer| customer.id));
    }
    if typed.is_empty() {
        return Ok(None);
    }
    let mut wanted = Wanted::read(&app.keys, &typed, &Countries::of(&app.sites.all().await?));
    wanted.site_id = Some(customer.site_id.clone());
    let (found, _) = page(&app.db, &wanted, None, 2).await?;
    Ok(match found.as_slice() {
        [one] => Some(one.id.clone()),
        _ => None,
    })
}
