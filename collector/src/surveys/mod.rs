//! Surveys: what was answered, and answers that were given elsewhere. What is asked is a part of the service ([`crate::service::survey`]).

mod answers;
pub mod api;
pub mod commands;
mod import;
pub mod invitations;
mod questionnaires;
pub mod questions;
mod sheet;
mod times;
mod window;

pub use answers::{Answer, Given, Period, answered, of_respondent, of_survey, respondents, submit, submit_invited};
pub use sheet::Sheet;
pub use times::{median_seconds, note_time};
pub use window::Window;

use crate::db::Db;
use crate::service::store;
use crate::service::survey::{Audience, Survey, SurveyChannel};

/// The survey of a site that whoever has the link may answer; any other one is not there.
pub async fn find_public(db: &Db, site_key: &str, key: &str) -> anyhow::Result<Option<Survey>> {
    let is_public = |survey: &Survey| {
        survey.site.as_str() == site_key
            && survey.audience == Audience::Anyone
            && survey.channels.iter().any(|channel| matches!(channel, SurveyChannel::Link | SurveyChannel::Widget))
    };
    Ok(find(db, key).await?.filter(is_public))
}

/// The survey with a key.
pub async fn find(db: &Db, key: &str) -> anyhow::Result<Option<Survey>> {
    let surveys: Vec<Survey> = store::all(db).await?;
    Ok(surveys.into_iter().find(|survey| survey.key.as_str() == key))
}
