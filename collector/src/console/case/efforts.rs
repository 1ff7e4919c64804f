//! Efforts of a case: what the staff did for it beside writing, noted in one line.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use sayso_shared::text::Text;
use serde::{Deserialize, Serialize};

use super::draft::{Draft, EffortDraft};
use super::error::{CaseForm, Field, FormError};
use super::lost;
use super::page::{leave, refused};
use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{KeyedForm, MayAct};
use crate::cases::Actor;
use crate::cases::access::case_for;
use crate::cases::efforts::{self, EffortKind, EffortResult, MINUTES_MAX, NewEffort};
use crate::cases::idempotency::request_hash;
use crate::http::Result;

/// `POST /staff/cases/{id}/efforts`.
pub(super) fn router() -> Router<App> {
    Router::new().route("/staff/cases/{id}/efforts", post(add))
}

#[derive(Deserialize, Serialize)]
struct EffortForm {
    kind: String,
    #[serde(default)]
    result: String,
    #[serde(default)]
    minutes: String,
    #[serde(default)]
    note: String,
}

async fn add(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<EffortForm>,
) -> Result<Response> {
    let case = match case_for(&app, &who.standing, &id, Action::WriteNote).await {
        Ok(case) => case,
        Err(error) => return lost::with_words(&app, &who, form.note, error).await,
    };
    let done = match read(&form) {
        Ok(effort) => {
            let (actor, hash) = (Actor::Member(who.member.id.clone()), request_hash(&("effort", &form)));
            efforts::add(&app, &case.id, &actor, &effort, (&key, &hash)).await.map_err(FormError::from)
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(()) if form.result == EffortResult::Later.as_str() => {
            Ok(leave(&case.id, "?done=later#properties-follow-up"))
        }
        Ok(()) => Ok(leave(&case.id, "?done=effort#efforts")),
        Err(error) => {
            let EffortForm { kind, result, minutes, note } = form;
            let draft = Draft { effort: EffortDraft { kind, result, minutes, note }, ..Draft::default() };
            refused(&app, &who, &case.id, draft, CaseForm::Effort, vec![error]).await
        }
    }
}

fn read(form: &EffortForm) -> Result<NewEffort, FormError> {
    let choice = || FormError::Choice(Field::Main);
    let minutes = match form.minutes.trim() {
        "" => None,
        typed => {
            let minutes = typed.parse().ok().filter(|minutes| (1..=MINUTES_MAX).contains(minutes));
            Some(minutes.ok_or(FormError::Choice(Field::Minutes))?)
        }
    };
    Ok(NewEffort {
        kind: EffortKind::parse(&form.kind).ok_or_else(choice)?,
        result: match form.result.as_str() {
            "" => None,
            word => Some(EffortResult::parse(word).ok_or_else(choice)?),
        },
        minutes,
        note: match form.note.trim() {
            "" => None,
            typed => Some(Text::parse(typed).map_err(FormError::text(Field::Main))?),
        },
    })
}
