//! What open pages and other replicas are told: that a case has changed.

/// Something that open pages show has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// One case.
    Case(CaseChanged),
    /// Some cases, or none: other replicas told of too many, or could not be heard for a while.
    Unknown,
}

/// A case has a new event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseChanged {
    /// The case.
    pub case_id: String,
    /// The type of the event.
    pub event: &'static str,
}
