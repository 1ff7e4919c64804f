//! The main story in browsers other than Chromium, in which `tests/browser` tries everything. `cargo xtask test browsers` runs it,
//! and tries Chromium by the same functions as well.
//!
//! Pictures of what was seen are left in `target/pictures`, for people to look at.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod fallbacks;
mod story;

use sayso_tests::browser::{Browser, Engine, Setup};

/// Makes a test of each function for each browser: `story::english::firefox`.
macro_rules! in_every_browser {
    ($($(#[$meta:meta])* async fn $name:ident($engine:ident: Engine) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn story($engine: Engine) $body

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread")]
            async fn chromium() {
                story(Engine::Chromium).await;
            }

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread")]
            async fn firefox() {
                story(Engine::Firefox).await;
            }

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread")]
            async fn webkit() {
                story(Engine::WebKit).await;
            }
        }
    )+};
}
use in_every_browser;

/// A browser with a page open in it.
async fn visit(engine: Engine, language: &str, address: &str) -> Browser {
    let browser = Browser::start(Setup { engine, language, ..Setup::default() }).await;
    browser.driver.goto(address).await.unwrap();
    browser
}
