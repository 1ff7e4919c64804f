//! The form by which the staff change a customer.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use sayso_shared::Lang;
use sayso_shared::text::Text;
use serde::{Deserialize, Serialize};

use super::access::check;
use super::page::{Draft, Values, find, refused};
use crate::app::App;
use crate::auth::member::who_may_own;
use crate::auth::permissions::Action;
use crate::auth::{KeyedForm, MayAct};
use crate::cases::idempotency::request_hash;
use crate::cases::{Actor, CaseError};
use crate::customers::change::{self, CustomerError, Name, Patch};
use crate::customers::preferences::{PreferencesPatch, PreferredChannel};
use crate::customers::{Customer, tiers};
use crate::http::{Error, Result};
use crate::sites::value::CustomerValue;

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct EditForm {
    /// The version that the page showed.
    version: String,
    /// What the page showed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    seen: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    tier: String,
    /// None from a page that did not ask for it.
    value: Option<String>,
    #[serde(default)]
    representative: String,
    #[serde(default)]
    notes: String,
    /// None from a page that did not ask for them.
    language: Option<String>,
    channel: Option<String>,
    times: Option<String>,
}

pub(super) async fn save(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<EditForm>,
) -> Result<Response> {
    check(&who, Action::ManageCustomer)?;
    let customer = find(&app, &id).await?;
    let (patch, errors) = read(&app, &customer, &form).await?;
    let (status, errors) = if errors.is_empty() {
        let (actor, hash) = (Actor::Member(who.member.id.clone()), request_hash(&("edit", &form)));
        // What is no number is none that the customer is at.
        let version = Some(form.version.parse().unwrap_or_default());
        match change::patch(&app, &customer.id, &actor, &patch, version, (&key, &hash)).await {
            Ok(()) => return Ok(Redirect::to(&format!("/staff/customers/{}?done=saved", customer.id)).into_response()),
            Err(CustomerError::Stale { .. } | CustomerError::Case(CaseError::KeyReused)) => {
                (StatusCode::CONFLICT, vec![("page", "console.customers.moved")])
            }
            Err(error) => return Err(error.into()),
        }
    } else {
        (StatusCode::UNPROCESSABLE_ENTITY, errors)
    };
    let EditForm { name, tier, value, representative, notes, language, channel, times, seen, version } = form;
    let [value, language, channel, times] = [value, language, channel, times].map(Option::unwrap_or_default);
    let typed = Values { name, tier, value, representative, notes, language, channel, times };
    // Whoever has seen what somebody else has set meanwhile may send it again.
    let is_stale = version != customer.version.to_string();
    let typed = if is_stale { typed.beside(&seen, &Values::of(&app, &customer)) } else { typed };
    let draft = Draft { typed, is_stale, version: customer.version, errors };
    refused(&app, &who, &customer.id, draft, status).await
}

/// Reads the whole form, so that everything that is wrong is said at once, each by its field and the key of a text.
async fn read(app: &App, customer: &Customer, form: &EditForm) -> Result<(Patch, Vec<(&'static str, &'static str)>)> {
    let mut errors = Vec::new();
    let chosen = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let name = match chosen(&form.name).as_deref().map(Name::parse) {
        Some(Err(_)) => {
            errors.push(("name", "console.customers.name_error"));
            None
        }
        name => Some(name.and_then(std::result::Result::ok)),
    };
    let service = app.service.current().await?;
    let site = app.sites.by_id(&customer.site_id).await?;
    let tier = chosen(&form.tier);
    let may_be = |key: &String| tiers::may_be(&service, site.as_ref().map_or("", |site| site.key()), key);
    if tier != customer.tier && !tier.as_ref().is_none_or(may_be) {
        errors.push(("tier", "console.customers.tier_error"));
    }
    let value = match form.value.as_deref().map(chosen) {
        None => None,
        Some(None) => Some(None),
        Some(Some(typed)) => {
            let value = CustomerValue::parse(&typed);
            if value.is_none() {
                errors.push(("value", "console.customers.value_error"));
            }
            Some(value)
        }
    };
    let representative_id = chosen(&form.representative);
    if let Some(id) = representative_id.as_ref().filter(|id| customer.representative_id.as_ref() != Some(*id)) {
        match who_may_own(&app.db, id).await {
            Ok(_) => {}
            Err(Error::NotFound(_)) => errors.push(("representative", "console.case.invalid")),
            Err(error) => return Err(error),
        }
    }
    let notes = match chosen(&form.notes.replace("\r\n", "\n")).as_deref().map(Text::parse) {
        Some(Err(_)) => {
            errors.push(("notes", "console.customers.notes_error"));
            None
        }
        notes => Some(notes.and_then(std::result::Result::ok)),
    };
    let preferences = preferences(form, &mut errors);
    let representative_id = Some(representative_id);
    Ok((Patch { name, tier: Some(tier), value, representative_id, notes, preferences }, errors))
}

/// How the customer wants to be dealt with, as far as the form asked for it.
fn preferences(form: &EditForm, errors: &mut Vec<(&'static str, &'static str)>) -> PreferencesPatch {
    let times = form.times.as_deref().map(|typed| match typed.trim() {
        "" => None,
        typed => {
            let times = Text::parse(typed);
            if times.is_err() {
                errors.push(("times", "console.customers.times_error"));
            }
            times.ok()
        }
    });
    PreferencesPatch {
        lang: form.language.as_deref().map(|tag| Lang::ALL.into_iter().find(|lang| lang.as_str() == tag)),
        channel: form.channel.as_deref().map(PreferredChannel::parse),
        times,
    }
}
