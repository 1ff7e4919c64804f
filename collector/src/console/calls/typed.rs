//! What was typed about calls.

use serde::Deserialize;

/// What somebody was writing when it was refused.
#[derive(Default)]
pub(super) struct Draft {
    /// The sample that was to be drawn.
    pub(super) draw: DrawForm,
    /// The call whose result was to be noted, by its identifier.
    pub(super) call: Option<(String, CallForm)>,
    /// The fields that are wrong, in their order, and why.
    pub(super) errors: Vec<(&'static str, &'static str)>,
}

/// What a sample is drawn by, as it is typed.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(super) struct DrawForm {
    pub(super) site: String,
    pub(super) size: String,
    pub(super) percent: String,
    pub(super) days: String,
    pub(super) seed: String,
}

impl Default for DrawForm {
    fn default() -> Self {
        let text = |text: &str| text.to_owned();
        Self { site: String::new(), size: text("20"), percent: String::new(), days: text("30"), seed: String::new() }
    }
}

/// What came of a call, as it is typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CallForm {
    pub(super) result: String,
    pub(super) score: String,
    pub(super) note: String,
}
