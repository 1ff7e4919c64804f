//! `sayso target` and `sayso deliveries`.

pub mod deliveries;
mod deliveries_table;
pub mod targets;
mod targets_add;

pub use deliveries::DeliveriesCommand;
pub use targets::TargetCommand;
