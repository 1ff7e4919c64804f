//! Mails that are on no case, for programs: what became of each, and taking or dropping those that are held.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use sayso_shared::Problem;
use sayso_shared::fields::Fields;
use sayso_shared::problem::ErrorCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::api::MailBody;
use super::desk::{self, KeptMail, MailFilter, MailHead, Reading};
use super::rows::{MailOutcome, MailReason};
use crate::api::parameters::{each_once, position, unknown, wrong};
use crate::api::refusals::{BodyRefusals, TokenRefusals};
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::bearer::{MayManageMail, MayReadMail};
use crate::http::body::JsonBody;
use crate::http::{Error, Result};

const PAGE: usize = 50;
const PAGE_MAX: usize = 100;

/// A page of mails.
#[derive(Serialize, ToSchema)]
#[schema(as = Mails)]
pub struct PageBody {
    mails: Vec<MailBody>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required = true)]
    next: Option<String>,
}

/// A mail, with its head if it is kept.
#[derive(Serialize, ToSchema)]
#[schema(as = MailWithHead)]
pub struct FullBody {
    mail: MailBody,
    /// The key of the site that it came for, while it is held.
    #[schema(required = true)]
    site: Option<String>,
    /// The key of the team of its mailbox, while it is held.
    #[schema(required = true)]
    team: Option<String>,
    /// Who it says that it is from; null where that can't be read, and once it is held no more.
    #[schema(required = true, example = "Li Lei <li@example.com>")]
    from: Option<String>,
    /// To whom it was sent.
    to: Vec<String>,
    #[schema(required = true)]
    subject: Option<String>,
    /// Whether the mail itself is kept, and so can be read as it came and taken.
    is_kept: bool,
}

// For the description of the API; `take` reads it.
/// For which site a mail is taken.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MailToTake)]
struct TakeBody {
    /// The key of the site, if the mail answers nothing; without it, the one that it came for.
    site: Option<String>,
}

/// The mails that came in, and what became of each, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/mail",
    tag = "cases",
    security(("token" = ["cases:read"])),
    params(
        ("outcome" = Option<String>, Query, description = "Only those that became this, such as `held` or `dropped`"),
        ("reason" = Option<String>, Query, description = "Only those with this reason, such as `bulk`"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 100, description = "Mails of a page; 50 unless given"),
        ("cursor" = Option<String>, Query, description = "What the page before said in `next`"),
    ),
    responses(
        (status = 200, body = PageBody, description = "A page of mails"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        TokenRefusals,
    )
)]
pub async fn list(
    State(app): State<App>,
    _: MayReadMail,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<PageBody>> {
    let (parameters, mut errors) = each_once(parameters);
    let (mut filter, mut limit) = (MailFilter::default(), PAGE);
    for (name, value) in parameters {
        match name.as_str() {
            "outcome" => match MailOutcome::parse(&value) {
                Some(outcome) => filter.outcome = Some(outcome),
                None => errors.push(wrong("outcome", "what a mail can become, such as held")),
            },
            "reason" => match MailReason::parse(&value) {
                Some(reason) => filter.reason = Some(reason),
                None => errors.push(wrong("reason", "a reason, such as bulk")),
            },
            "limit" => match value.parse() {
                Ok(wanted) if (1..=PAGE_MAX).contains(&wanted) => limit = wanted,
                _ => errors.push(wrong("limit", &format!("1 to {PAGE_MAX}"))),
            },
            "cursor" => match position(&value) {
                Some(after) => filter.after = Some(after),
                None => errors.push(wrong("cursor", "what a page said in `next`")),
            },
            _ => errors.push(unknown(&name)),
        }
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    // One more than is shown says whether there is a next page.
    filter.limit = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut found = desk::list(&app.db, &filter).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| has_more).map(|last| format!("{}.{}", last.received_at, last.id));
    Ok(Json(PageBody { mails: found.into_iter().map(MailBody::from).collect(), next }))
}

/// What became of a mail, and who wrote it while it is held.
#[utoipa::path(
    get,
    path = "/api/v1/mail/{id}",
    tag = "cases",
    security(("token" = ["cases:read"])),
    params(("id" = String, Path, format = "uuid", description = "The mail's identifier")),
    responses(
        (status = 200, body = FullBody, description = "The mail"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such mail"),
        TokenRefusals,
    )
)]
pub async fn read(
    State(app): State<App>,
    MayReadMail(token): MayReadMail,
    Path(id): Path<String>,
) -> Result<Json<FullBody>> {
    let mail = desk::find(&app, &id).await?;
    if mail.held.is_some() {
        let stamp = Stamp::token(&token.id, app.clock.now());
        desk::note_reading(&app.db, &mail.received.id, Reading::Opened, &stamp).await?;
    }
    let MailHead { from, to, subject } = mail.head();
    let KeptMail { received, held } = mail;
    let is_kept = held.is_some();
    let (site_id, team) = held.map(|held| (held.site_id, held.team)).unwrap_or_default();
    let site = match site_id {
        Some(id) => app.sites.by_id(&id).await?.map(|site| site.key().to_owned()),
        None => None,
    };
    Ok(Json(FullBody { mail: received.into(), site, team, from, to, subject, is_kept }))
}

/// A mail that is held, as it came: what `sayso mail show` prints.
#[utoipa::path(
    get,
    path = "/api/v1/mail/{id}/raw",
    tag = "cases",
    security(("token" = ["cases:read"])),
    params(("id" = String, Path, format = "uuid", description = "The mail's identifier")),
    responses(
        (status = 200, body = String, content_type = "message/rfc822", description = "The mail (RFC 5322)"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such mail, or it is not kept"),
        TokenRefusals,
    )
)]
pub async fn raw(State(app): State<App>, MayReadMail(token): MayReadMail, Path(id): Path<String>) -> Result<Response> {
    let KeptMail { received, held } = desk::find(&app, &id).await?;
    let held = held.ok_or(Error::NotFound("this mail is not kept"))?;
    let stamp = Stamp::token(&token.id, app.clock.now());
    desk::note_reading(&app.db, &received.id, Reading::Downloaded, &stamp).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("message/rfc822")),
        // What strangers wrote is for programs, and for no browser to show.
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"mail.eml\"")),
    ];
    Ok((headers, held.raw).into_response())
}

/// Take a mail that is held, once somebody has looked at it: an answer goes to its case, anything else makes a case. Where it can't be taken it stays held, and
/// `reason` says why; one that is on a case already is as it is.
#[utoipa::path(
    post,
    path = "/api/v1/mail/{id}/take",
    tag = "cases",
    security(("token" = ["cases:write"])),
    params(("id" = String, Path, format = "uuid", description = "The mail's identifier")),
    request_body = TakeBody,
    responses(
        (status = 200, body = MailBody, description = "What became of it"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, or not UTF-8"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such mail"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It was dropped, or is in its mailbox still and not kept here"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "No such site"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Too many files of one sender; see Retry-After"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn take(
    State(app): State<App>,
    MayManageMail(token): MayManageMail,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<Json<MailBody>> {
    let mut fields = Fields::new(body, "");
    let site = match fields.string("site") {
        Some(key) => {
            let site = app.sites.by_key(&key).await?;
            if site.is_none() {
                fields.refuse("site", ErrorCode::Invalid, "must be the key of a site");
            }
            site
        }
        None => None,
    };
    let errors = fields.into_errors();
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let taken = desk::take(&app, &id, site.as_deref(), &Stamp::token(&token.id, app.clock.now())).await?;
    Ok(Json(taken.into()))
}

/// Drop a mail that is held: nothing becomes of it, and it is kept no longer.
#[utoipa::path(
    post,
    path = "/api/v1/mail/{id}/drop",
    tag = "cases",
    security(("token" = ["cases:write"])),
    params(("id" = String, Path, format = "uuid", description = "The mail's identifier")),
    responses(
        (status = 200, body = MailBody, description = "The mail, which is dropped"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such mail"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It is not held"),
        TokenRefusals,
    )
)]
pub async fn drop(
    State(app): State<App>,
    MayManageMail(token): MayManageMail,
    Path(id): Path<String>,
) -> Result<Json<MailBody>> {
    Ok(Json(desk::drop(&app.db, &id, &Stamp::token(&token.id, app.clock.now())).await?.into()))
}
