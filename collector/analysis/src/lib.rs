//! What numbers and texts of feedback mean: pure functions, without I/O and without a clock. Each names the source of its formula.
//!
//! Shares are fractions from 0 to 1 and are not rounded. Where nothing was counted there is no figure, so functions give `None` and never a 0 that
//! nobody measured.

pub mod control;
pub mod duplicates;
pub mod facts;
pub mod features;
pub mod importance;
pub mod kano;
pub mod lessons;
pub mod model;
pub mod quality;
mod random;
pub mod runs;
pub mod scores;
pub mod servqual;
pub mod similar;
pub mod topics;

pub use control::{Chart, Limits, Point};
pub use scores::{Interval, Nps};
