//! What a form of the case page held when it was refused.

/// What somebody was writing when it was refused, so that it is still there.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub(super) reply: String,
    pub(super) then: String,
    pub(super) note: String,
    pub(super) outcome: String,
    pub(super) remedy: String,
    /// The form that was taken.
    pub(super) done: Option<String>,
    /// The customer's code, which was asked for.
    pub(super) code: Option<String>,
    /// The field that is wrong, and why.
    pub(super) error: Option<(&'static str, String)>,
}

impl Draft {
    pub(super) fn error(&self, field: &str) -> Option<&str> {
        self.error.as_ref().filter(|(name, _)| *name == field).map(|(_, text)| text.as_str())
    }
}
