//! What a search asks for, and what it gives.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::term::Term;

/// Which cases come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The newest.
    Newest,
    /// The oldest.
    Oldest,
}

/// A search.
#[derive(Debug)]
pub struct Request<'a> {
    /// All of these must hold, the rarest first.
    pub terms: &'a [Term],
    /// None of these may hold.
    pub unwanted: &'a [Term],
    /// Facets by which the cases that meet the terms are counted.
    pub groups: &'a [String],
    /// Which of the groups are shown; a case is in one of them.
    pub shown: &'a [bool],
    /// In which order.
    pub order: Order,
    /// Only cases after this one, in that order.
    pub after: Option<Uuid>,
    /// How many cases, at most.
    pub limit: usize,
    /// How far cases are counted; 0 when nobody asks.
    pub count_to: usize,
    /// How long it may take. At least one step is taken.
    pub budget: Duration,
    /// Cases that have changed since they were indexed.
    pub loose: &'a [Arc<Loose>],
}

/// A case that has changed since it was indexed.
#[derive(Clone, Debug)]
pub struct Loose {
    /// Its identifier.
    pub id: Uuid,
    /// What an entry of it would hold, separated by spaces.
    pub tokens: String,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The cases in their order.
    pub ids: Vec<Uuid>,
    /// Whether there are more, by the last of `ids`.
    pub has_more: bool,
    /// How many cases each group has, as far as they were counted.
    pub counts: Vec<usize>,
    /// After which case the search goes on, if the time was over before the page was full.
    pub further: Option<Uuid>,
    /// Whether all that meets the terms was counted, or as much as was asked for.
    pub is_counted: bool,
}
