//! What was answered to a survey, for programs: `GET /api/v1/surveys/{key}/answers`.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use sayso_shared::Problem;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::{each_once, unknown, wrong};
use super::patch::key_of;
use super::refusals::{BodyRefusals, TokenRefusals};
use crate::app::App;
use crate::auth::bearer::{MayReadReports, MayWriteService};
use crate::http::body::JsonBody;
use crate::http::{Error, Result};
use crate::reports::figures::TOO_FEW;
use crate::surveys::api::{AnswerOfSurvey, as_read, read_given};
use crate::surveys::{self, Listed, Listing, Sheet};

/// Answers of a page, unless fewer are asked for.
const PAGE: usize = 50;
/// Most answers of a page.
const PAGE_MAX: usize = 100;

/// A page of answers.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffSurveyAnswers)]
pub struct PageBody {
    answers: Vec<AnswerBody>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required = true)]
    next: Option<String>,
}

/// An answer, without who gave it.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffSurveyAnswer)]
pub struct AnswerBody {
    /// The key of the item.
    item: String,
    /// What of the item was asked, such as `score`, `importance` or `text`.
    field: String,
    /// What was answered: a text, a number, or one of the words of the kind. Null of a score where fewer have answered than are shown.
    #[schema(required = true)]
    value: Option<String>,
    /// On which day, by the clock of the site. Null where fewer have answered than are shown.
    #[schema(required = true, format = Date)]
    answered_on: Option<String>,
    /// `too few` where something is left out for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    note: Option<&'static str>,
}

/// Read what was answered to a survey, the newest first: texts and scores, without who gave them.
#[utoipa::path(
    get,
    path = "/api/v1/surveys/{key}/answers",
    tag = "reports",
    security(("token" = ["reports:read"])),
    params(
        ("key" = String, Path, description = "The survey's key"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 100, description = "Answers of a page; 50 unless given"),
        ("cursor" = Option<String>, Query, description = "What the page before said in `next`"),
    ),
    responses(
        (status = 200, body = PageBody, description = "The answers"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such survey"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        TokenRefusals,
    )
)]
pub async fn list(
    State(app): State<App>,
    _: MayReadReports,
    Path(key): Path<String>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<PageBody>> {
    const NONE: Error = Error::NotFound("there is no such survey");
    let (parameters, mut errors) = each_once(parameters);
    let (mut limit, mut cursor) = (PAGE, None);
    for (name, value) in parameters {
        match name.as_str() {
            "limit" => match value.parse() {
                Ok(number) if (1..=PAGE_MAX).contains(&number) => limit = number,
                _ => errors.push(wrong("limit", &format!("1 to {PAGE_MAX}"))),
            },
            "cursor" => cursor = Some(value),
            _ => errors.push(unknown(&name)),
        }
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let survey = surveys::find(&app.db, &key).await?.ok_or(NONE)?;
    let site = app.sites.by_key(survey.site.as_str()).await?.ok_or(NONE)?;
    let zone = app.service.current().await?.zone_of(&site);
    let listing = Listing { survey: &survey, zone: &zone, fewest: app.config.reports.fewest_answers, limit };
    let page = listing.page(&app.db, &app.keys, cursor.as_deref()).await?;
    let page = page.ok_or_else(|| Error::field(wrong("cursor", "what a page of this survey said in `next`")))?;
    Ok(Json(PageBody { answers: page.answers.into_iter().map(AnswerBody::of).collect(), next: page.next }))
}

// For the description of the API; `surveys::api::read_given` is what reads it.
/// What stands on a sheet of paper.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffSheet)]
struct SheetBody {
    /// The code that is printed on it: typed in again, it replaces what it said before. Without one each request is a respondent.
    #[schema(example = "7QK4-M2XC")]
    code: Option<String>,
    /// The version that is printed on it; what the survey asks now where none is sent, or none that is known.
    #[schema(example = "7QK4M2")]
    version: Option<String>,
    answers: Vec<AnswerOfSurvey>,
}

/// Type in what stands on a sheet of paper.
#[utoipa::path(
    post,
    path = "/api/v1/surveys/{key}/answers",
    tag = "reports",
    security(("token" = ["service:write"])),
    params(
        ("key" = String, Path, description = "The survey's key"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it counts once"),
    ),
    request_body = SheetBody,
    responses(
        (status = 204, description = "It is stored"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such survey"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Answers that are none, or a code that was mistyped"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn add(
    State(app): State<App>,
    _: MayWriteService,
    Path(key): Path<String>,
    headers: HeaderMap,
    JsonBody(mut body): JsonBody,
) -> Result<StatusCode> {
    let form_key = key_of(&headers)?;
    let survey = surveys::find(&app.db, &key).await?.ok_or(Error::NotFound("there is no such survey"))?;
    let code = body.as_object_mut().and_then(|fields| fields.remove("code")).filter(|code| !code.is_null());
    let sheet = code.map(|code| code.as_str().and_then(Sheet::parse));
    if sheet == Some(None) {
        let detail = "is no code of a sheet; check it for typing mistakes";
        return Err(Error::field(FieldError::new("/code", ErrorCode::Invalid, detail)));
    }
    let survey = as_read(&app, survey, &mut body).await?;
    let given = read_given(&survey, body)?;
    let respondent = sheet.flatten().map_or_else(|| format!("typed:{form_key}"), |sheet| sheet.respondent());
    surveys::submit(&app.db, &survey, &respondent, &given, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl AnswerBody {
    fn of(Listed { item, field, value, day }: Listed) -> Self {
        let note = day.is_none().then_some(TOO_FEW);
        Self { item, field, value, answered_on: day.map(|day| day.to_string()), note }
    }
}
