//! Forwarding: events become deliveries, and deliveries arrive, in order, signed, whatever fails on the way.

pub mod cases;
mod commands;
mod forward;
mod leases;
mod limits;
mod mails;
mod server;

pub mod webhooks;
