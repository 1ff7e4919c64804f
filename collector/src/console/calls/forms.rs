//! Drawing a sample, and noting what came of a call.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use sayso_shared::text::Text;

use super::page::{check, refused};
use super::typed::{CallForm, Draft, DrawForm};
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::permissions::Action;
use crate::auth::{KeyedForm, MayAct, SignedIn};
use crate::calls::{self, CallResult, CheckCall, Found, ResultError, Sample};
use crate::cases::Actor;
use crate::cases::efforts::EffortNote;
use crate::cases::staff::Body;
use crate::http::{Error, Result};

/// `POST /staff/calls/draw`.
pub(super) async fn draw(
    State(app): State<App>,
    MayAct(who): MayAct,
    KeyedForm { form, key }: KeyedForm<DrawForm>,
) -> Result<Response> {
    check(&who, Action::DrawCheckCalls)?;
    // What is no number is none that fits.
    let number = |typed: &str| typed.trim().parse::<i64>().unwrap_or_default();
    let percent = Some(form.percent.trim()).filter(|typed| !typed.is_empty()).map(number);
    let sample = Sample::new(number(&form.size), percent, number(&form.days), &form.seed);
    match (app.sites.by_key(&form.site).await?, sample) {
        (Some(site), Ok(sample)) => {
            let stamp = Stamp::member(&who.member.id, app.clock.now());
            let round = calls::draw(&app, key.as_str(), &site, &sample, &stamp).await?;
            let done = if round.drawn == 0 { "nobody" } else { "drawn" };
            Ok(Redirect::to(&format!("/staff/calls?done={done}")).into_response())
        }
        (site, sample) => {
            let mut errors = Vec::new();
            if site.is_none() {
                errors.push(("site", "console.case.invalid"));
            }
            let of_sample = sample.err().into_iter().flatten();
            errors.extend(of_sample.map(|error| (error.field(), text_of(error))));
            let draft = Draft { draw: form, errors, ..Draft::default() };
            refused(&app, &who, draft, StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

const fn text_of(error: calls::SampleError) -> &'static str {
    match error {
        calls::SampleError::Size => "desk.calls.size_error",
        calls::SampleError::Percent => "desk.calls.percent_error",
        calls::SampleError::Days => "desk.calls.days_error",
        calls::SampleError::Seed => "desk.calls.seed_error",
    }
}

/// `POST /staff/calls/{id}`.
pub(super) async fn record(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<CallForm>,
) -> Result<Response> {
    check(&who, Action::ManageCustomer)?;
    let call = find(&app, &who, &id).await?;
    let found = match read(&who, &form) {
        Ok(found) => found,
        Err(errors) => {
            let draft = Draft { call: Some((call.id, form)), errors, ..Draft::default() };
            return refused(&app, &who, draft, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    match calls::record(&app, &call, &Actor::Member(who.member.id.clone()), &found, &key).await {
        Ok(()) => Ok(Redirect::to("/staff/calls?done=noted").into_response()),
        Err(ResultError::Done) => {
            let draft = Draft { errors: vec![("page", "desk.calls.done_error")], ..Draft::default() };
            refused(&app, &who, draft, StatusCode::CONFLICT).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The call with an identifier, for whoever makes it; one of somebody else is not there.
async fn find(app: &App, who: &SignedIn, id: &str) -> Result<CheckCall> {
    let none = Error::NotFound("there is no such call");
    let Ok(id) = uuid::Uuid::parse_str(id) else { return Err(none) };
    let call = CheckCall::by_id(&app.db, &id.to_string()).await?;
    call.filter(|call| who.standing.sees_all() || call.is_for(&who.member.id)).ok_or(none)
}

/// Reads the whole form, so that everything that is wrong is said at once.
fn read(who: &SignedIn, form: &CallForm) -> Result<Found, Vec<(&'static str, &'static str)>> {
    let mut errors = Vec::new();
    let result = CallResult::parse(&form.result);
    if result.is_none() {
        errors.push(("result", "desk.calls.result_error"));
    }
    let score = match form.score.trim() {
        "" => None,
        typed => typed.parse().ok().filter(|score| (1..=5).contains(score)).or_else(|| {
            errors.push(("score", "desk.calls.score_error"));
            None
        }),
    };
    let note: Option<EffortNote> = match form.note.trim() {
        "" => None,
        typed => Text::parse(typed).map_err(|_| errors.push(("note", "desk.calls.note_error"))).ok(),
    };
    let said =
        note.as_ref().map_or_else(|| who.t.get("desk.calls.reopened").to_owned(), |note| note.as_str().to_owned());
    match (result, Body::parse(&said)) {
        (Some(result), Ok(reason)) if errors.is_empty() => Ok(Found { result, score, note, reason }),
        _ => Err(errors),
    }
}
