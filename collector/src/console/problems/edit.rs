//! Adding and changing a problem.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::access::{check, find};
use super::form::{Errors, ProblemForm};
use super::page::{Draft, refused};
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::permissions::Action;
use crate::auth::{CsrfForm, MayAct};
use crate::http::Result;
use crate::problems::{self, Patch};
use crate::service::words::Title;

/// `POST /staff/problems/new`.
pub(super) async fn add(
    State(app): State<App>,
    MayAct(who): MayAct,
    CsrfForm(form): CsrfForm<ProblemForm>,
) -> Result<Response> {
    check(&who, Action::ManageProblems)?;
    match read(&app, &form).await? {
        Ok((title, patch)) => {
            let stamp = Stamp::member(&who.member.id, app.clock.now());
            let new = problems::add(&app, None, title, patch, &stamp).await?;
            Ok(Redirect::to(&format!("/staff/problems/{}?saved=1", new.key)).into_response())
        }
        Err(errors) => refused(&app, &who, None, Draft { form: Some(form), errors, ..Draft::default() }).await,
    }
}

/// `POST /staff/problems/{key}`.
pub(super) async fn save(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(key): Path<String>,
    CsrfForm(form): CsrfForm<ProblemForm>,
) -> Result<Response> {
    check(&who, Action::ManageProblems)?;
    let problem = find(&app, &key).await?;
    match read(&app, &form).await? {
        Ok((_, patch)) => {
            let stamp = Stamp::member(&who.member.id, app.clock.now());
            problems::patch(&app, &key, patch, &stamp).await?;
            Ok(Redirect::to(&format!("/staff/problems/{}?saved=1", problem.key)).into_response())
        }
        Err(errors) => refused(&app, &who, Some(problem), Draft { form: Some(form), errors, ..Draft::default() }).await,
    }
}

/// What the form says, with the site that it names.
async fn read(app: &App, form: &ProblemForm) -> Result<std::result::Result<(Title, Patch), Errors>> {
    if !form.site.is_empty() && app.sites.by_key(&form.site).await?.is_none() {
        return Ok(Err(vec![("site".to_owned(), "console.case.invalid")]));
    }
    Ok(form.read())
}
