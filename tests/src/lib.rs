//! The harness of the end-to-end tests: a collector on a port of its own, with a database of its own.

mod app;
pub mod browser;
mod client;
pub mod company;
mod database;
pub mod front;
pub mod fuzz;
pub mod identity_provider;
mod imap;
pub mod letters;
mod objects;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod raw;
pub mod real_provider;
mod receiver;
pub mod rooms;
mod round;
pub mod smtp;
pub mod stage;
mod token_provider;

pub use app::{Background, Options, TestApp, write_key};
pub use client::{Answer, Client, MULTIPART, multipart};
pub use database::Database;
pub use imap::{ImapServer, mailbox};
pub use objects::{Away, ObjectStore};
pub use receiver::{Received, WebhookReceiver};
pub use round::Round;
pub use smtp::{Mail, MailServer};
pub use token_provider::TokenProvider;

/// Runs each test on both databases: `on_both_databases! { async fn name(app: TestApp) { .. } }` makes the tests `name::sqlite`
/// and `name::postgres`. With `(database: Database)` the test starts its collector itself.
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: TestApp) $body:block)+) => {
        $crate::on_both_databases! {$(
            $(#[$meta])*
            async fn $name(database: Database) {
                let $app = $crate::TestApp::spawn(database).await;
                $body
            }
        )+}
    };
    ($($(#[$meta:meta])* async fn $name:ident($database:ident: Database) $body:block)+) => {$(
        mod $name {
            #[allow(clippy::allow_attributes, unused_imports, reason = "a test may need nothing of its module")]
            use super::*;

            async fn story($database: $crate::Database) $body

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                story($crate::Database::Sqlite).await;
            }

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                story($crate::Database::Postgres).await;
            }
        }
    )+};
}

/// Asks again and again until the condition holds; fails after two minutes, since machines that build beside are slow.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(50));
    for _ in 0..2_400 {
        ticks.tick().await;
        if condition().await {
            return;
        }
    }
    panic!("waited in vain until {what}");
}
