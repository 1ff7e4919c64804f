//! What is suggested for a case, on its page, and applying it by one press.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::error::{CaseForm, Field as Place, FormError};
use super::page::{leave_or_lose, refused};
use super::properties::marker;
use super::sorting::Names;
use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{KeyedForm, MayAct};
use crate::cases::access::case_for;
use crate::cases::idempotency::{is_known, request_hash};
use crate::cases::{Actor, Case, CaseError, properties};
use crate::console::inbox::rows::category_label;
use crate::http::Result;
use crate::learning::Field;
use crate::learning::suggest::{self, Suggestion};
use crate::text::Texts;

/// `POST /staff/cases/{id}/suggestion`.
pub(super) fn router() -> Router<App> {
    Router::new().route("/staff/cases/{id}/suggestion", post(apply))
}

/// A suggestion as the page shows it.
pub(super) struct Shown {
    /// What of the case is to be another, for programs and for people.
    pub(super) field: &'static str,
    pub(super) name: &'static str,
    /// What it is to be, for programs and for people.
    pub(super) value: String,
    pub(super) label: String,
    /// In whole percent.
    pub(super) confidence: String,
    /// The words that decided; nothing where only something else did.
    pub(super) words: String,
}

/// What is suggested, for people.
pub(super) async fn shown(app: &App, t: Texts, case: &Case, names: &Names<'_>) -> Result<Vec<Shown>> {
    let suggestions = suggest::for_case(app, case).await?;
    let shown = |Suggestion { field, value, confidence, words }: Suggestion| {
        let (name, label) = match field {
            Field::Category => {
                ("console.case.category", category_label(t, names.site, Some(&value)).unwrap_or_default())
            }
            Field::Team => ("console.case.team", names.team(&value)),
            Field::Priority => ("console.case.priority", t.get(&format!("common.priority.{value}")).to_owned()),
        };
        let words: Vec<String> = words.into_iter().map(|word| word.word).collect();
        Shown {
            field: field.as_str(),
            name: t.get(name),
            value,
            label,
            confidence: format!("{:.0} %", confidence * 100.0),
            words: words.join(", "),
        }
    };
    Ok(suggestions.into_iter().map(shown).collect())
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
    let done = match patch {
        None => Err(FormError::Choice(Place::Main)),
        Some(_) if form.seen != marker(&case) && !is_known(&app.db, &case.id, &key).await? => {
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
