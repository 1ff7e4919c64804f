//! Applying what is suggested for a case, by one press.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::error::{CaseForm, Field as Place, FormError};
use super::page::{leave_or_lose, refused};
use super::properties::Values;
use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{KeyedForm, MayAct};
use crate::cases::access::case_for;
use crate::cases::idempotency::{is_known, request_hash};
use crate::cases::{Actor, CaseError, properties};
use crate::http::Result;
use crate::learning::Field;

/// `POST /staff/cases/{id}/suggestion`.
pub(super) fn router() -> Router<App> {
    Router::new().route("/staff/cases/{id}/suggestion", post(apply))
}

#[derive(Debug, Deserialize, Serialize)]
struct SuggestionForm {
    /// What the page showed, as the page's marker has it.
    seen: String,
    field: String,
    value: String,
}

async fn apply(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<SuggestionForm>,
) -> Result<Response> {
    let case = case_for(&app, &who.standing, &id, Action::ManageCase).await?;
    let site = app.sites.by_id(&case.site_id).await?;
    let service = app.service.current().await?;
    let patch = Field::parse(&form.field).and_then(|field| field.patch(&case, &form.value, site.as_deref(), &service));
    let now = Values::of(&case, &service.zone_of_any(site.as_deref()));
    let done = match patch {
        None => Err(FormError::Choice(Place::Main)),
        Some(_) if form.seen != now.marker() && !is_known(&app.db, &case.id, &key).await? => {
            Err(FormError::Case(CaseError::Stale { version: case.version, changes: String::new() }))
        }
        Some(patch) => {
            let actor = Actor::Member(who.member.id.clone());
            let hash = request_hash(&("suggestion", &form));
            properties::patch(&app, &case.id, &actor, &patch, None, (&key, &hash)).await.map_err(FormError::from)
        }
    };
    match done {
        Ok(()) => leave_or_lose(&app, &who, &case.id, "?done=properties").await,
        Err(error) => refused(&app, &who, &case.id, Draft::default(), CaseForm::Properties, vec![error]).await,
    }
}
