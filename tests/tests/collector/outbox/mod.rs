//! Forwarding: events become deliveries, and deliveries arrive, in order, signed, whatever fails on the way.

pub mod cases;
mod commands;
mod leases;
mod mails;
mod planner;
pub mod webhooks;
