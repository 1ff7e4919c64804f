//! Reports in the console: the same figures as those of the API, as a finding, a chart and a table, with the cases behind each number.

mod asides;
mod choices;
mod columns;
mod dashboard;
mod exposure;
mod exposure_export;
mod form;
mod hours;
mod learnt;
mod links;
mod management;
mod page;
mod parts;
mod spoken;

use axum::Router;
use axum::routing::get;

use crate::app::App;

/// `/staff/reports…`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/staff/reports", get(page::list))
        .route("/staff/reports/suggestions", get(learnt::show))
        .route("/staff/reports/management", get(management::show))
        .route("/staff/reports/exposure", get(exposure::show).post(exposure::add))
        .route("/staff/reports/hours", get(hours::show).post(hours::add))
        .route("/staff/exports/exposure", get(exposure_export::export))
        .route("/staff/dashboard", get(dashboard::show))
        .route("/staff/reports/{name}", get(page::show))
}
