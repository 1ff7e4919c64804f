//! The page of an app in its web view: an origin that is no website's, no storage unless the app has asked for it, and nothing that opens a window.

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::{EXAMPLE, Page};
use serde_json::json;

use crate::stage::{Stage, click_in_widget, complain_in_widget};

/// As an Android web view is by itself: no storage of any kind, no picture of the page, no window beside this one.
const BARE: &str = "for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches', 'BroadcastChannel'])\
      Object.defineProperty(window, name, { value: null });\
    Object.defineProperty(navigator, 'mediaDevices', { value: undefined });\
    window.open = () => null;\
    window.broken = [];\
    for (const name of ['error', 'unhandledrejection', 'securitypolicyviolation'])\
      addEventListener(name, event => broken.push(String(event.reason || event.message || event.blockedURI)))";

#[tokio::test(flavor = "multi_thread")]
async fn the_form_works_in_an_app_without_storage_and_with_an_origin_of_its_own() {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    let app = tempfile::tempdir().unwrap();
    let page = include_str!("../../../examples/web-view/index.html").replace(EXAMPLE, &stage.collector.url);
    let path = app.path().join("index.html");
    std::fs::write(&path, page).unwrap();
    let browser = Browser::start(Setup { window: (390, 844), ..Setup::default() }).await;
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": BARE})).await;
    let url = format!("file://{}", path.display());

    // Until the site lists the app it is told so, and has a link.
    browser.driver.goto(&url).await.unwrap();
    browser.wait_for("the tag", "document.querySelector('sayso-widget')").await;
    browser.click("[data-sayso-open]").await;
    browser.find_in_widget("#fallback a").await;

    stage.collector.set_site(&["origins+=file://"]).await;
    browser.driver.goto(&url).await.unwrap();
    browser.wait_for("the tag", "document.querySelector('sayso-widget')").await;
    browser.click("[data-sayso-open]").await;
    complain_in_widget(&browser).await;
    click_in_widget(&browser, "#again").await;
    click_in_widget(&browser, "#mine").await;
    browser.find_in_widget("#enter-code").await;
    assert_eq!(browser.run("return broken").await, json!([]));
    assert_eq!(stage.cases().await, 1);
    browser.stop().await;
}
