//! Intake: what a customer submits is on disk before the customer is thanked.

mod backpressure;
mod challenge;
mod code;
mod form_token;
mod policy;
mod submission_rate;

mod proof;
mod queue;
mod store;
mod submission;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use sayso_shared::id::IdempotencyKey;
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::{Feedback, Kind, Problem, Refused};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use form_token::{holds as form_token_holds, issue as issue_form_token, renew as renew_form_token};
pub use policy::{EntryPoint, FORM_EXPIRED, FormProof, SubmissionPolicy};
pub use proof::check as check_proof;
pub use queue::Intake;
pub use store::write_in;
pub use submission::{Accepted, Origin, Received, Submission};
pub use submission_rate::{Difficulty, SubmissionRate};

use self::store::WriteOutcome;
use crate::app::App;
use crate::attachments;
use crate::cases::{Actor, Channel, EventType, Priority, Suspicion, idempotency};
use crate::clock::{Millis, parse_rfc3339, rfc3339};
use crate::http::body::{JsonBody, idempotency_key};
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::keys::Keys;
use crate::service::Promised;
use crate::sites::identity::{Identity, verify};
use crate::sites::{Site, secrets, texts};

/// `POST /api/v1/sites/{key}/feedback` and `GET /api/v1/sites/{key}/challenge`.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post_feedback)).routes(routes!(challenge::issue))
}

/// Takes a feedback of a customer from anywhere: parses it by the site's rules, checks it by `policy`, queues it, and returns when it
/// is durable.
pub async fn submit(
    app: &App,
    site: &Site,
    key: &IdempotencyKey,
    value: Value,
    policy: SubmissionPolicy<'_>,
) -> Result<Accepted> {
    let channel = match policy {
        SubmissionPolicy::Public { entry: EntryPoint::Form(_), .. } | SubmissionPolicy::Survey { .. } => Channel::Entry,
        SubmissionPolicy::Public { entry: EntryPoint::Api, .. } => Channel::Widget,
        SubmissionPolicy::Trusted | SubmissionPolicy::Split { .. } => Channel::Api,
        SubmissionPolicy::Mail { .. } => Channel::Email,
    };
    let origin = Origin { by: Actor::Customer, channel, priority: Priority::Normal, split_from: None };
    submit_as(app, site, key, value, policy, origin).await
}

/// The same for what somebody else submits, such as the staff for a customer on the phone.
pub async fn submit_as(
    app: &App,
    site: &Site,
    key: &IdempotencyKey,
    value: Value,
    policy: SubmissionPolicy<'_>,
    origin: Origin,
) -> Result<Accepted> {
    // Of what is over a limit only so much is read, in case it repeats what was accepted.
    let unless_repeat = |limited: Error| if app.limits.may_look_up_repeat() { Ok(limited) } else { Err(limited) };
    let limited_before = policy.recheck_rate_limits(app).err().map(unless_repeat).transpose()?;
    let (feedback, refused) = match Feedback::parse(value, &policy.rules(site)) {
        Ok(feedback) => (feedback, None),
        Err(Refused { errors, feedback: None }) => return Err(errors.into()),
        Err(Refused { errors, feedback: Some(feedback) }) => (*feedback, Some(errors)),
    };
    let limited = match limited_before {
        None => policy.enforce_rate_limits(app).err().map(unless_repeat).transpose()?,
        before => before,
    };
    if let Some(limited) = limited {
        return find_duplicate(app, site, key, &feedback, limited).await;
    }
    if let Some(errors) = refused {
        return find_duplicate(app, site, key, &feedback, errors.into()).await;
    }
    let Checked { composed_at, suspicion, identity } = match check(app, site, key, &feedback, policy).await {
        Ok(checked) => checked,
        Err(refusal) => return find_duplicate(app, site, key, &feedback, refusal).await,
    };
    let now = app.clock.now();
    let promised = Promised { site: site.key(), kind: feedback.kind(), priority: origin.priority, tier: None };
    let service = app.service.current().await?;
    let first_response_due = service.promises.first_response_due(promised, site.settings.first_response_hours, now);
    let consent_text = consent_text(app, site, &feedback, now).await?;
    let received = Received {
        feedback,
        composed_at,
        received_at: now,
        first_response_due,
        origin,
        identity,
        suspicion,
        consent_text,
    };
    let submission = Submission::new(&app.keys, site.id(), key, received);
    let accepted = submission.accepted().clone();
    if app.config.dangerous_store_nothing {
        return Ok(accepted);
    }
    let accepted = match app.intake.enqueue(submission).await? {
        WriteOutcome::Duplicate(stored) => return stored.accepted(&app.keys),
        WriteOutcome::InsertedWithNewCode(stored) => stored.accepted(&app.keys)?,
        WriteOutcome::Inserted => accepted,
    };
    policy.record(app, site);
    // Whoever waits for new cases is not disturbed by what may be spam; the count of the quarantine is brought up to date.
    let news = if suspicion.is_some() { EventType::Status } else { EventType::Created };
    app.publish(&accepted.case_id, news.as_str());
    Ok(accepted)
}

/// The hash of the text that a customer was shown who agreed or did not: that of their language, as the form shows it.
async fn consent_text(app: &App, site: &Site, feedback: &Feedback, now: Millis) -> Result<Option<String>> {
    let settings = &site.settings;
    // The widget speaks more languages than the site's pages may.
    let lang = feedback.locale().and_then(|locale| locale.lang()).unwrap_or(settings.main_language());
    match texts::best(&settings.consent_text, lang, settings.languages.first()) {
        Some(text) if feedback.consent().is_some() && !app.config.dangerous_store_nothing => {
            Ok(Some(app.consent_texts.store(&app.db, text, now).await?))
        }
        _ => Ok(None),
    }
}

/// The tracking code of a submission to a site under a key, unless another case had it.
pub fn code_of(keys: &Keys, site_id: &str, key: &IdempotencyKey) -> String {
    code::derive_code(keys, &idempotency::submission_key(site_id, key), 0).to_string()
}

/// Answers a repeat of what was accepted, whatever would refuse it now: a limit, a site that asks for other things than it did, a file that has been
/// claimed meanwhile, a proof of work. Anything else is refused.
async fn find_duplicate(
    app: &App,
    site: &Site,
    key: &IdempotencyKey,
    feedback: &Feedback,
    refusal: Error,
) -> Result<Accepted> {
    let earlier = store::find_stored(&app.db, &app.keys, site.id(), key, feedback).await?.ok_or(refusal)?;
    app.intake.wait_until_durable().await?;
    earlier.accepted(&app.keys)
}

/// What is known of a feedback that may pass.
struct Checked {
    /// When the customer sent it, by their own clock.
    composed_at: Option<Millis>,
    /// Why it is suspected of being spam, if it is.
    suspicion: Option<Suspicion>,
    /// Whom the site vouches for.
    identity: Option<Identity>,
}

/// Everything else that may refuse a feedback that can be read, in order of cost; a proof of work is used up last.
async fn check(
    app: &App,
    site: &Site,
    key: &IdempotencyKey,
    feedback: &Feedback,
    policy: SubmissionPolicy<'_>,
) -> Result<Checked> {
    let composed_at = feedback.composed_at().map(parse_composed_at).transpose()?;
    let identity = match policy {
        SubmissionPolicy::Split { identity } => identity.cloned(),
        _ => verify_identity(app, site, feedback).await?,
    };
    attachments::check(app, site, feedback.attachments()).await?;
    let suspicion = policy.assess(app, site, key, feedback.proof()).await?;
    Ok(Checked { composed_at, suspicion, identity })
}

fn parse_composed_at(text: &str) -> Result<Millis> {
    parse_rfc3339(text).ok_or_else(|| {
        Error::field(FieldError::new("/composed_at", ErrorCode::Invalid, "must be a time as in RFC 3339"))
    })
}

/// The answer to an accepted feedback.
#[derive(Serialize, ToSchema)]
pub struct Receipt {
    /// The tracking code: whoever knows it sees the case.
    #[schema(example = "7QK4-M2XH-9TRD-7")]
    code: String,
    status_url: String,
    #[schema(example = "2026-11-22T10:00:00Z", format = DateTime)]
    received_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    promise: Option<Promise>,
}

/// What the customer was promised.
#[derive(Serialize, ToSchema)]
pub struct Promise {
    #[schema(format = DateTime)]
    first_response_due: String,
}

// For the description of the API; `Feedback::parse` is what reads it.
/// What a customer has to say. Empty texts and nulls count as absent.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Feedback)]
pub struct FeedbackBody {
    kind: Kind,
    #[schema(min_length = 1, max_length = 10_000, pattern = r"^[^\u0000]*[^\s\u0000\u0085][^\u0000]*$")]
    message: String,
    /// The key of one of the site's categories.
    category: Option<String>,
    #[schema(minimum = 1, maximum = 5)]
    rating: Option<u8>,
    #[schema(minimum = 1, maximum = 5)]
    importance: Option<u8>,
    #[schema(max_length = 1_000)]
    desired_outcome: Option<String>,
    #[schema(max_length = 100)]
    reference: Option<String>,
    /// Absent for an anonymous feedback.
    contact: Option<ContactBody>,
    consent: Option<bool>,
    /// BCP 47.
    #[schema(max_length = 35, pattern = "^([A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)?$")]
    locale: Option<String>,
    page: Option<PageBody>,
    /// Up to 4 KiB of JSON.
    #[schema(value_type = Option<Object>)]
    context: Option<Value>,
    /// A JWT with which the site says who the customer is, signed with HS256 and a secret of the site.
    #[schema(max_length = 8192)]
    identity: Option<String>,
    /// Up to five upload ids.
    #[schema(max_items = 5)]
    attachments: Option<Vec<String>>,
    /// RFC 3339: when the customer pressed send.
    #[schema(format = DateTime)]
    composed_at: Option<String>,
    keep_unmasked: Option<bool>,
    /// A solved challenge of this site, where its settings say that one is required.
    #[schema(max_length = 8_192)]
    proof: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Contact)]
struct ContactBody {
    #[schema(max_length = 100)]
    name: Option<String>,
    #[schema(max_length = 254)]
    email: Option<String>,
    #[schema(max_length = 32)]
    phone: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Page)]
struct PageBody {
    #[schema(max_length = 2_000)]
    url: Option<String>,
    #[schema(max_length = 300)]
    title: Option<String>,
    #[schema(max_length = 2_000)]
    referrer: Option<String>,
}

/// Submit feedback. The answer leaves after it is on disk.
#[utoipa::path(
    post,
    operation_id = "submit",
    path = "/api/v1/sites/{key}/feedback",
    tag = "feedback",
    params(
        ("key" = String, Path, description = "The site's public key"),
        ("Idempotency-Key" = String, Header, format = "uuid", description = "A UUID that the client makes; a repeat with it gives the first answer again"),
    ),
    request_body = FeedbackBody,
    responses(
        (status = 201, body = Receipt, description = "It is on disk"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or no key"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Foreign origin"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such site"),
        (status = 408, body = Problem, content_type = "application/problem+json", description = "The body came too slowly"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The first request with this key is still under way"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "More than 256 KiB"),
        (status = 415, body = Problem, content_type = "application/problem+json", description = "Not application/json"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, a challenge that has to be solved first (`/proof`), or a key used for something else"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Too often; see Retry-After"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "Busy; see Retry-After"),
    )
)]
async fn post_feedback(
    State(app): State<App>,
    client: ClientAddress,
    Path(key): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    let site = app.sites.by_key(&key).await?.ok_or(Error::NoSite)?;
    let key = idempotency_key(&headers)?;
    let accepted = submit(&app, &site, &key, body, SubmissionPolicy::Public { client, entry: EntryPoint::Api }).await?;
    Ok((StatusCode::CREATED, Json(Receipt::of(&app, accepted))).into_response())
}

impl Receipt {
    /// The answer for what was accepted.
    pub fn of(app: &App, accepted: Accepted) -> Self {
        Self {
            status_url: app.config.url(&format!("/t/{}", accepted.code)),
            code: accepted.code,
            received_at: rfc3339(accepted.received_at),
            promise: accepted.first_response_due.map(|due| Promise { first_response_due: rfc3339(due) }),
        }
    }
}

/// Whom the site vouches for. A token that is not valid is refused, and never taken as if nobody had been named.
async fn verify_identity(app: &App, site: &Site, feedback: &Feedback) -> Result<Option<Identity>> {
    let Some(token) = feedback.identity() else { return Ok(None) };
    let secrets = secrets::valid(&app.db, &app.keys, site).await?;
    let identity =
        verify(token, &secrets, site.key(), app.clock.now()).map_err(|refusal| Error::field(refusal.field_error()))?;
    let requires_contact = site.settings.required.iter().any(|field| field == "contact");
    if requires_contact && feedback.contact().is_none() && identity.contact().is_none() {
        return Err(Error::field(FieldError::new("/contact", ErrorCode::Required, "is required by this site")));
    }
    Ok(Some(identity))
}
