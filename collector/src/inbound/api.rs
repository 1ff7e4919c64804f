//! `POST /api/v1/mail`: a mail as it came, from whatever receives mail for a company.

use axum::Json;
use axum::body::HttpBody as _;
use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use sayso_shared::Problem;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::receive::{Handled, MAIL_MAX_BYTES, receive};
use super::rows::{MailOutcome, MailReason, Received};
use crate::api::refusals::TokenRefusals;
use crate::app::App;
use crate::attachments::multipart::Source;
use crate::auth::bearer::MaySubmit;
use crate::clock::rfc3339;
use crate::http::{Error, Result};

/// Mails that are read at the same time: each takes as much memory as it is large, some times over.
static TURNS: Semaphore = Semaphore::const_new(2);

/// What became of a mail.
#[derive(Serialize, ToSchema)]
#[schema(as = Mail)]
pub(super) struct MailBody {
    /// Its identifier, for `sayso mail show`.
    id: String,
    /// What it became.
    outcome: Option<MailOutcome>,
    /// Why, where there is more to say.
    #[schema(required = true)]
    reason: Option<MailReason>,
    /// The case that it is on.
    #[schema(required = true)]
    case: Option<String>,
    /// When it was received.
    #[schema(format = DateTime)]
    received_at: String,
}

impl From<Received> for MailBody {
    fn from(received: Received) -> Self {
        Self {
            id: received.id,
            outcome: MailOutcome::parse(&received.outcome),
            reason: received.reason.as_deref().and_then(MailReason::parse),
            case: received.case_id,
            received_at: rfc3339(received.received_at),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// The key of the site that new mails are for.
    #[serde(default)]
    site: Option<String>,
}

/// Take a mail: an answer goes to its case, anything else makes a case of the site. The same mail again is taken once.
#[utoipa::path(
    post,
    path = "/api/v1/mail",
    tag = "cases",
    security(("token" = ["feedback:write"])),
    params(("site" = Option<String>, Query, description = "The key of the site for mails that answer nothing; without it, the site whose address the mail was sent to")),
    request_body(content = serde_json::Value, content_type = "message/rfc822", description = "The mail as it came (RFC 5322), up to 36 MiB"),
    responses(
        (status = 200, body = MailBody, description = "It has come before, and nothing was done again"),
        (status = 201, body = MailBody, description = "It was taken"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "The body ended too early"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "More than 36 MiB"),
        (status = 415, body = Problem, content_type = "application/problem+json", description = "Not message/rfc822"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "No such site, or an unknown parameter"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Too many files of one sender; see Retry-After"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "Busy; see Retry-After"),
        TokenRefusals,
    )
)]
pub(super) async fn post_mail(
    State(app): State<App>,
    _: MaySubmit,
    asked: std::result::Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
    request: Request,
) -> Result<(StatusCode, Json<MailBody>)> {
    let wrong = |pointer: &str, detail: &str| Error::field(FieldError::new(pointer, ErrorCode::Invalid, detail));
    let Query(Asked { site }) = asked.map_err(|_| wrong("", "the only parameter is `site`, once"))?;
    let site = match site {
        Some(key) => {
            let site = app.sites.by_key(&key).await?;
            Some(site.ok_or_else(|| wrong("/site", "must be the key of a site"))?)
        }
        None => None,
    };
    let media_type =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("message/rfc822") {
        return Err(Error::UnsupportedMediaType("message/rfc822"));
    }
    if request.body().size_hint().lower() > MAIL_MAX_BYTES as u64 {
        return Err(Error::TooLarge(MAIL_MAX_BYTES));
    }
    let _turn = TURNS.acquire().await.map_err(|_| Error::Unavailable { retry_after: 5 })?;
    let raw = Source::new(request.into_body()).whole(MAIL_MAX_BYTES).await?;
    Ok(match receive(&app, &raw, site.as_deref()).await? {
        Handled::Now(received) => (StatusCode::CREATED, Json(received.into())),
        Handled::Before(received) => (StatusCode::OK, Json(received.into())),
    })
}
