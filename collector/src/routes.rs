//! All routes, in groups with their limits, CORS and headers.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler as _;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::any;
use sayso_shared::limits::BODY_MAX_BYTES;

use crate::app::App;
use crate::http::headers::Hsts;
use crate::http::hosts::ConsoleHost;
use crate::http::{headers, hosts, nul, openapi, panics, problems, trace};
use crate::{
    answers, api, assets, attachments, console, health, inbound, intake, pages, prometheus, receipts, security_txt,
    sites, surveys,
};

/// The whole collector as one router.
pub fn router(app: &App) -> Router {
    let customers = sites::api::router()
        .merge(intake::router())
        .merge(attachments::router())
        .merge(pages::api::router())
        .merge(receipts::router())
        .merge(pages::my_cases::router())
        .merge(answers::router())
        .merge(surveys::api::router());
    let (public_api, mut description) = openapi::describe(customers);
    let (staff_api, described) = api::router().merge(inbound::router()).split_for_parts();
    description.merge(described);
    // Programs with a token are no web pages, so there is nothing for CORS to allow.
    let staff_api = staff_api
        .layer(panics::layer())
        .layer(from_fn(nul::refuse_in_addresses))
        .layer(from_fn(problems::for_refusals))
        .layer(from_fn(api::private))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES));
    let public_api = public_api
        // What is no address of the API is refused by it too, so that a web page can read the refusal.
        .route("/api/{*rest}", any(problems::not_found))
        .layer(panics::layer())
        .layer(from_fn(nul::refuse_in_addresses))
        .layer(from_fn(problems::for_refusals))
        .layer(from_fn_with_state(app.clone(), sites::cors::enforce))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES));
    let people = pages::router().merge(receipts::pages()).merge(problems::router()).merge(console::router(app));
    let people = people
        .layer(panics::layer())
        .layer(from_fn(nul::refuse_in_addresses))
        .layer(from_fn(problems::for_refusals))
        .layer(from_fn(headers::for_pages))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES));
    let sightings = from_fn_with_state(Arc::clone(&app.sightings), sites::sightings::of_scripts);
    let scripts = assets::router().layer(sightings);
    let files = openapi::router(description)
        .merge(scripts)
        .merge(health::router())
        .merge(prometheus::router())
        .merge(security_txt::router())
        .merge(receipts::files());
    Router::new()
        .merge(public_api)
        .merge(staff_api)
        .merge(people)
        .merge(files.layer(panics::layer()).layer(from_fn(problems::for_refusals)))
        .fallback(problems::not_found_or_redirect.layer(from_fn(headers::for_browsers)))
        .layer(from_fn_with_state(ConsoleHost::of(&app.config), hosts::keep_apart))
        .layer(panics::layer())
        .layer(from_fn_with_state(Hsts::of(&app.config), headers::for_all))
        .layer(from_fn_with_state((Arc::clone(&app.metrics), Arc::clone(&app.refusals)), trace::log))
        .with_state(app.clone())
}
