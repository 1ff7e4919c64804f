//! Who answered a survey, as far as it is known: of customers who were asked by mail the tier, and the team and the kind of the case that they were last helped
//! with. Of everybody else nothing is known.

use std::collections::{BTreeMap, HashMap};

use super::asked::{Asked, Filter};
use super::by::By;
use crate::app::App;
use crate::http::Result;
use crate::service::survey::Survey;
use crate::surveys::invitations::{self, AskedCustomer};
use crate::surveys::{ScaleAnswer, ScaleAnswers};

/// The answers to a survey by item.
pub type Answers<'a> = BTreeMap<&'a str, Vec<ScaleAnswer<'a>>>;

/// The respondents of a survey.
#[derive(Debug, Default)]
pub struct Respondents {
    known: HashMap<String, AskedCustomer>,
    /// The weights of tiers.
    weights: HashMap<String, f64>,
    /// Whether a tier weighs another than 1, or somebody has a value of their own.
    is_weighted: bool,
}

impl Respondents {
    /// Those of a survey, where something that is asked for depends on who they are.
    pub async fn load(app: &App, asked: &Asked, survey: &Survey) -> Result<Self> {
        let service = app.service.current().await?;
        let of_site = service.tiers.iter().filter(|tier| tier.site == survey.site);
        let weights: HashMap<String, f64> = of_site.map(|tier| (tier.key.to_string(), tier.weight)).collect();
        let is_weighted = weights.values().any(|weight| *weight != 1.0)
            || invitations::have_values(&app.db, survey.key.as_str()).await?;
        let Filter { team, kind, tier, .. } = &asked.filter;
        let is_told_apart = matches!(asked.by, By::Team | By::Kind | By::Tier);
        let is_needed = is_told_apart || team.is_some() || kind.is_some() || tier.is_some() || is_weighted;
        let known = match is_needed {
            true => invitations::customers(&app.db, &app.keys, survey.key.as_str()).await?,
            false => HashMap::new(),
        };
        Ok(Self { known, weights, is_weighted })
    }

    /// The answers of those who are asked for.
    pub fn answers<'a>(&self, filter: &Filter, stored: &'a ScaleAnswers) -> Answers<'a> {
        let is_asked_for = |answer: &ScaleAnswer<'_>| self.has(filter, answer.respondent);
        let mut answers: Answers<'_> =
            stored.items().map(|(item, found)| (item, found.filter(is_asked_for).collect())).collect();
        answers.retain(|_, found| !found.is_empty());
        answers
    }

    /// Whether one is among those that are asked for.
    fn has(&self, filter: &Filter, respondent: &str) -> bool {
        let of = |by| self.group(by, respondent);
        filter.team.as_ref().is_none_or(|team| team.as_deref().unwrap_or_default() == of(By::Team))
            && filter.kind.is_none_or(|kind| kind.as_str() == of(By::Kind))
            && filter.tier.as_ref().is_none_or(|tier| tier == of(By::Tier))
    }

    /// The group that one is in; empty for those of whom it is not known.
    pub fn group(&self, by: By, respondent: &str) -> &str {
        let known = self.known.get(respondent);
        let found = known.and_then(|known| match by {
            By::Team => known.team.as_deref(),
            By::Kind => known.kind.as_deref(),
            By::Tier => known.tier.as_deref(),
            _ => None,
        });
        found.unwrap_or_default()
    }

    /// What an answer of theirs counts: the value of the customer, else the weight of their tier.
    pub fn weight(&self, respondent: &str) -> f64 {
        let value = self.known.get(respondent).and_then(|known| known.value);
        if let Some(value) = value {
            return value;
        }
        self.weights.get(self.group(By::Tier, respondent)).copied().unwrap_or(1.0)
    }

    /// Whether answers count differently at all.
    pub fn are_weighted(&self) -> bool {
        self.is_weighted
    }
}

/// Whether a weighted figure of these answers tells nothing of few: with the unweighted one beside it, what those of one weight answered could be worked out, so
/// each weight has to be that of enough.
pub fn may_be_weighted(weights: impl Iterator<Item = f64>, fewest: u64) -> bool {
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    weights.for_each(|weight| *counts.entry(weight.to_bits()).or_default() += 1);
    counts.values().all(|count| *count >= fewest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_found_out_by_what_they_count() {
        assert!(may_be_weighted([3.0; 5].into_iter().chain([1.0; 5]), 5));
        assert!(
            !may_be_weighted([3.0; 5].into_iter().chain([1.0]), 5),
            "what the only one of tier 1 answered could be worked out"
        );
        assert!(may_be_weighted([3.0, 1.0].into_iter(), 1));
    }
}
