//! What reports show.

use anyhow::ensure;
use serde::{Deserialize, Serialize};

/// What reports show.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Reports {
    /// The fewest answers of customers whose figures are shown.
    pub fewest_answers: u64,
}

impl Reports {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(self.fewest_answers >= 1, "[reports] fewest_answers must be at least 1");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_answered_has_no_figure() {
        assert!(Reports { fewest_answers: 1 }.check().is_ok());
        assert!(Reports { fewest_answers: 0 }.check().is_err());
    }
}
