//! The customer's API: the same as the status page, for programs.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sayso_shared::Problem;
use sayso_shared::customer::{
    Author, CustomerAttachment, CustomerCase, CustomerMessage, CustomerSite, CustomerSurvey, Stage,
};
use sayso_shared::id::IdempotencyKey;
use sayso_shared::reply::{Reply, Satisfaction};
use sayso_shared::requests::{ReplyRequest, SatisfactionRequest};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::actions::refuse_staff;
use super::lookup;
use super::visit::Segment;
use crate::app::App;
use crate::attachments::{self, Attachment};
use crate::cases::query::{self, Message};
use crate::cases::{Case, Channel, customer};
use crate::clock::{Millis, rfc3339};
use crate::http::body::{JsonBody, idempotency_key};
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::sites::Site;
use crate::surveys::{self, questions};
use crate::with_db;

/// `/api/v1/feedback/{code}…`.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read)).routes(routes!(reply)).routes(routes!(rate))
}

/// Where the case stands after it was rated.
#[derive(Serialize, ToSchema)]
struct StageBody {
    stage: Stage,
}

/// The case with a tracking code.
#[utoipa::path(
    get,
    path = "/api/v1/feedback/{code}",
    tag = "customer",
    params(("code" = String, Path, description = "The tracking code; case and separators do not matter")),
    responses(
        (status = 200, body = CustomerCase, description = "The case as its customer may see it"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Foreign origin"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No case with this code"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Too many look-ups; see Retry-After"),
    )
)]
async fn read(State(app): State<App>, client: ClientAddress, Segment(code): Segment) -> Result<Response> {
    let case = lookup::case(&app, client, &code).await?;
    let site = app.sites.by_id(&case.site_id).await?;
    let site = site.ok_or_else(|| Error::Internal(anyhow::anyhow!("the site of case {} is gone", case.id)))?;
    let code = case.code(&app.keys)?;
    let conversation = query::conversation(&app, &case.id).await?;
    let ids: Vec<String> = conversation.iter().map(|message| message.id.clone()).collect();
    let mut files = attachments::of_messages(&app.db, &ids).await?;
    let bodies = |files: Vec<Attachment>| attachments_of(&app, &code, files);
    let body = CustomerCase {
        attachments: bodies(attachments::of_case(&app.db, &case.id).await?),
        code: code.clone(),
        site: CustomerSite { key: site.key().to_owned(), name: site.name().to_owned() },
        kind: case.kind(),
        stage: case.status().stage(),
        received_at: rfc3339(case.received_at),
        first_response_due: case.first_response_due.map(rfc3339),
        is_late: conversation.iter().all(|message| message.author != Author::Staff.as_str())
            && case.first_response_due.is_some_and(|due| due < app.clock.now()),
        message: case.message.clone(),
        messages: conversation
            .into_iter()
            .map(|message| {
                let files = files.remove(&message.id).unwrap_or_default();
                message_of(message, bodies(files))
            })
            .collect(),
        outcome: case.outcome().filter(|_| !case.status().is_open()),
        can_rate: case.can_rate(&app),
        survey: match case.can_rate(&app) {
            true => survey_of(&app, &site, &case).await?,
            false => None,
        },
    };
    Ok(private(Json(body)))
}

/// The survey that is asked for once a case is resolved.
async fn survey_of(app: &App, site: &Site, case: &Case) -> Result<Option<CustomerSurvey>> {
    let main = site.settings.languages.first().copied();
    let lang = site.settings.language_for(case.languages());
    let asked = surveys::after_resolution(app, site).await?.map(|survey| CustomerSurvey {
        title: questions::text_in(&survey.title, lang, main).to_owned(),
        url: app.config.url(&survey.path()),
    });
    Ok(asked)
}

/// Add a message. A case that was answered or closed less than 30 days ago is reopened by it.
#[utoipa::path(
    post,
    path = "/api/v1/feedback/{code}/messages",
    tag = "customer",
    params(
        ("code" = String, Path, description = "The tracking code"),
        ("Idempotency-Key" = String, Header, format = "uuid", description = "A UUID that the client makes; a repeat with it gives the first answer again"),
    ),
    request_body = ReplyRequest,
    responses(
        (status = 201, body = CustomerMessage, description = "The message as it was stored"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or no key"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Foreign origin, or a browser of the staff"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No case with this code"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Closed too long ago"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "More than 256 KiB"),
        (status = 415, body = Problem, content_type = "application/problem+json", description = "Not application/json"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, or a key used for something else"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Too many look-ups; see Retry-After"),
    )
)]
async fn reply(
    State(app): State<App>,
    client: ClientAddress,
    Segment(code): Segment,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    let key = idempotency_key(&headers)?;
    let case = lookup::case(&app, client, &code).await?;
    refuse_staff(&app, &headers).await?;
    let reply = Reply::parse(body)?;
    customer::reply(&app, &case, &reply, &key, Channel::Api).await?;
    let at = rfc3339(first_taken_at(&app, &case, &key).await?);
    let files = attachments::claimed(&app.db, &app.keys, &case.id, reply.attachments()).await?;
    let attachments = attachments_of(&app, &case.code(&app.keys)?, files);
    let message = CustomerMessage { by: Author::Customer, name: None, body: reply.body().to_owned(), attachments, at };
    Ok(private((StatusCode::CREATED, Json(message))))
}

/// Say how satisfied you are with the answer. A score of 4 or 5, or `"solved": true`, closes the case; `"solved": false` reopens it.
#[utoipa::path(
    post,
    path = "/api/v1/feedback/{code}/satisfaction",
    tag = "customer",
    params(
        ("code" = String, Path, description = "The tracking code"),
        ("Idempotency-Key" = String, Header, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
    ),
    request_body = SatisfactionRequest,
    responses(
        (status = 200, body = StageBody, description = "Where the case stands now"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or no key"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Foreign origin, or a browser of the staff"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No case with this code"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Not answered yet, or closed too long ago"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "More than 256 KiB"),
        (status = 415, body = Problem, content_type = "application/problem+json", description = "Not application/json"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, or a key used for something else"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Too many look-ups; see Retry-After"),
    )
)]
async fn rate(
    State(app): State<App>,
    client: ClientAddress,
    Segment(code): Segment,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    let key = idempotency_key(&headers)?;
    let case = lookup::case(&app, client, &code).await?;
    refuse_staff(&app, &headers).await?;
    customer::rate(&app, &case, &Satisfaction::parse(body)?, &key).await?;
    let stage = Case::by_id(&app, &case.id).await?.status().stage();
    Ok(private(Json(StageBody { stage })))
}

/// Files of a case with the addresses under which its customer gets them.
fn attachments_of(app: &App, code: &str, files: Vec<Attachment>) -> Vec<CustomerAttachment> {
    let url = |id: &str| app.config.url(&format!("/t/{code}/attachments/{id}"));
    let of =
        |Attachment { id, name, media_type, size }| CustomerAttachment { url: url(&id), id, name, media_type, size };
    files.into_iter().map(of).collect()
}

fn message_of(message: Message, attachments: Vec<CustomerAttachment>) -> CustomerMessage {
    let is_staff = message.author == "staff";
    CustomerMessage {
        by: if is_staff { Author::Staff } else { Author::Customer },
        name: message.member_name.filter(|_| is_staff),
        body: message.body,
        attachments,
        at: rfc3339(message.created_at),
    }
}

/// When the first request with this key was taken, so that a repeat gets the first answer.
async fn first_taken_at(app: &App, case: &Case, key: &IdempotencyKey) -> Result<Millis> {
    let select = "select created_at from idempotency_keys where scope = $1 and key = $2";
    Ok(with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&case.id).bind(key.as_str()).fetch_one(pool).await)?)
}

/// Whoever sits between must not keep what is one person's.
fn private(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
