//! What the widget and the collector agree on: wire types parsed into newtypes, limits and problems.
//!
//! Invariant: this crate has no I/O and no clock, and it builds for wasm32 as well as for the host. Everything
//! that comes from outside enters through a `parse` function that either gives a value that holds its
//! limits or says which field is wrong and how.

pub mod code;
pub mod contact;
pub mod customer;
pub mod email;
pub mod feedback;
pub mod fields;
pub mod id;
pub mod kind;
pub mod limits;
pub mod locale;
pub mod masking;
pub mod page_url;
pub mod problem;
pub mod reply;
pub mod requests;
pub mod text;

pub use code::TrackingCode;
pub use contact::Contact;
pub use email::EmailAddress;
pub use feedback::{Feedback, FeedbackRules, Refused};
pub use kind::Kind;
pub use locale::{Lang, Locale};
pub use problem::{FieldError, Problem};
