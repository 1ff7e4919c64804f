//! The description of the public API, generated from its handlers.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sayso API",
        version = "1",
        description = "Customers submit feedback, follow it by its tracking code, answer and rate. \
            Programs of the staff read and change cases with a token. Errors are RFC 9457 problems. Requests that change something carry an Idempotency-Key.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(sayso_shared::Problem, sayso_shared::FieldError)),
    modifiers(&TokenScheme)
)]
struct Description;

/// Splits described routes into the routes and their description.
pub fn describe<S: Clone + Send + Sync + 'static>(routes: OpenApiRouter<S>) -> (Router<S>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Description::openapi()).merge(routes).split_for_parts()
}

/// `/api/openapi.json`.
pub fn router<S: Clone + Send + Sync + 'static>(description: utoipa::openapi::OpenApi) -> Router<S> {
    let json = description.to_json().unwrap_or_default();
    let answer = async move || {
        let headers = [(header::CONTENT_TYPE, "application/json"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
        (headers, json.clone()).into_response()
    };
    Router::new().route("/api/openapi.json", get(answer))
}

/// Describes how a program shows who it is.
struct TokenScheme;

impl Modify for TokenScheme {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("sayso_…")
            .description(Some(
                "A token that `sayso token add` makes. Its scopes are feedback:write, cases:read, cases:write, customers:read, customers:write, reports:read, service:read, service:write and audit:read.",
            ))
            .build();
        api.components.get_or_insert_default().add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}
