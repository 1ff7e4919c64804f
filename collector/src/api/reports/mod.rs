//! Reports: `GET /api/v1/reports/{name}`, machine-readable. Shares are fractions and not rounded; of groups with fewer than five answers no figure
//! is shown, so that nobody is recognised.

mod surveys;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use sayso_shared::Problem;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::parameters::{each_once, unknown, wrong};
use super::refusals::TokenRefusals;
use crate::app::App;
use crate::auth::bearer::MayReadReports;
use crate::clock::{DAY, Millis, parse_rfc3339};
use crate::http::{Error, Result};
use crate::service::survey::{Survey, SurveyKind};
use crate::surveys::Period;

use self::surveys::Content;

/// A report.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffReport)]
pub struct ReportBody {
    /// Its name.
    report: String,
    /// From when, as it was asked for; null for the first answer.
    #[schema(required = true)]
    from: Option<String>,
    /// Until when, as it was asked for; null for the last answer.
    #[schema(required = true)]
    to: Option<String>,
    /// What the rows are grouped by.
    by: &'static str,
    /// What is counted.
    unit: &'static str,
    /// A row for each group, with its figures; null where there are too few answers.
    #[schema(value_type = Vec<Object>)]
    rows: Vec<Value>,
    /// The figures of the whole, where the report has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    overall: Option<Value>,
    /// How many answers do not count, by reason.
    left_out: BTreeMap<&'static str, u64>,
}

/// A report of a survey: `kano`, `importance`, `servqual`, or `satisfaction` of surveys of the kinds csat, ces and nps.
#[utoipa::path(
    get,
    path = "/api/v1/reports/{name}",
    tag = "reports",
    security(("token" = ["reports:read"])),
    params(
        ("name" = String, Path, description = "kano, importance, servqual or satisfaction"),
        ("survey" = String, Query, description = "The survey's key"),
        ("from" = Option<String>, Query, description = "A day or a time as in RFC 3339; what was answered from then on"),
        ("to" = Option<String>, Query, description = "A day, which is included, or a time as in RFC 3339, which is not"),
        ("crosshair" = Option<String>, Query, description = "Of importance: the quadrants meet at the means (`means`, unless given) or at the medians (`medians`) of the items"),
    ),
    responses(
        (status = 200, body = ReportBody, description = "The report"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such report"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong, or no such survey"),
        TokenRefusals,
    )
)]
pub async fn report(
    State(app): State<App>,
    _: MayReadReports,
    Path(name): Path<String>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<ReportBody>> {
    let kinds: &[SurveyKind] = match name.as_str() {
        "kano" => &[SurveyKind::Kano],
        "importance" => &[SurveyKind::ImportanceSatisfaction],
        "servqual" => &[SurveyKind::Servqual],
        "satisfaction" => &[SurveyKind::Csat, SurveyKind::Ces, SurveyKind::Nps],
        _ => return Err(Error::NotFound("there is no such report")),
    };
    let asked = Asked::read(&app, parameters, kinds).await?;
    let answers = crate::surveys::of_survey(&app.db, asked.survey.key.as_str(), asked.period).await?;
    let Content { by, rows, overall, left_out } = surveys::content(&asked.survey, &answers, asked.crosshair);
    Ok(Json(ReportBody { report: name, from: asked.from, to: asked.to, by, unit: "answers", rows, overall, left_out }))
}

/// What was asked for.
struct Asked {
    survey: Survey,
    period: Period,
    crosshair: crate::analysis::importance::Crosshair,
    from: Option<String>,
    to: Option<String>,
}

impl Asked {
    async fn read(app: &App, parameters: Vec<(String, String)>, kinds: &[SurveyKind]) -> Result<Self> {
        use crate::analysis::importance::Crosshair;
        let (parameters, mut errors) = each_once(parameters);
        let (mut key, mut from, mut to, mut crosshair) = (None, None, None, Crosshair::Means);
        let mut period = Period { from: None, to: None };
        for (name, value) in parameters {
            match name.as_str() {
                "survey" => key = Some(value),
                "from" => match moment(&value, 0) {
                    Some(at) => (period.from, from) = (Some(at), Some(value)),
                    None => errors.push(wrong("from", "a day or a time as in RFC 3339")),
                },
                "to" => match moment(&value, DAY) {
                    Some(at) => (period.to, to) = (Some(at), Some(value)),
                    None => errors.push(wrong("to", "a day or a time as in RFC 3339")),
                },
                "crosshair" => match value.as_str() {
                    "means" => crosshair = Crosshair::Means,
                    "medians" => crosshair = Crosshair::Medians,
                    _ => errors.push(wrong("crosshair", "means or medians")),
                },
                _ => errors.push(unknown(&name)),
            }
        }
        let survey = match key {
            None => {
                errors.push(FieldError::new("/survey", ErrorCode::Required, "is required"));
                None
            }
            Some(key) => {
                let found = crate::surveys::find(&app.db, &key).await?.filter(|survey| kinds.contains(&survey.kind));
                if found.is_none() {
                    errors.push(wrong("survey", "the key of a survey of a kind that this report is of"));
                }
                found
            }
        };
        match survey.filter(|_| errors.is_empty()) {
            Some(survey) => Ok(Self { survey, period, crosshair, from, to }),
            None => Err(errors.into()),
        }
    }
}

/// A time, or a day in UTC with what is added to its beginning.
fn moment(text: &str, of_day: Millis) -> Option<Millis> {
    parse_rfc3339(text).or_else(|| parse_rfc3339(&format!("{text}T00:00:00Z")).map(|at| at + of_day))
}
