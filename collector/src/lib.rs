//! The collector: stores feedback durably, forwards it to the service team, and serves the widget, the customer's
//! pages and the staff console.

pub mod app;
pub mod assets;
pub mod cases;
pub mod clock;
pub mod config;
pub mod console;
pub mod db;
pub mod http;
pub mod intake;
pub mod keys;
pub mod pages;
pub mod sites;
pub mod text;

pub use app::App;
pub use config::Config;
