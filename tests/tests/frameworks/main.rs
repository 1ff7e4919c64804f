//! The examples for frameworks, each in its framework: what a stranger copies works. `cargo xtask test frameworks` brings the frameworks
//! and runs this.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod applications;
mod servers;
mod templates;
mod website;
mod wordpress;

use std::path::PathBuf;

use sayso_tests::browser::Browser;

const WIDGET: &str = "document.querySelector('sayso-widget').shadowRoot";

/// The folder with the frameworks, as xtask leaves it.
fn folder() -> PathBuf {
    std::env::var_os("SAYSO_TEST_FRAMEWORKS").expect("`cargo xtask test frameworks` sets it").into()
}

/// Node.js, of the version that the frameworks are tried with.
fn node() -> PathBuf {
    folder().join("node_modules/node/bin/node")
}

/// Where the examples are.
fn examples() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// What the form has as a contact.
async fn email(browser: &Browser) -> serde_json::Value {
    let read = format!("return {WIDGET}.querySelector('#email')?.value ?? null");
    browser.run(&read).await
}
