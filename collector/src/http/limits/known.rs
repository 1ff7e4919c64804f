//! What the database said last of what all replicas count together.

use std::collections::HashMap;
use std::sync::Mutex;

/// The name of a limit, whom it counts, and in which minute.
pub type Count = (String, String, i64);

/// What the database said last.
#[derive(Debug, Default)]
pub struct Exchange {
    pub(super) known: Mutex<Option<HashMap<Count, i64>>>,
}
