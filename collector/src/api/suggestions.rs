//! How good suggestions are, for programs: `GET /api/v1/suggestions`.

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::{each_once, unknown};
use super::refusals::TokenRefusals;
use crate::app::App;
use crate::auth::bearer::MayReadReports;
use crate::clock::rfc3339;
use crate::http::Result;
use crate::learning::Skill;

/// How good suggestions are, by site and field.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffSuggestionQualities)]
pub struct SuggestionsBody {
    /// A row for each field of each site from whose cases was learnt.
    suggestions: Vec<SuggestionBody>,
}

/// How good suggestions of a field are, by cases that were held back in time.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffSuggestionQuality)]
pub struct SuggestionBody {
    /// The key of the site.
    site: String,
    /// `category`, `team` or `priority`.
    field: &'static str,
    /// When it was learnt.
    #[schema(format = DateTime)]
    learnt_at: String,
    /// How many settled cases there are to learn from.
    cases: usize,
    /// With how many cases that it had not seen it was tried; null where there are too few to tell.
    #[schema(required = true)]
    tried: Option<usize>,
    /// The share that it answered as people did.
    #[schema(required = true)]
    value: Option<f64>,
    /// The lower end of the interval of that at 95 %.
    #[schema(required = true)]
    low: Option<f64>,
    /// The upper end.
    #[schema(required = true)]
    high: Option<f64>,
    /// The answer that is most frequent.
    #[schema(required = true)]
    most_frequent: Option<String>,
    /// The share that this answer alone would have been right with.
    #[schema(required = true)]
    most_frequent_value: Option<f64>,
    /// Whether suggestions are made: they are better than the most frequent answer by more than chance explains.
    is_made: bool,
}

/// Read how good suggestions of category, team and priority are.
#[utoipa::path(
    get,
    path = "/api/v1/suggestions",
    tag = "reports",
    security(("token" = ["reports:read"])),
    responses(
        (status = 200, body = SuggestionsBody, description = "How good they are"),
        (status = 422, body = sayso_shared::Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        TokenRefusals,
    )
)]
pub async fn list(
    State(app): State<App>,
    _: MayReadReports,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<SuggestionsBody>> {
    let (parameters, mut errors) = each_once(parameters);
    errors.extend(parameters.iter().map(|(name, _)| unknown(name)));
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let mut suggestions = Vec::new();
    for site in app.sites.all().await? {
        let Some(learnt) = app.learned.of_site(site.id()) else { continue };
        suggestions
            .extend(learnt.skills.iter().map(|skill| SuggestionBody::of(site.key(), &rfc3339(learnt.at), skill)));
    }
    Ok(Json(SuggestionsBody { suggestions }))
}

impl SuggestionBody {
    fn of(site: &str, learnt_at: &str, skill: &Skill) -> Self {
        let quality = skill.quality.as_ref();
        let interval = quality.and_then(|quality| quality.interval());
        Self {
            site: site.to_owned(),
            field: skill.field.as_str(),
            learnt_at: learnt_at.to_owned(),
            cases: skill.cases,
            tried: quality.map(|quality| quality.tried),
            value: quality.map(|quality| quality.accuracy()),
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
            most_frequent: quality.map(|quality| quality.most_frequent.clone()),
            most_frequent_value: quality.map(|quality| quality.baseline()),
            is_made: skill.model.is_some(),
        }
    }
}
