//! Reports for programs: `GET /api/v1/reports/{name}`, as JSON or as a table.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use sayso_shared::Problem;

use super::parameters::{each_once, wrong};
use super::refusals::TokenRefusals;
use crate::app::App;
use crate::auth::bearer::MayReadReports;
use crate::http::{Error, Result};
use crate::reports::download::{table, workbook};
use crate::reports::{self, Asked, By, Name, Report};

/// A report about cases, or about the answers to a survey. Days and their parts are those of the site's time zone.
#[utoipa::path(
    get,
    path = "/api/v1/reports/{name}",
    tag = "reports",
    security(("token" = ["reports:read"])),
    params(
        ("name" = Name, Path, description = "Which report; `kano`, `importance` and `servqual` are of a survey, and `satisfaction` is, if one is named"),
        ("survey" = Option<String>, Query, description = "The survey's key"),
        ("version" = Option<i64>, Query, minimum = 1, description = "The version of the survey; the newest unless given. What a survey asks may change while it runs, and each version has figures of its own"),
        ("from" = Option<String>, Query, description = "A day or a time as in RFC 3339; what came or was answered from then on"),
        ("to" = Option<String>, Query, description = "A day, which is included, or a time as in RFC 3339, which is not"),
        ("by" = Option<By>, Query, description = "What the rows are grouped by; which of these a report has, the refusal of another one says"),
        ("site" = Option<String>, Query, description = "The key of a site"),
        ("team" = Option<String>, Query, description = "The key of a team, or `none`"),
        ("member" = Option<String>, Query, description = "The address of an owner, or `none`"),
        ("kind" = Option<String>, Query, description = "complaint, suggestion, question or praise"),
        ("category" = Option<String>, Query, description = "The key of a category"),
        ("tier" = Option<String>, Query, description = "The key of a tier"),
        ("promise" = Option<String>, Query, description = "Of promises: first_response, next_response or resolution"),
        ("priority" = Option<String>, Query, description = "low, normal, high or urgent"),
        ("channel" = Option<String>, Query, description = "How it came"),
        ("exposure" = Option<String>, Query, description = "Of quality and overview: the kind of exposure that complaints are held against, such as `orders`. Without it, overview takes `orders` where there are some, else the first kind by its name, and quality all cases"),
        ("crosshair" = Option<String>, Query, description = "Of importance: the quadrants meet at the means (`means`, unless given) or at the medians (`medians`) of the items"),
        ("format" = Option<String>, Query, description = "`json` (unless given), `csv` or `xlsx`"),
    ),
    responses(
        (status = 200, description = "The report", content((Report = "application/json"), (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
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
) -> Result<Response> {
    let name = Name::parse(&name).ok_or(Error::NotFound("there is no such report"))?;
    let (mut parameters, errors) = each_once(parameters);
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let format = parameters.extract_if(.., |(name, _)| name == "format").next().map(|(_, value)| value);
    let asked = Asked::read(&app, name, parameters).await?;
    match format.as_deref() {
        None | Some("json") => Ok(Json(&*reports::make(&app, &asked).await?).into_response()),
        Some("csv") => Ok(table(&*reports::make(&app, &asked).await?)),
        Some("xlsx") => workbook(&*reports::make(&app, &asked).await?),
        Some(_) => Err(Error::field(wrong("format", "json, csv or xlsx"))),
    }
}
