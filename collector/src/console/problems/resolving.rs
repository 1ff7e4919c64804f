//! One answer to all open cases of a problem.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use sayso_shared::text::Text;
use serde::Deserialize;

use super::access::{find, may_resolve};
use super::form::{Errors, ProblemForm};
use super::page::{Draft, refused};
use crate::app::App;
use crate::auth::{KeyedForm, MayAct};
use crate::cases::idempotency::request_hash;
use crate::cases::staff::Remedy;
use crate::cases::{Actor, Outcome};
use crate::http::{Error, Result};
use crate::problems::{self, Answer};

#[derive(Deserialize)]
pub(super) struct ResolveForm {
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    remedy: String,
    /// That they know how many customers get it.
    sure: Option<String>,
    #[serde(flatten)]
    answer: ProblemForm,
}

/// `POST /staff/problems/{key}/resolve`. Sent twice it answers nobody twice.
pub(super) async fn resolve(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(key): Path<String>,
    KeyedForm { form, key: request }: KeyedForm<ResolveForm>,
) -> Result<Response> {
    if !may_resolve(&who) {
        tracing::info!(
            security = "forbidden",
            member = who.member.id,
            "a member may not answer all cases of a problem"
        );
        return Err(Error::Forbidden("only managers and admins answer all cases of a problem".into()));
    }
    let problem = find(&app, &key).await?;
    let hash = request_hash(&("problem", problem.key.as_str(), &form.outcome, &form.remedy, &form.answer.texts));
    match read(&form) {
        Ok(answer) => {
            let actor = Actor::Member(who.member.id.clone());
            let all = problems::resolve(&app, problem.key.as_str(), &answer, &actor, (&request, &hash)).await?;
            let resolved = all.iter().filter(|one| one.result.is_ok()).count();
            let left = all.len() - resolved;
            Ok(Redirect::to(&format!("/staff/problems/{}?resolved={resolved}&left={left}", problem.key))
                .into_response())
        }
        Err(errors) => {
            let ResolveForm { outcome, remedy, answer, .. } = form;
            let draft = Draft { answer: Some(answer), outcome, remedy, errors, ..Draft::default() };
            refused(&app, &who, Some(problem), draft).await
        }
    }
}

fn read(form: &ResolveForm) -> std::result::Result<Answer, Errors> {
    let mut errors = Errors::new();
    let text = form.answer.local_text("solution").unwrap_or_else(|(field, key)| {
        errors.push((format!("answer.{field}"), key));
        None
    });
    if text.is_none() && errors.is_empty() {
        errors.push(("answer".to_owned(), "desk.problem.answer_error"));
    }
    let outcome = Some(form.outcome.as_str()).filter(|word| !word.is_empty()).map(Outcome::parse);
    if outcome == Some(None) {
        errors.push(("outcome".to_owned(), "console.case.invalid"));
    }
    let remedy: std::result::Result<Option<Remedy>, _> =
        Some(form.remedy.trim()).filter(|text| !text.is_empty()).map(Text::parse).transpose();
    let remedy = remedy.unwrap_or_else(|_| {
        errors.push(("remedy".to_owned(), "desk.problem.remedy_error"));
        None
    });
    if form.sure.is_none() {
        errors.push(("sure".to_owned(), "desk.problem.sure_error"));
    }
    match text.filter(|_| errors.is_empty()) {
        Some(text) => Ok(Answer { text, outcome: outcome.flatten(), remedy }),
        None => Err(errors),
    }
}
