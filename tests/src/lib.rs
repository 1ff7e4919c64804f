//! The harness of the end-to-end tests: a collector on a port of its own, with a database of its own.

mod app;
mod client;
mod database;
pub mod process;
mod receiver;
mod smtp;

pub use app::{Background, Options, TestApp};
pub use client::{Answer, Client};
pub use database::Database;
pub use receiver::{Received, WebhookReceiver};
pub use smtp::{Mail, MailServer};

/// Runs each test on both databases: `on_both_databases! { async fn name(app: TestApp) { .. } }` makes the tests `name::sqlite`
/// and `name::postgres`.
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: TestApp) $body:block)+) => {$(
        mod $name {
            #[allow(clippy::allow_attributes, unused_imports, reason = "a test may need nothing of its module")]
            use super::*;

            $(#[$meta])*
            async fn story($app: $crate::TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                story($crate::TestApp::spawn($crate::Database::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                story($crate::TestApp::spawn($crate::Database::Postgres).await).await;
            }
        }
    )+};
}
