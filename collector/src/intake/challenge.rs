//! `GET /api/v1/sites/{key}/challenge`: what the widget solves when a site is busy.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sayso_shared::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use super::proof;
use crate::app::App;
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};

// For the description of the API; the library of the protocol has a type of its own.
/// A challenge of ALTCHA, version 2: find the counter, from 0 on, for which the SHA-256 of salt, nonce and counter (4 bytes, big-endian)
/// begins with the key prefix. The proof is the base64 of `{"challenge": …, "solution": {"counter": …, "derivedKey": "…"}}`.
#[derive(Serialize, ToSchema)]
#[schema(as = Challenge)]
pub struct ChallengeBody {
    parameters: ParametersBody,
    #[schema(pattern = "^[0-9a-f]{64}$")]
    signature: String,
}

/// What the signature covers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ChallengeParameters)]
pub struct ParametersBody {
    #[schema(example = "SHA-256")]
    algorithm: String,
    #[schema(minimum = 1, maximum = 1)]
    cost: u32,
    /// The site.
    data: BTreeMap<String, String>,
    /// Unix seconds.
    expires_at: i64,
    key_length: u32,
    #[schema(pattern = "^[0-9a-f]{32}$")]
    key_prefix: String,
    #[schema(pattern = "^[0-9a-f]{64}$")]
    key_signature: String,
    #[schema(pattern = "^[0-9a-f]{32}$")]
    nonce: String,
    #[schema(pattern = "^[0-9a-f]{32}$")]
    salt: String,
}

/// A challenge for a proof of work. Submissions need one while `proof.required` of the site is true; it lets one of them in.
#[utoipa::path(
    get,
    path = "/api/v1/sites/{key}/challenge",
    tag = "sites",
    params(("key" = String, Path, description = "The site's public key")),
    responses(
        (status = 200, body = ChallengeBody, description = "Holds for ten minutes"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Foreign origin"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such site"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Too often; see Retry-After"),
    )
)]
pub async fn issue(State(app): State<App>, client: ClientAddress, Path(key): Path<String>) -> Result<Response> {
    app.limits.check_challenge(client)?;
    let site = app.sites.by_key(&key).await?.ok_or(Error::NoSite)?;
    let now = app.clock.now();
    let challenge = proof::challenge(&app.keys, &site, app.submission_rate.difficulty(site.id(), now), now)?;
    let mut response = Json(challenge).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
