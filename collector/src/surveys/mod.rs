//! Surveys: what was answered, and answers that were given elsewhere. What is asked is a part of the service ([`crate::service::survey`]).

mod answers;
pub mod api;
pub mod commands;
mod import;
pub mod invitations;
mod left;
mod listing;
pub mod questionnaires;
pub mod questions;
pub mod respondent_hashes;
mod sheet;
mod times;
mod versions;
mod window;
pub mod wordings;

pub use answers::{
    Answer, Given, ScaleAnswer, ScaleAnswers, answered, of_respondent, respondents, submit, submit_invited,
};
pub use left::{left, note_left};
pub use listing::{Listed, Listing, Page};
pub use sheet::Sheet;
pub use times::{median_seconds, note_time};
pub use versions::{Version, Versions};
pub use window::Window;
pub use wordings::{as_read, mark, marks};

use std::sync::Arc;

use crate::app::App;
use crate::db::Db;
use crate::http::{Error, Result};
use crate::service::store;
use crate::service::survey::{Audience, Survey, SurveyChannel};
use crate::sites::Site;

/// A site and its survey that has a public page, whoever it is for besides; any other one is not there.
pub async fn find_public(app: &App, site_key: &str, key: &str) -> Result<(Arc<Site>, Survey)> {
    const NONE: Error = Error::NotFound("there is no such survey");
    let site = app.sites.by_key(site_key).await?.ok_or(Error::NoSite)?;
    let is_of_site = |survey: &Survey| survey.site.as_str() == site.key() && survey.has_page();
    let survey = find(&app.db, key).await?.filter(is_of_site).ok_or(NONE)?;
    Ok((site, survey))
}

/// Whether a survey of a site can be answered now.
pub async fn window(app: &App, site: &Site, survey: &Survey) -> Result<Window> {
    let service = app.service.current().await?;
    Ok(Window::at(survey, app.clock.now(), &service.zone_of(site)))
}

/// The survey that a site asks its customers for after a case was resolved: the first one that is open and shown in the widget.
pub async fn after_resolution(app: &App, site: &Site) -> Result<Option<Survey>> {
    let surveys: Vec<Survey> = store::all(&app.db).await?;
    let zone = app.service.current().await?.zone_of(site);
    let is_asked = |survey: &Survey| {
        survey.site.as_str() == site.key()
            && survey.channels.contains(&SurveyChannel::Widget)
            && survey.audience != Audience::Members
            && Window::at(survey, app.clock.now(), &zone) == Window::Open
    };
    Ok(surveys.into_iter().find(is_asked))
}

/// The survey with a key.
pub async fn find(db: &Db, key: &str) -> anyhow::Result<Option<Survey>> {
    let surveys: Vec<Survey> = store::all(db).await?;
    Ok(surveys.into_iter().find(|survey| survey.key.as_str() == key))
}
