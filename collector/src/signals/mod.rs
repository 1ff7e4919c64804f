//! Early warnings: each week the complaints of a site, of all topics together and of each, are held against their control chart, and targets that hear of it
//! (`report.signal`) are told when the last whole week says more than chance does.
//!
//! The leader looks ([`plan`]); what a warning says is read when it is sent ([`load`]), like a digest.

mod name;
mod planning;
mod signal;
mod watched;

pub use planning::{SUBJECT, plan};
pub use signal::{Signal, load};
pub use watched::Watched;
