//! The collector: stores feedback durably, forwards it to the service team, and serves the widget, the customer's
//! pages and the staff console.

pub mod access_tokens;
pub mod alarms;
pub mod answers;
pub mod api;
pub mod app;
pub mod assets;
pub mod attachments;
pub mod audit;
pub mod auth;
pub mod backup;
pub mod calendars;
pub mod calls;
pub mod cases;
pub mod changes;
pub mod charset;
pub mod charts;
pub mod cli;
pub mod clock;
pub mod clock_jumps;
pub mod clocks;
pub mod config;
pub mod console;
pub mod context;
pub mod customers;
pub mod db;
pub mod demo;
pub mod digests;
pub mod doctor;
pub mod duty;
pub mod erasure;
pub mod export;
pub mod exposure;
pub mod health;
pub mod housekeeping;
pub mod http;
pub mod import;
pub mod inbound;
pub mod intake;
pub mod jobs;
pub mod json;
pub mod key_rotation;
pub mod keys;
pub mod learning;
pub mod links;
pub mod metrics;
pub mod outbox;
pub mod pages;
pub mod problems;
pub mod prometheus;
pub mod receipts;
pub mod replicas;
pub mod reports;
pub mod routes;
pub mod routing;
pub mod security_txt;
pub mod self_check;
pub mod serve;
pub mod service;
pub mod signals;
pub mod sites;
pub mod split;
pub mod spreadsheets;
pub mod surveys;
pub mod text;
pub mod upgrades;

pub use app::App;
pub use config::Config;
pub use db::Db;

/// Chooses ring for all TLS of this process. Calling it again does nothing.
pub fn install_crypto() {
    // An error only says that it has been chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
