//! `GET /api/v1/feedback/{code}/receipt`, and the public keys.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sayso_shared::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::give::{Receipt, give};
use super::keys;
use crate::app::App;
use crate::cases::Case;
use crate::http::Result;
use crate::http::client::ClientAddress;
use crate::pages::visit::Segment;

/// `GET /api/v1/feedback/{code}/receipt`.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read))
}

/// The receipt of a case: a JWS in its compact form, signed with Ed25519, of `iss`, `code`, `site`, `kind`, `received_at`, and the `sha256` of the
/// text as it was stored. The keys to verify it by are at `/.well-known/sayso-keys.json`.
#[utoipa::path(
    get,
    path = "/api/v1/feedback/{code}/receipt",
    tag = "customer",
    params(("code" = String, Path, description = "The tracking code; case and separators do not matter")),
    responses(
        (status = 200, body = String, content_type = "application/jose", description = "The receipt"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Foreign origin"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No case with this code"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Too many look-ups; see Retry-After"),
    )
)]
async fn read(State(app): State<App>, client: ClientAddress, Segment(code): Segment) -> Result<Response> {
    app.limits.check_code(client)?;
    let case = Case::by_code(&app, &code).await?;
    let receipt = give(&app, &case).await?;
    let headers = [
        (header::CONTENT_TYPE, Receipt::MEDIA_TYPE.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", receipt.name)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, receipt.jws).into_response())
}

/// The public keys, those that were rotated away among them: receipts hold for good.
pub(super) async fn public_keys(State(app): State<App>) -> Result<Response> {
    // There is none yet where nobody has asked for a receipt.
    keys::current(&app.db, &app.keys, app.clock.now()).await?;
    let mut response = Json(keys::known(&app.db).await?).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(response)
}
