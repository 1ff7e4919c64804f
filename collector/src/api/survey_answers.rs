//! What was answered to a survey, for programs: `GET /api/v1/surveys/{key}/answers`.

use axum::Json;
use axum::extract::{Path, Query, State};
use sayso_shared::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::{each_once, unknown, wrong};
use super::refusals::TokenRefusals;
use crate::app::App;
use crate::auth::bearer::MayReadReports;
use crate::http::{Error, Result};
use crate::reports::figures::TOO_FEW;
use crate::surveys::{self, Listed, Listing};

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

impl AnswerBody {
    fn of(Listed { item, field, value, day }: Listed) -> Self {
        let note = day.is_none().then_some(TOO_FEW);
        Self { item, field, value, answered_on: day.map(|day| day.to_string()), note }
    }
}
