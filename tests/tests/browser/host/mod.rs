//! The widget and the pages that carry it: neither harms the other.

mod destroy;
mod dialogs;
mod navigation;
mod pages;

use sayso_tests::browser::Browser;
use serde_json::json;

/// The page has noticed nothing but the widget's element and its global.
async fn assert_unharmed(browser: &Browser, page: &str) {
    let changes = browser.run("return window.witness.changes()").await;
    assert_eq!(changes, json!([]), "what {page} notices of the widget");
}
