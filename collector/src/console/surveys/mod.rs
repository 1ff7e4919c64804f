//! Surveys in the console: which there are, sheets of paper to be printed, and typing in what was written on them.

mod access;
mod answers_export;
mod export;
mod figures;
mod list;
mod paper;
mod qr;
mod typing;

use axum::Router;
use axum::routing::get;

use crate::app::App;

/// `/staff/surveys…`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/staff/surveys", get(list::show))
        .route("/staff/exports/surveys", get(export::export))
        .route("/staff/exports/surveys/{key}", get(answers_export::export))
        .route("/staff/surveys/{key}", get(figures::show))
        .route("/staff/surveys/{key}/paper", get(paper::show))
        .route("/staff/surveys/{key}/qr", get(qr::show))
        .route("/staff/surveys/{key}/answers", get(typing::show).post(typing::add))
}
