//! Cases: feedback as the staff work on it. Types, the status table and the SQL that several slices share.

pub mod customer;
pub mod event;
pub mod quarantine;
pub mod repeat;
pub mod staff;
pub mod status;
pub mod view;

pub use event::{Actor, EventType};
pub use quarantine::{Quarantine, Suspicion};
pub use status::{Outcome, Priority, Stage, Status};
pub use view::Case;
