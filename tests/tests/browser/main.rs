//! The real thing: a real browser on a company's page, on another site than the collector.
//!
//! Pictures of what it saw are left in `target/pictures`, for people to look at.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod accessibility;
mod attachments;
mod commands;
mod companion;
mod company;
mod csp;
mod downloads;
mod early;
mod embedding;
mod ended;
mod entrusted;
mod examples;
mod fallbacks;
mod host;
mod identity;
mod inline;
mod languages;
mod looks;
mod masks;
mod office;
mod outbox;
mod page_errors;
mod pane;
mod passkeys;
mod pictures;
mod questions;
mod stage;
mod story;
mod surveys;
mod travels;
mod web_view;
mod week;
mod widget;
