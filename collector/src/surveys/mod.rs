//! Surveys: what was answered, and answers that were given elsewhere. What is asked is a part of the service ([`crate::service::survey`]).

mod answers;
pub mod commands;
mod import;
mod questionnaires;
pub mod questions;
mod sheet;
mod window;

pub use answers::{Answer, Given, Period, of_survey, respondents, submit};
pub use sheet::Sheet;
pub use window::Window;

use crate::db::Db;
use crate::service::store;
use crate::service::survey::Survey;

/// The survey with a key.
pub async fn find(db: &Db, key: &str) -> anyhow::Result<Option<Survey>> {
    let surveys: Vec<Survey> = store::all(db).await?;
    Ok(surveys.into_iter().find(|survey| survey.key.as_str() == key))
}
