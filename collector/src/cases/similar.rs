//! Cases that say nearly the same as another one, of the last 90 days, with what both say.

use std::time::Duration;

use sayso_analysis::similar::Shingles;

use super::Case;
use super::access::Visibility;
use super::query::numbers;
use super::search::said::texts;
use super::search::{Facet, Search, SearchText, received_between, search};
use crate::app::App;
use crate::clock::{DAY, Millis};
use crate::db::search::{Term, runs};
use crate::http::Result;

/// How far back is looked.
const WITHIN: Millis = 90 * DAY;
/// Words by which candidates are found, and candidates that are compared.
const WORDS: usize = 16;
const CANDIDATES: usize = 300;
/// How long finding them may take.
const BUDGET: Duration = Duration::from_millis(500);
/// From which resemblance on two cases are nearly the same, and how many are shown.
const RESEMBLANCE_MIN: f64 = 0.4;
const SHOWN_MAX: usize = 20;

/// A case that is nearly the same.
#[derive(Clone, Debug)]
pub struct Similar {
    /// Its identifier.
    pub id: String,
    /// Its short number.
    pub number: Option<i64>,
    /// What the customer said.
    pub message: String,
    /// From 0.4 to 1.
    pub resemblance: f64,
    /// What both say, the longest words first.
    pub shared: Vec<String>,
}

/// The cases of the same site that are nearly the same, the most similar first, as far as a member sees them.
pub async fn find(app: &App, case: &Case, visible: Option<&Visibility>) -> Result<Vec<Similar>> {
    let own = Shingles::of(runs(&case.message));
    let words = own.telling(WORDS);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let mut facets = vec![
        Facet::Site(&case.site_id).term(),
        Term::any_of(words),
        received_between(Some(app.clock.now() - WITHIN), None),
    ];
    facets.extend(visible.map(Visibility::term));
    let search_for = Search { facets, budget: BUDGET, ..Search::newest(SearchText::default(), CANDIDATES) };
    let mut ids = search(&app.db, &search_for).await?.ids;
    ids.retain(|id| *id != case.id);
    let numbers = numbers(&app.db, &ids).await?;
    let mut similar: Vec<Similar> = texts(&app.db, &ids)
        .await?
        .into_iter()
        .filter_map(|(id, texts)| {
            let message = texts.into_iter().next()?;
            let other = Shingles::of(runs(&message));
            let resemblance = own.resemblance(&other);
            let shared = own.shared(&other).into_iter().map(str::to_owned).collect();
            let number = numbers.get(&id).copied();
            (resemblance >= RESEMBLANCE_MIN).then_some(Similar { id, number, message, resemblance, shared })
        })
        .collect();
    similar.sort_by(|a, b| b.resemblance.total_cmp(&a.resemblance).then_with(|| b.id.cmp(&a.id)));
    similar.truncate(SHOWN_MAX);
    Ok(similar)
}
