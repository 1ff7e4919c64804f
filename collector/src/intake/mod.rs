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

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use sayso_shared::id::IdempotencyKey;
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::{Feedback, FeedbackRules, Kind, Problem};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use form_token::{issue as issue_form_token, renew as renew_form_token};
pub use policy::{EntryPoint, FORM_EXPIRED, FormProof, SubmissionPolicy};
pub use queue::Intake;
pub use store::{Accepted, Submission, write_in};
pub use submission_rate::{Difficulty, SubmissionRate};

use self::store::WriteOutcome;
use crate::app::App;
use crate::attachments;
use crate::cases::{Actor, EventType, Suspicion};
use crate::clock::{HOUR, parse_rfc3339, rfc3339};
use crate::http::body::{JsonBody, idempotency_key};
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::sites::identity::{Identity, verify};
use crate::sites::{Site, secrets};

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
    submit_as(app, site, key, value, policy, Actor::Customer).await
}

/// The same for what somebody else submits, such as the staff for a customer on the phone.
pub async fn submit_as(
    app: &App,
    site: &Site,
    key: &IdempotencyKey,
    value: Value,
    policy: SubmissionPolicy<'_>,
    by: Actor,
) -> Result<Accepted> {
    let feedback = match Feedback::parse(value.clone(), &site.rules()) {
        Ok(feedback) => feedback,
        Err(refusal) => return find_duplicate(app, site, key, value, refusal).await,
    };
    let mut submission = prepare(app, site, key, feedback)?.by(by);
    match check(app, site, key, submission.feedback(), policy).await {
        Ok(Checked { suspicion, identity }) => {
            submission.suspicion = suspicion;
            if let Some(identity) = identity {
                submission.identify(&app.keys, &identity);
            }
        }
        Err(refusal) => {
            // A repeat of what was accepted is always answered, whatever would refuse it now.
            let known = store::find_stored(&app.db, &app.keys, &submission).await?.ok_or(refusal)?;
            return known.accepted(&app.keys);
        }
    }
    // Whoever waits for new cases is not disturbed by what may be spam; the count of the quarantine is brought up to date.
    let news = if submission.suspicion.is_some() { EventType::Status } else { EventType::Created };
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
    app.publish(&accepted.case_id, news.as_str());
    Ok(accepted)
}

/// Answers a repeat of what was accepted when the site asked for other things than it does now; anything else is refused.
async fn find_duplicate(
    app: &App,
    site: &Site,
    key: &IdempotencyKey,
    value: Value,
    refusal: Vec<FieldError>,
) -> Result<Accepted> {
    let category = value["category"].as_str().map(|category| (category.trim().to_owned(), None));
    let undemanding = FeedbackRules {
        kinds: Kind::ALL.to_vec(),
        categories: category.into_iter().collect(),
        required: Vec::new(),
        consent_required: false,
    };
    let Ok(feedback) = Feedback::parse(value, &undemanding) else { return Err(refusal.into()) };
    let submission = prepare(app, site, key, feedback)?;
    match store::find_stored(&app.db, &app.keys, &submission).await? {
        Some(earlier) => earlier.accepted(&app.keys),
        None => Err(refusal.into()),
    }
}

/// What is known of a feedback that may pass.
struct Checked {
    /// Why it is suspected of being spam, if it is.
    suspicion: Option<Suspicion>,
    /// Whom the site vouches for.
    identity: Option<Identity>,
}

/// Everything that may refuse a feedback that can be read, in order of cost; a proof of work is used up last.
async fn check(
    app: &App,
    site: &Site,
    key: &IdempotencyKey,
    feedback: &Feedback,
    policy: SubmissionPolicy<'_>,
) -> Result<Checked> {
    policy.enforce_rate_limits(app, site)?;
    let identity = verify_identity(app, site, feedback).await?;
    attachments::check(app, site, feedback.attachments()).await?;
    let suspicion = policy.assess(app, site, key, feedback.proof()).await?;
    Ok(Checked { suspicion, identity })
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
    let site = app.sites.by_key(&key).await?.ok_or(Error::NotFound("there is no such site"))?;
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

fn prepare(app: &App, site: &Site, key: &IdempotencyKey, feedback: Feedback) -> Result<Submission> {
    let composed_at = match feedback.composed_at() {
        None => None,
        Some(text) => Some(parse_rfc3339(text).ok_or_else(|| {
            Error::field(FieldError::new("/composed_at", ErrorCode::Invalid, "must be a time as in RFC 3339"))
        })?),
    };
    let now = app.clock.now();
    let hours = i64::from(site.settings.first_response_hours);
    let first_response_due = (hours > 0).then(|| now + hours * HOUR);
    Ok(Submission::new(&app.keys, site.id(), key, feedback, composed_at, now, first_response_due))
}

/// Whom the site vouches for. A token that is not valid is refused, and never taken as if nobody had been named.
async fn verify_identity(app: &App, site: &Site, feedback: &Feedback) -> Result<Option<Identity>> {
    let Some(token) = feedback.identity() else { return Ok(None) };
    let secrets = secrets::valid(&app.db, &app.keys, site).await?;
    let identity = verify(token, &secrets, app.clock.now()).map_err(|refusal| Error::field(refusal.field_error()))?;
    let requires_contact = site.settings.required.iter().any(|field| field == "contact");
    if requires_contact && feedback.contact().is_none() && identity.contact().is_none() {
        return Err(Error::field(FieldError::new("/contact", ErrorCode::Required, "is required by this site")));
    }
    Ok(Some(identity))
}
