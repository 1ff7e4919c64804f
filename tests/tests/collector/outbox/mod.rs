//! Forwarding: events become deliveries, and deliveries arrive, in order, signed, whatever fails on the way.

mod access_tokens;
mod bounces;
pub mod cases;
mod commands;
mod deliveries;
mod forward;
mod leases;
mod limits;
mod mails;
mod quiet_hours;
mod requests;
pub mod rooms;
mod senders;
mod server;
mod targets;
mod trouble;
mod warnings;

pub mod webhooks;
