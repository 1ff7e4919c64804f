//! The service as it is set up, and changing it: for managers.

mod access;
mod edit;
pub mod form;
mod mails;
mod order;
mod overview;
mod trial;
mod week;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

pub(super) use self::access::form_of;
use self::access::{FORM, LOGO, OVERVIEW};
use crate::app::App;
use crate::service::draft::FILE_MAX;

/// How much longer a text is as a form sends it than it is: each byte of Chinese is three.
const FORM_FACTOR: usize = 3;

/// `/staff/settings…`.
pub fn router() -> Router<App> {
    let edit = get(edit::show).post(edit::submit).layer(DefaultBodyLimit::max(FILE_MAX * FORM_FACTOR));
    Router::new()
        .route(OVERVIEW, get(overview::show))
        .route("/staff/settings/edit", edit)
        .route(FORM, get(form::show).post(form::submit))
        .route(LOGO, post(form::logo::submit))
        .route(order::ORDER, post(order::submit))
        .route(mails::MAILS, get(mails::show).post(mails::submit))
        .route(mails::VIEW, get(mails::view))
}
