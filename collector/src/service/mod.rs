//! The service as it is set up: calendars, teams, promises, rules, templates and what belongs to them.
//!
//! All of it can be written in one TOML file ([`mod@file`]), and each table of that file is a type of [`objects`]. The file and the console lead to the
//! same rows, which hold what the table says.

pub mod calendar;
mod check;
pub mod commands;
pub mod current;
pub mod draft;
pub mod file;
pub mod filter_checks;
pub mod membership;
pub mod objects;
pub mod plan;
mod presets;
pub mod promises;
pub mod read;
mod reader;
pub mod removal;
pub mod routing;
pub mod rules;
mod sites;
pub mod store;
pub mod surroundings;
pub mod survey;
mod survey_checks;
pub mod target_checks;
pub mod target_definition;
pub mod targets;
pub mod words;
mod zone;

pub use current::{Service, ServiceCache};
pub use file::ServiceFile;
pub use promises::Promised;
pub use surroundings::{Surroundings, Unset};
pub use target_definition::TargetDefinition;
