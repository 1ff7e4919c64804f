//! Customers: people and firms whose cases belong together.
//!
//! A case gets its customer after its commit, before any rule looks at it: by whom its site vouched for, else by the address or the phone number that
//! came with it, exactly, and never by a name. What customers are found by is a keyed hash ([`handles`]), which in a site is one customer's; that
//! is what keeps two collectors from making two of one.

mod assign;
pub mod backfill;
pub mod change;
pub mod customer;
pub mod export;
mod export_answers;
mod export_calls;
pub mod find;
pub mod handles;
pub mod handover;
pub mod import;
pub mod jobs;
pub mod merge;
mod moves;
pub mod names;
pub mod part;
pub mod phone;
mod plan;
pub mod preferences;
pub mod quarantined;
mod reindex;
pub mod satisfaction;
pub mod tier_rules;
pub mod tiers;

pub use customer::Customer;
