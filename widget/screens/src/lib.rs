//! The screens that are fetched only by those who need them: files, the screenshot's editor, the customer's cases, and answers before somebody asks.
//!
//! They are plain components with props, and know nothing of where they are mounted: `widget/companion` does that. What they need of the page
//! comes through [`host::Host`]; what the collector says is read into the types of `sayso_shared::customer`.

pub mod answers;
pub mod cases;
pub mod files;
pub mod host;
pub mod mailbox;
pub mod shot;
pub mod words;

mod api;
mod cell;
