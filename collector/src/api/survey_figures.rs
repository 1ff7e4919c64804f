//! How a survey goes, for programs: `GET /api/v1/surveys/{key}/figures`.

use axum::Json;
use axum::extract::{Path, Query, State};
use sayso_shared::{Lang, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::{each_once, unknown, wrong};
use super::refusals::TokenRefusals;
use crate::app::App;
use crate::auth::bearer::MayReadReports;
use crate::http::{Error, Result};
use crate::surveys::{self, Versions, invitations, questions};

/// How a version of a survey goes. It counts and says nothing of who it was.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffSurveyFigures)]
pub struct FiguresBody {
    /// Which version the figures are of.
    version: i64,
    /// All that were answered, and the one that is asked now.
    versions: Vec<i64>,
    /// How many answered it.
    respondents: i64,
    /// Of all versions: how many were asked by mail; null where nobody was.
    #[schema(required = true)]
    invited: Option<InvitedBody>,
    /// Of all versions: half of those who sent the page took less time, in seconds; null where nobody has.
    #[schema(required = true)]
    median_seconds: Option<i64>,
    /// How many left the page without an answer.
    left_at_once: i64,
    /// Its questions, in their order.
    questions: Vec<QuestionBody>,
}

/// How many of those who were asked by mail answered.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffSurveyInvited)]
pub struct InvitedBody {
    asked: i64,
    answered: i64,
}

/// How many answered a question.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffSurveyQuestionFigures)]
pub struct QuestionBody {
    item: String,
    field: &'static str,
    /// How many answered it.
    answered: i64,
    /// How many left the page after they had answered its item.
    left: i64,
}

/// Read how many were asked and answered, how long it took, and where people stopped.
#[utoipa::path(
    get,
    path = "/api/v1/surveys/{key}/figures",
    tag = "reports",
    security(("token" = ["reports:read"])),
    params(
        ("key" = String, Path, description = "The survey's key"),
        ("version" = Option<i64>, Query, description = "The number of a version; what the survey asks now unless given"),
    ),
    responses(
        (status = 200, body = FiguresBody, description = "The figures"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such survey"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        TokenRefusals,
    )
)]
pub async fn read(
    State(app): State<App>,
    _: MayReadReports,
    Path(key): Path<String>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<FiguresBody>> {
    let now = surveys::find(&app.db, &key).await?.ok_or(Error::NotFound("there is no such survey"))?;
    let versions = Versions::load(&app.db, &now).await?;
    let mut known: Vec<i64> = versions.answered.iter().map(|known| known.number).collect();
    if !known.contains(&versions.current) {
        known.push(versions.current);
    }
    let (parameters, mut errors) = each_once(parameters);
    let mut version = versions.current;
    for (name, value) in parameters {
        match name.as_str() {
            "version" => match value.parse().ok().filter(|number| known.contains(number)) {
                Some(number) => version = number,
                None => errors.push(wrong("version", "the number of a version of the survey")),
            },
            _ => errors.push(unknown(&name)),
        }
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let survey = versions.survey(version, &now);
    let counts = surveys::answered(&app.db, &key, version).await?;
    let left = surveys::left(&app.db, &key, version).await?;
    let invited = invitations::figures(&app.db).await?.get(&key).copied();
    let asked = questions::in_order(&survey, Lang::En, None).into_iter().flat_map(|block| block.questions);
    let question = |question: questions::Question| {
        // A survey of one question has one item, and a file may call it what it likes.
        let is_it =
            |item: &str, field: &str| field == question.field && (survey.items.is_empty() || item == question.item);
        QuestionBody {
            answered: counts.iter().filter(|(item, field, _)| is_it(item, field)).map(|(.., count)| count).sum(),
            left: left.get(&question.item).copied().unwrap_or_default(),
            field: question.field,
            item: question.item,
        }
    };
    Ok(Json(FiguresBody {
        version,
        respondents: versions.answered.iter().find(|known| known.number == version).map_or(0, |one| one.respondents),
        versions: known,
        invited: invited.map(|invited| InvitedBody { asked: invited.asked, answered: invited.answered }),
        median_seconds: surveys::median_seconds(&app.db).await?.get(&key).copied(),
        left_at_once: left.get("").copied().unwrap_or_default(),
        questions: asked.map(question).collect(),
    }))
}
