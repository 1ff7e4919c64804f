//! What is suggested for a case.

use sayso_analysis::features::Features;
use serde::Serialize;
use utoipa::ToSchema;

use super::learnt::Field;
use super::reading::text;
use crate::app::App;
use crate::cases::properties::Patch;
use crate::cases::{Case, Priority};
use crate::db::search::runs;
use crate::http::Result;
use crate::service::Service;
use crate::sites::Site;

/// What is less certain is not suggested: it would be wrong more often than not.
const CONFIDENCE_MIN: f64 = 0.4;

/// What is suggested, from the cases of the same site that were settled.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = StaffSuggestion)]
pub struct Suggestion {
    /// What of the case is to be another.
    pub field: Field,
    /// What it is to be, as `PATCH` takes it.
    pub value: String,
    /// From 0.4 to 1: how certain it is.
    pub confidence: f64,
    /// The words of the customer that decided, those that count most first.
    pub words: Vec<Word>,
}

/// A word that decided.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = StaffSuggestionWord)]
pub struct Word {
    /// The word, or some letters, as search has them: in small letters, in simplified characters.
    pub word: String,
    /// From 0 to 1: its share of all that speaks for the suggestion.
    pub weight: f64,
}

/// What is suggested for a case that is open: only what it is not yet, and could be.
pub async fn for_case(app: &App, case: &Case) -> Result<Vec<Suggestion>> {
    let Some(learnt) = app.learned.of_site(&case.site_id) else { return Ok(Vec::new()) };
    if !case.status().is_open() || case.quarantine().is_some() || case.merged_into.is_some() || case.message.is_empty()
    {
        return Ok(Vec::new());
    }
    let site = app.sites.by_id(&case.site_id).await?;
    let service = app.service.current().await?;
    let features = features(&text(&case.message, case.desired_outcome.as_deref()), &case.kind);
    let suggestions = learnt.skills.iter().filter_map(|skill| {
        let found = skill.model.as_ref()?.suggest(&features);
        let words = found.words.into_iter().map(|(word, weight)| Word { word, weight }).collect();
        Some(Suggestion { field: skill.field, value: found.answer, confidence: found.confidence, words })
    });
    let is_worth_it = |suggestion: &Suggestion| {
        let Suggestion { field, value, confidence, .. } = suggestion;
        *confidence >= CONFIDENCE_MIN
            && field.current(case) != Some(value.as_str())
            && field.patch(case, value, site.as_deref(), &service).is_some()
    };
    Ok(suggestions.filter(is_worth_it).collect())
}

/// What a case is judged by.
pub(super) fn features(text: &str, kind: &str) -> Features {
    Features::of(&runs(text)).and("kind", kind)
}

impl Field {
    /// What a case has now.
    fn current(self, case: &Case) -> Option<&str> {
        match self {
            Self::Category => case.category.as_deref(),
            Self::Team => case.team.as_deref(),
            Self::Priority => Some(&case.priority),
        }
    }

    /// The change that makes it another; none for what there is not, or not any more.
    pub fn patch(self, case: &Case, value: &str, site: Option<&Site>, service: &Service) -> Option<Patch> {
        let chosen = || Some(Some(value.to_owned()));
        let patch = match self {
            Self::Category if site?.settings.has_category(value, case.kind()) => {
                Patch { category: chosen(), ..Patch::default() }
            }
            Self::Team if service.team(value).is_some() => Patch { team: chosen(), ..Patch::default() },
            Self::Priority => Patch { priority: Some(Priority::parse(value)?), ..Patch::default() },
            Self::Category | Self::Team => return None,
        };
        Some(patch)
    }
}
