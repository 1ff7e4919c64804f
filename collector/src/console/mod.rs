//! The staff's pages, one file a screen.

mod account;
mod alarms;
mod audit;
mod away;
mod calls;
pub mod case;
mod company;
mod customers;
mod deliveries;
mod digests;
mod entry;
pub mod inbox;
mod incoming;
mod invitations;
mod invite_form;
mod join;
mod languages;
mod live;
mod mail;
mod members;
mod passkeys;
mod password_link;
mod problems;
mod provider_links;
mod reports;
mod second_factor;
mod sessions;
pub mod settings;
mod setup;
pub mod shell;
mod sign_in;
mod start;
mod surveys;
mod suspended_mail;
mod targets;
pub mod today;
mod tokens;
mod troubles;

use axum::Router;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::any;
use sayso_shared::Problem;

use crate::app::App;
use crate::auth::{self, SignedIn};
use crate::http::problems::not_found_or_redirect;

/// `/staff/…` and `/setup/…`.
pub fn router(app: &App) -> Router<App> {
    Router::new()
        .merge(sign_in::router())
        .merge(setup::router())
        .merge(inbox::router())
        .merge(case::router())
        .merge(customers::router())
        .merge(calls::router())
        .merge(alarms::router())
        .merge(entry::router())
        .merge(surveys::router())
        .merge(problems::router())
        .merge(reports::router())
        .merge(live::router())
        .merge(account::router())
        .merge(away::router())
        .merge(digests::router())
        .merge(second_factor::router())
        .merge(passkeys::router())
        .merge(sessions::router())
        .merge(members::router())
        .merge(tokens::router())
        .merge(invitations::router())
        .merge(join::router())
        .merge(password_link::router())
        .merge(company::router())
        .merge(mail::router())
        .merge(deliveries::router())
        .merge(incoming::router())
        .merge(suspended_mail::router())
        .merge(audit::router())
        .merge(start::router())
        .merge(settings::router())
        .merge(targets::router())
        .merge(today::router())
        // Here and not where all other unknown addresses are answered, since only here it is known who asks, and so in which language.
        .route("/staff/{*rest}", any(not_found))
        .layer(auth::session::layer(app))
        .layer(from_fn_with_state(app.clone(), auth::guard::same_origin))
}

/// What no page of the console answers: a page for people in their language, the problem for programs.
async fn not_found(_: Option<SignedIn>, headers: HeaderMap, method: Method, uri: Uri) -> Response {
    let mut response = not_found_or_redirect(method, uri).await;
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if !accepted.contains("text/html") {
        response.extensions_mut().remove::<Problem>();
    }
    response
}
