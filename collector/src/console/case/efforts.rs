//! Efforts of a case: what the staff did for it beside writing, noted in one line.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use sayso_shared::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::draft::Draft;
use super::error::{CaseForm, Field, FormError};
use super::page::{leave, refused};
use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{KeyedForm, MayAct};
use crate::cases::Actor;
use crate::cases::access::case_for;
use crate::cases::efforts::{self, Effort, EffortKind, EffortResult, MINUTES_MAX, NewEffort};
use crate::cases::idempotency::request_hash;
use crate::http::Result;
use crate::text::Texts;

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
    let case = case_for(&app, &who.standing, &id, Action::WriteNote).await?;
    let done = match read(&form) {
        Ok(effort) => {
            let (actor, hash) = (Actor::Member(who.member.id.clone()), request_hash(&("effort", &form)));
            efforts::add(&app, &case.id, &actor, &effort, (&key, &hash)).await.map_err(FormError::from)
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(leave(&case.id, "?done=effort#efforts")),
        Err(error) => {
            let draft = Draft { effort: form.note, ..Draft::default() };
            refused(&app, &who, &case.id, draft, CaseForm::Effort, vec![error]).await
        }
    }
}

fn read(form: &EffortForm) -> Result<NewEffort, FormError> {
    let choice = || FormError::Choice(Field::Main);
    let minutes = match form.minutes.trim() {
        "" => None,
        typed => Some(typed.parse().ok().filter(|minutes| (1..=MINUTES_MAX).contains(minutes)).ok_or_else(choice)?),
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

/// What an event says of an effort.
pub(super) fn sentence(t: Texts, efforts: &[Effort], data: &Value, by: &str) -> String {
    let effort = efforts.iter().find(|effort| Some(effort.id.as_str()) == data["effort_id"].as_str());
    let kind = data["kind"].as_str().and_then(EffortKind::parse).unwrap_or(EffortKind::Other);
    let mut said = vec![t.with(&format!("desk.effort.did.{}", kind.as_str()), &[("name", by)])];
    if let Some(result) = data["result"].as_str().and_then(EffortResult::parse) {
        said.push(t.get(&format!("desk.effort.result.{}", result.as_str())).to_owned());
    }
    said.extend(data["minutes"].as_i64().map(|minutes| t.with("console.span.minutes", &[("n", &minutes.to_string())])));
    said.extend(effort.map(|effort| effort.note.clone()).filter(|note| !note.is_empty()));
    said.join(" · ")
}

/// How much was done, in all; none where nothing was.
pub(super) fn sum(t: Texts, efforts: &[Effort]) -> Option<String> {
    let count = |kind: &EffortKind| {
        let count = efforts.iter().filter(|effort| effort.kind == kind.as_str()).count();
        (count > 0).then(|| t.with(&format!("desk.effort.count.{}", kind.as_str()), &[("n", &count.to_string())]))
    };
    let mut sums: Vec<String> = EffortKind::ALL.iter().filter_map(count).collect();
    let minutes: i64 = efforts.iter().filter_map(|effort| effort.minutes).sum();
    if minutes > 0 {
        sums.push(t.with("console.span.minutes", &[("n", &minutes.to_string())]));
    }
    (!sums.is_empty()).then(|| sums.join(" · "))
}
