//! Several collectors on one PostgreSQL: each tells the others which cases have changed, so that a page is live on whichever of
//! them it is open, and events are planned at once. Nothing depends on it but speed: who hears nothing asks the database.

mod state;
mod task;

pub use state::{Flushed, Replicas};
pub use task::run;
