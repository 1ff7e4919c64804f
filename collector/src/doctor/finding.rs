//! What a check found.

use serde::Serialize;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Good,
    /// It works, but is not as it should be.
    Warning,
    Wrong,
}

/// What one look found.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub(super) topic: &'static str,
    pub(super) state: State,
    pub(super) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mend: Option<String>,
}

impl Finding {
    pub(super) fn good(topic: &'static str, text: impl Into<String>) -> Self {
        Self { topic, state: State::Good, text: text.into(), mend: None }
    }

    pub(super) fn warning(topic: &'static str, text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { topic, state: State::Warning, text: text.into(), mend: Some(mend.into()) }
    }

    pub(super) fn wrong(topic: &'static str, text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { topic, state: State::Wrong, text: text.into(), mend: Some(mend.into()) }
    }

    pub(super) fn print(&self) {
        let mark = match self.state {
            State::Good => "✓",
            State::Warning => "!",
            State::Wrong => "✗",
        };
        println!("{mark} {:<10} {}", self.topic, self.text);
        if let Some(mend) = &self.mend {
            println!("  {:<10} → {mend}", "");
        }
    }
}
