//! `GET /api/v1/feedback/{code}/receipt`, and the public keys.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sayso_shared::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::keys;
use super::statement::{Statement, text_hash};
use crate::app::App;
use crate::cases::Case;
use crate::clock::rfc3339;
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::pages::visit::Segment;
use crate::with_db;

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
    let site = app.sites.by_id(&case.site_id).await?;
    let site = site.ok_or_else(|| Error::Internal(anyhow::anyhow!("the site of case {} is gone", case.id)))?;
    let statement = Statement {
        iss: app.config.url(""),
        code: case.code(&app.keys)?,
        site: site.key().to_owned(),
        kind: submitted_kind(&app, &case).await?,
        received_at: rfc3339(case.received_at),
        sha256: hash_of(&app, &case).await?,
    };
    let key = keys::current(&app.db, &app.keys, app.clock.now()).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/jose".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"sayso-{}.jws\"", statement.code)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, statement.sign(&key)?).into_response())
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

/// What the customer said that it is: the staff may have corrected it since.
async fn submitted_kind(app: &App, case: &Case) -> sqlx::Result<String> {
    let select = "select kind from feedback where id = $1";
    with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&case.id).fetch_one(pool).await)
}

/// The hash of what the customer wrote, also where the text itself was erased since.
async fn hash_of(app: &App, case: &Case) -> Result<String> {
    let select = "select text_hash_cipher from erasures where case_id = $1 and text_hash_cipher is not null";
    let kept: Option<String> =
        with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&case.id).fetch_optional(pool).await)?;
    let Some(cipher) = kept else { return Ok(text_hash(&case.message)) };
    let hash = app.keys.decrypt_text(&hash_context(&case.id), &cipher);
    hash.ok_or_else(|| Error::Internal(anyhow::anyhow!("the hash of case {} can't be decrypted", case.id)))
}

/// Where the ciphertext of the hash of a text that was erased belongs.
pub fn hash_context(case_id: &str) -> String {
    format!("erasure/{case_id}/text-hash")
}
