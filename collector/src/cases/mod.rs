//! Cases: feedback as the staff work on it. Types, the status table and the SQL that several slices share.

pub mod access;
pub mod case;
pub mod code;
pub mod command;
pub mod conditions;
pub mod customer;
pub mod efforts;
pub mod error;
pub mod event;
mod first_action;
pub mod follow_up;
pub mod idempotency;
pub mod listing;
pub mod lists;
mod mentions;
pub mod merge;
pub mod messages;
pub mod moderation;
pub mod money;
pub mod properties;
pub mod quarantine;
pub mod query;
pub mod reply_drafts;
pub mod search;
pub mod similar;
pub mod split;
pub mod staff;
pub mod status;
pub mod tags;
pub mod tasks;
pub mod views;

pub use case::Case;
pub use error::CaseError;
pub use event::{Actor, EventType};
pub use quarantine::{Quarantine, Suspicion};
pub use status::{Channel, Outcome, Priority, Stage, Status};
