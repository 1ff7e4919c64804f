//! The customer's pages: entry and status. They are rendered here and work without script; a few small modules improve them.

mod actions;
pub mod api;
mod around;
mod entry;
mod entry_form;
pub mod files;
pub mod form;
mod live;
mod logo;
mod lookup;
mod masked;
pub mod mistakes;
pub mod my_cases;
mod my_customer;
mod privacy;
mod record;
mod stages;
mod status;
mod status_form;
mod survey;
pub mod survey_form;
mod survey_left;
mod survey_personal;
mod survey_wish;
mod thanks;
mod theme;
pub mod visit;
pub mod words;

use axum::Router;
use axum::routing::get;

use crate::app::App;

/// `/s/…` and `/t/…`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/s/{key}", get(entry::show).post(entry::submit))
        .route("/s/{key}/theme.css", get(theme::serve))
        .route("/s/{key}/logo", get(logo::serve))
        .route("/s/{key}/privacy", get(privacy::show))
        .route("/s/{key}/record", get(record::show))
        .route("/s/{key}/survey/{survey}", get(survey::show).post(survey::answer))
        .route("/s/{key}/survey/{survey}/left", axum::routing::post(survey_left::left))
        .route("/survey/{token}", get(survey_personal::show).post(survey_personal::answer))
        .route("/survey/{token}/stop", get(survey_personal::ask_to_stop).post(survey_personal::stop))
        .route("/t", get(lookup::show).post(lookup::find))
        .route("/t/", get(lookup::show).post(lookup::find))
        .route("/t/{code}", get(status::show))
        // Somebody who reloads the answer to a refused form asks for the form's own address.
        .route("/t/{code}/messages", get(status::back).post(actions::reply))
        .route("/t/{code}/not-solved", get(status::back).post(actions::not_solved))
        .route("/t/{code}/address", get(status::back).post(actions::add_address))
        .route("/t/{code}/satisfaction", get(status::back).post(actions::rate))
        .route("/t/{code}/attachments/{id}", get(files::download))
        .route("/t/{code}/live", get(live::follow))
}
