//! Problems: known root causes that several cases share. They are a part of the service ([`crate::service::objects::Problem`]); here is what joins them
//! to cases.

mod change;
mod linked;
mod resolve;

pub use change::{Patch, add, patch};
pub use linked::{Count, count};
pub use resolve::{Answer, CASES_MAX, Resolved, resolve};
