//! A page with dialogs of its own, which want the focus, the pointer and the wheel for themselves.

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::json;

use super::assert_unharmed;
use crate::stage::{Stage, click_in_widget, type_in_widget};

const WIDGET: &str = "document.querySelector('sayso-widget').shadowRoot";

#[tokio::test(flavor = "multi_thread")]
async fn it_opens_over_the_pages_own_dialogs_and_leaves_them_open() {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(stage.company.url("modal.html")).await.unwrap();
    for (open, close, opener) in [
        ("document.querySelector('#native').showModal()", "document.querySelector('#native').close()", "from-native"),
        (
            "document.querySelector('#veil').hidden = false",
            "document.querySelector('#veil').hidden = true",
            "from-veil",
        ),
    ] {
        browser.find_in_widget("[part=launcher]").await;
        browser.run(open).await;
        browser.click(&format!("#{opener}")).await;
        browser.find_in_widget("#message").await.click().await.unwrap();
        type_in_widget(&browser, "#message", "Where is my order?").await;
        let focused = browser.run(&format!("return {WIDGET}.activeElement?.localName")).await;
        assert_eq!(focused, json!("textarea"), "the focus stays, opened by {opener}");
        let wheel = format!(
            "const event = new WheelEvent('wheel', {{ bubbles: true, composed: true, cancelable: true, deltaY: 9 }});\
             return {WIDGET}.querySelector('#message').dispatchEvent(event)"
        );
        assert_eq!(browser.run(&wheel).await, json!(true), "it scrolls, opened by {opener}");
        click_in_widget(&browser, "[part=close]").await;
        browser.wait_for("focus is back", &format!("document.activeElement.id === {opener:?}")).await;
        let still = "return document.querySelector('#native').open || !document.querySelector('#veil').hidden";
        assert_eq!(browser.run(still).await, json!(true), "the page's dialog is still open, opened by {opener}");
        browser.run(close).await;
    }
    assert_unharmed(&browser, "modal.html").await;
    browser.stop().await;
}
