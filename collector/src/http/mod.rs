//! The foundation of every handler: the one error, bodies, client addresses, rate limits, headers, languages, connections and logging.
//! It knows no feature of the collector; `routes` puts the features together.

pub mod body;
pub mod client;
pub mod connections;
pub mod cookies;
pub mod cors;
pub mod error;
pub mod headers;
pub mod hosts;
pub mod language;
pub mod limits;
pub mod nul;
pub mod openapi;
pub mod panics;
pub mod problems;
pub mod refusals;
pub mod slots;
pub mod trace;

pub use error::{Error, Result};
