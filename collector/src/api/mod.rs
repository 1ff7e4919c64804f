//! The staff's API: what the console does, for programs with a token. It is not for web pages, so it has no CORS headers.

mod actions;
mod alarms;
mod audit;
mod bodies;
mod bulk;
mod calls;
mod check_calls;
mod customers;
mod deliveries;
mod efforts;
mod enter;
mod events;
mod exposure;
mod hours;
mod list;
mod members;
mod merge;
mod moderation;
mod money;
pub mod parameters;
mod patch;
mod patch_fields;
mod problem_fields;
mod problems;
mod read;
pub mod refusals;
mod reports;
mod rows;
mod service;
mod split;
mod suggestions;
mod survey_answers;
mod survey_figures;
mod targets;
mod tasks;
mod versions;

use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// `/api/v1/cases…`, `/api/v1/customers…`, `/api/v1/events` and what else programs of the staff ask for.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list, enter::enter))
        .routes(routes!(read::read, patch::patch))
        .routes(routes!(read::download))
        .routes(routes!(events::list))
        .routes(routes!(audit::list))
        .routes(routes!(customers::list))
        .routes(routes!(customers::read, customers::patch))
        .routes(routes!(customers::hand_over))
        .routes(routes!(customers::merge))
        .routes(routes!(customers::unmerge))
        .routes(routes!(customers::remove_handle))
        .routes(routes!(customers::move_case))
        .routes(routes!(customers::export))
        .routes(routes!(customers::erase))
        .routes(routes!(check_calls::list, check_calls::draw))
        .routes(routes!(check_calls::record))
        .routes(routes!(calls::list))
        .routes(routes!(alarms::list))
        .routes(routes!(alarms::acknowledge))
        .routes(routes!(moderation::decide))
        .routes(routes!(members::list))
        .routes(routes!(bulk::bulk))
        .routes(routes!(merge::merge))
        .routes(routes!(merge::unmerge))
        .routes(routes!(split::split))
        .routes(routes!(efforts::add))
        .routes(routes!(reports::report))
        .routes(routes!(suggestions::list))
        .routes(routes!(survey_answers::list, survey_answers::add))
        .routes(routes!(survey_figures::read))
        .routes(routes!(exposure::list, exposure::add))
        .routes(routes!(hours::list, hours::add))
        .routes(routes!(service::read, service::apply))
        .routes(routes!(targets::list, targets::add))
        .routes(routes!(targets::read, targets::patch, targets::remove))
        .routes(routes!(targets::pause))
        .routes(routes!(targets::resume))
        .routes(routes!(targets::secret))
        .routes(routes!(targets::test))
        .routes(routes!(targets::replay))
        .routes(routes!(targets::preview))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::read_one))
        .routes(routes!(deliveries::replay))
        .routes(routes!(deliveries::replay_one))
        .routes(routes!(problems::list, problems::add))
        .routes(routes!(problems::read, problems::patch))
        .routes(routes!(problems::resolve))
        .routes(routes!(tasks::add))
        .routes(routes!(tasks::change))
        .routes(routes!(actions::post_message))
        .routes(routes!(actions::set_status))
        .routes(routes!(actions::assign))
}

/// Whoever sits between must not keep what is about people.
pub async fn private(request: axum::extract::Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
