//! `POST /api/v1/sites/{key}/attachments`: a file, before the submission that it belongs to.

use axum::Json;
use axum::body::HttpBody as _;
use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sayso_shared::Problem;
use sayso_shared::limits::{ATTACHMENT_MAX_BYTES, BODY_MAX_BYTES};
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::multipart::{Parts, Source};
use super::{Identity, Incoming, Ticket, Upload, UploadError};
use crate::app::App;
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::sites::Site;

/// Parts that are looked through for the one called `file`.
const PARTS_MAX: usize = 16;

/// The route.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(upload))
}

/// An upload. It waits for a submission that names its id, and is deleted after a day.
#[derive(Serialize, ToSchema)]
#[schema(as = Upload)]
struct UploadBody {
    /// For `attachments` of a submission. Keep it to yourself: whoever knows it can claim the file.
    id: String,
    /// The name, without folders, and with an ending that goes with the content.
    #[schema(max_length = 255)]
    name: String,
    /// The type, as the content says.
    #[schema(example = "image/jpeg")]
    media_type: String,
    /// In bytes, without the metadata that was taken out.
    size: i64,
}

// For the description of the API; `receive` is what reads it.
#[derive(ToSchema)]
#[schema(as = File)]
#[expect(dead_code, reason = "it only describes")]
struct FileForm {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

#[derive(Deserialize)]
struct Named {
    /// The name of a file that is sent as it is.
    #[serde(default)]
    name: String,
}

/// Upload a file of up to 10 MB: as the field `file` of a form, or as it is. Position and other metadata of pictures is removed.
#[utoipa::path(
    post,
    path = "/api/v1/sites/{key}/attachments",
    tag = "feedback",
    params(
        ("key" = String, Path, description = "The site's public key"),
        ("name" = Option<String>, Query, description = "The name of a file that is sent as it is"),
        ("Sayso-Proof" = Option<String>, Header, description = "A solved challenge, where `/proof` is asked for since there is little room left"),
    ),
    request_body(content(
        (FileForm = "multipart/form-data"),
        (String = "application/octet-stream"),
    ), description = "The file. What it is, is decided by its content alone."),
    responses(
        (status = 201, body = UploadBody, description = "It is stored, and waits for its submission"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "The body ended too early"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Foreign origin"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such site"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "More than 10 MB"),
        (status = 415, body = Problem, content_type = "application/problem+json", description = "A form of another kind"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Not a type that is accepted, empty, damaged or harmful; or a challenge has to be solved first (`/proof`)"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Too often; see Retry-After"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "Busy; see Retry-After"),
    )
)]
async fn upload(
    State(app): State<App>,
    Path(key): Path<String>,
    client: ClientAddress,
    Query(Named { name }): Query<Named>,
    request: Request,
) -> Result<Response> {
    let site = app.sites.by_key(&key).await?.ok_or(Error::NoSite)?;
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_form = media_type.is_some_and(|value| value.to_ascii_lowercase().starts_with("multipart/"));
    let proof = request.headers().get("sayso-proof").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let sender = Sender { app: &app, site: &site, client, ticket: Ticket::Proof(proof.as_deref()) };
    let upload = match is_form {
        true => of_form(&sender, request).await?,
        false => of_body(&sender, &name, request).await?,
    };
    let Upload { token: id, name, media_type, size } = upload;
    let mut response = (StatusCode::CREATED, Json(UploadBody { id, name, media_type, size })).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Who sends a file, and where to.
struct Sender<'a> {
    app: &'a App,
    site: &'a Site,
    client: ClientAddress,
    ticket: Ticket<'a>,
}

impl<'a> Sender<'a> {
    async fn begin(&self) -> Result<Incoming<'a>, UploadError> {
        Incoming::begin(self.app, self.site, self.client, self.ticket).await
    }
}

async fn of_form(sender: &Sender<'_>, request: Request) -> Result<Upload> {
    let length = request.body().size_hint().lower();
    let mut parts = Parts::of(request).await?;
    // What is not the file is small.
    let received = match length > (ATTACHMENT_MAX_BYTES + BODY_MAX_BYTES) as u64 {
        true => Err(UploadError::TooLarge),
        false => first_file(sender, &mut parts).await,
    };
    parts.linger();
    received.map_err(Error::from)
}

/// The first part called `file`; other small parts before it are passed over.
async fn first_file(sender: &Sender<'_>, parts: &mut Parts) -> Result<Upload, UploadError> {
    for _ in 0..PARTS_MAX {
        let Some(mut part) = parts.next().await? else { break };
        if part.name() != "file" {
            part.text(1_024).await?;
            continue;
        }
        let name = part.file_name();
        let mut incoming = sender.begin().await?;
        while let Some(piece) = part.piece().await? {
            incoming.write(&piece).await?;
        }
        return incoming.finish(&name, Identity::Random).await;
    }
    Err(Error::field(FieldError::new("/file", ErrorCode::Required, "the form has no field `file`")).into())
}

async fn of_body(sender: &Sender<'_>, name: &str, request: Request) -> Result<Upload> {
    let body = request.into_body();
    let length = body.size_hint().lower();
    let mut source = Source::new(body);
    let received = async {
        // Most senders say so before they begin.
        if length > ATTACHMENT_MAX_BYTES as u64 {
            return Err(UploadError::TooLarge);
        }
        let mut incoming = sender.begin().await?;
        while let Some(piece) = source.piece().await? {
            incoming.write(&piece).await?;
        }
        incoming.finish(name, Identity::Random).await
    };
    let received: Result<Upload, UploadError> = received.await;
    source.linger();
    received.map_err(Error::from)
}
