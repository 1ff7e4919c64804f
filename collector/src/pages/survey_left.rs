//! `POST /s/{key}/survey/{survey}/left`: the page of a survey tells that it was left without being sent, and after which item. Nothing of who it was is looked at or kept.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;

use crate::app::App;
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::surveys::{self, Window};

#[derive(Deserialize)]
pub(super) struct Left {
    #[serde(default)]
    item: String,
    /// The mark of the words that were read.
    #[serde(default)]
    version: String,
}

/// Counts it, while the survey can be answered.
pub(super) async fn left(
    State(app): State<App>,
    client: ClientAddress,
    Path((key, survey)): Path<(String, String)>,
    Form(left): Form<Left>,
) -> Result<StatusCode> {
    const NONE: Error = Error::NotFound("there is no such survey");
    app.limits.check_submission(client)?;
    let site = app.sites.by_key(&key).await?.ok_or(NONE)?;
    let survey = surveys::find(&app.db, &survey).await?.filter(|survey| survey.site.as_str() == site.key());
    let survey = survey.ok_or(NONE)?;
    if surveys::window(&app, &site, &survey).await? == Window::Open {
        let read = surveys::as_read(&app.db, survey.clone(), &left.version).await?;
        surveys::note_left(&app.db, &survey, &read, &left.item).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
