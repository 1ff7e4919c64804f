//! The packages for npm, and the examples for frameworks, each in its framework: what a stranger installs and copies works.
//! `cargo xtask test frameworks` brings the frameworks and runs this.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod applications;
mod packages;
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

/// Writes in the form that is in `<sayso-feedback>`, sends it, and gives the code.
async fn complain_in_page(browser: &Browser) -> String {
    let form = "document.querySelector('sayso-feedback').shadowRoot?.querySelector('div')?.shadowRoot";
    browser.run("document.querySelector('sayso-feedback').scrollIntoView()").await;
    browser.wait_for("the form", &format!("{form}?.querySelector('#send')")).await;
    let write = format!(
        "const form = {form}, field = form.querySelector('#message'); field.value = 'The drawer is stuck.';\
         field.dispatchEvent(new Event('input', {{ bubbles: true }}));\
         if (!form.querySelector('[name=kind]:checked')) form.querySelector('[name=kind]').click(); form.querySelector('#send').click()"
    );
    browser.run(&write).await;
    let code = browser.wait_for("the code", &format!("{form}?.querySelector('#code')?.textContent")).await;
    let code = code.as_str().unwrap().to_owned();
    assert!(sayso_shared::TrackingCode::parse(&code).is_ok(), "{code}");
    code
}
