//! `Sayso('destroy')` leaves nothing behind: a page that keeps an account of everything is owed nothing afterwards.

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::json;

use super::assert_unharmed;
use crate::stage::{Stage, click_in_widget, type_in_widget};

/// Brings the tag, as a tag manager does, and takes it away when it has done its work.
async fn load(stage: &Stage, browser: &Browser) {
    let bring = format!(
        "const tag = Object.assign(document.createElement('script'), {{ src: '{}/sayso.js' }});\
         tag.dataset.site = 'acme';\
         document.head.append(tag);\
         tag.remove()",
        stage.collector.url
    );
    browser.run(&bring).await;
    browser.wait_for("the widget", "window.Sayso && document.querySelector('sayso-widget')").await;
}

async fn assert_gone(browser: &Browser, after: &str) {
    browser.wait_for(&format!("the end of everything after {after}"), "window.owed().length === 0").await;
    let left = browser.run("return [document.querySelector('sayso-widget'), 'Sayso' in window]").await;
    assert_eq!(left, json!([null, false]), "after {after}");
    assert_unharmed(browser, after).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_behind() {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(stage.company.url("leak.html")).await.unwrap();

    load(&stage, &browser).await;
    let owed = browser.run("return window.owed().length").await;
    assert_ne!(owed, json!(0), "the account sees what the loader adds");
    browser.run("Sayso('on', 'open', () => {}); Sayso('destroy')").await;
    assert_gone(&browser, "the loader alone").await;

    // While everything is on its way.
    load(&stage, &browser).await;
    browser.run("Sayso('open'); Sayso('destroy')").await;
    assert_gone(&browser, "an opening that was broken off").await;

    // After the whole story, with timers of its own.
    load(&stage, &browser).await;
    click_in_widget(&browser, "[part=launcher]").await;
    type_in_widget(&browser, "#message", "The drawer is stuck.").await;
    click_in_widget(&browser, "#send").await;
    browser.find_in_widget("#code").await;
    click_in_widget(&browser, "#copy").await;
    browser.run("Sayso('destroy')").await;
    assert_gone(&browser, "the whole story").await;

    // Its openers are ordinary elements again, and it can come back.
    browser.click("#help").await;
    assert_eq!(browser.run("return document.querySelector('sayso-widget')").await, json!(null));
    load(&stage, &browser).await;
    browser.click("#help").await;
    type_in_widget(&browser, "#message", "It is stuck again.").await;
    click_in_widget(&browser, "#send").await;
    browser.find_in_widget("#code").await;
    browser.stop().await;
}
