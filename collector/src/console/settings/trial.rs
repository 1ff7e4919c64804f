//! What rules would have done with past cases, as pages show it.

use crate::app::App;
use crate::console::shell::excerpt;
use crate::http::Result;
use crate::routing::trial::{self, Decider, Place, Trial};
use crate::text::Texts;

/// A trial.
pub(super) struct TrialView {
    t: Texts,
    pub(super) trial: Trial,
}

impl TrialView {
    /// Tries on past cases what decides now, and what would.
    pub(super) async fn of(app: &App, t: Texts, now: &Decider, then: &Decider) -> Result<Self> {
        Ok(Self { t, trial: trial::try_out(app, now, then).await? })
    }

    pub(super) fn excerpt(&self, text: &str) -> String {
        excerpt(text, 60)
    }

    /// Where a case goes, in words.
    pub(super) fn place(&self, place: &Place) -> String {
        let priority =
            place.priority.map(|priority| self.t.get(&format!("common.priority.{}", priority.as_str())).to_owned());
        let tags = place.tags.iter().map(|tag| format!("#{tag}"));
        let parts: Vec<String> =
            place.team.iter().cloned().chain(place.owner.clone()).chain(priority).chain(tags).collect();
        if parts.is_empty() { self.t.get("console.case.no_team").to_owned() } else { parts.join(" · ") }
    }

    /// What the trial comes to.
    pub(super) fn sums(&self) -> String {
        let values = [("cases", &self.trial.cases.to_string()), ("elsewhere", &self.trial.elsewhere.to_string())];
        self.t.with("desk.settings.trial_sum", &values.map(|(name, value)| (name, value.as_str())))
    }
}
