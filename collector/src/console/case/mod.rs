//! A case: what the customer said, everything that happened since, and what can be done next.

mod actions;
mod customer_card;
pub mod deliveries;
mod draft;
mod effort_texts;
mod efforts;
mod error;
mod lost;
mod merging;
mod page;
mod page_context;
mod parts;
mod posted;
mod preview;
mod properties;
mod reading;
mod seen;
mod set_properties;
mod shown;
mod similar;
mod sorting;
mod splitting;
mod suggested;
mod suggestions;
mod tasks;
mod template;
mod timeline;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;

use crate::app::App;

/// `/staff/cases/{id}` and what is done there.
pub fn router() -> Router<App> {
    Router::new()
        .route("/staff/cases/{id}", get(page::show))
        .route("/staff/cases/{id}/attachments/{file}", get(page::download))
        .route("/staff/cases/{id}/code", get(page::back).post(page::reveal))
        .route("/staff/cases/{id}/template", get(page::back).post(template::insert))
        .route("/staff/cases/{id}/preview", get(page::back).post(preview::show))
        .merge(actions::router())
        .merge(reading::router())
        .merge(tasks::router())
        .merge(efforts::router())
        .merge(merging::router())
        .merge(splitting::router())
        .merge(similar::router())
        .merge(suggestions::router())
        .layer(DefaultBodyLimit::max(posted::FORM_MAX_BYTES))
}
