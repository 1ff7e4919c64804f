//! The collector by its interfaces, each test on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod access;
mod attachments;
mod canonical;
mod connections;
mod console;
mod contract;
mod desk;
mod durability;
mod embedding;
mod fuzz;
mod guards;
mod housekeeping;
mod inbound;
mod insight;
mod intake;
mod jobs;
mod operations;
mod outbox;
mod pages;
mod privacy;
mod search;
mod service;
mod service_checks;
mod sites;
mod web;
