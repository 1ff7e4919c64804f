//! Erasure: who a customer is, and what was said, is taken out of everything that is stored, for good.
//!
//! What is written in the database goes in one transaction ([`case`], `customer`), and the case says so with an event. What stands beside it (files,
//! mails in files, the segments of the search index, SQLite's log) goes right after the commit, and by a job once more (`leftovers`): a mail that was
//! being sent, or a part of the index that was being written, comes to rest only then. Kept are kind, category, times, scores and outcome.
//!
//! [`retention`] does the same by time.

mod answers;
pub mod case;
mod customer;
mod leftovers;
pub mod retention;

pub use customer::{erase as erase_customer, is_anything_left};
pub use leftovers::run;
