//! Who may see surveys, and type in answers.

use std::sync::Arc;

use crate::app::App;
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::http::{Error, Result};
use crate::service::survey::Survey;
use crate::sites::Site;
use crate::surveys;

/// Refuses those who may neither enter what customers say nor read what came of it.
pub(super) fn check(who: &SignedIn) -> Result<()> {
    if who.may(Action::EnterFeedback) || who.may(Action::ReadReports) {
        return Ok(());
    }
    tracing::info!(security = "forbidden", member = who.member.id, "a member may not see surveys");
    Err(Error::Forbidden("you may not see surveys".into()))
}

/// A survey and its site, for a member who may type in answers.
pub(super) async fn survey_for(app: &App, who: &SignedIn, key: &str) -> Result<(Survey, Arc<Site>)> {
    who.require(Action::EnterFeedback, "you may not enter what customers say")?;
    find(app, key).await
}

/// A survey and its site.
pub(super) async fn find(app: &App, key: &str) -> Result<(Survey, Arc<Site>)> {
    let none = || Error::NotFound("there is no such survey");
    let survey = surveys::find(&app.db, key).await?.ok_or_else(none)?;
    let site = app.sites.by_key(survey.site.as_str()).await?.ok_or_else(none)?;
    Ok((survey, site))
}
