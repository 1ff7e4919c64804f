//! The stages of a case on its customer's page.

use crate::cases::{Case, Stage, Status};
use crate::clock::Millis;

/// One of the public stages.
pub(super) struct Step {
    pub(super) stage: Stage,
    pub(super) is_done: bool,
    pub(super) is_current: bool,
    pub(super) when: Option<Millis>,
}

/// The stages that the customer sees, with those that lie behind.
pub(super) fn steps(case: &Case) -> Vec<Step> {
    let current = case.status().stage();
    let at = |stage: Stage| Stage::ALL.iter().position(|known| *known == stage).unwrap_or_default();
    // Only this stage is an exception rather than a step of the way.
    let shown = Stage::ALL.iter().copied().filter(|&stage| stage != Stage::WaitingForYou || stage == current);
    shown
        .map(|stage| Step {
            stage,
            is_current: stage == current,
            is_done: at(stage) < at(current) || (stage == current && current == Stage::Closed),
            when: match stage {
                Stage::Received => Some(case.received_at),
                Stage::Answered => case.resolved_at.filter(|_| !case.status().is_open()),
                Stage::Closed => case.closed_at.filter(|_| case.status() == Status::Closed),
                Stage::BeingLookedInto | Stage::WaitingForYou => None,
            },
        })
        .collect()
}
