//! React and Vue: applications that bring the tag by script.

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use sayso_tests::stage::{Stage, click_in_widget, complain_in_widget};
use serde_json::json;

use crate::{WIDGET, email, folder};

/// Somebody signs in, writes, signs out, and leaves.
async fn story(bundle: &str) {
    let script = std::fs::read_to_string(folder().join(bundle)).expect("xtask has bundled it");
    let html = "<!-- Content-Security-Policy: default-src 'none'; script-src 'self' {collector} 'wasm-unsafe-eval'; connect-src {collector} -->\n\
        <!doctype html><title>Acme Home</title><div id=app></div><script type=module src=/app.js></script>";
    let others = [("app".to_owned(), html.to_owned()), ("app.js".to_owned(), script)].into();
    let stage = Stage::open(Database::Sqlite, Page { others, ..Page::default() }, |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    let listen = "window.broken = []; for (const name of ['error', 'unhandledrejection', 'securitypolicyviolation'])\
        addEventListener(name, event => broken.push(event.type + ' ' + (event.message ?? event.reason ?? event.blockedURI)))";
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": listen})).await;
    browser.driver.goto(stage.company.url("app")).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    assert_eq!(browser.run("return document.querySelectorAll('sayso-widget').length").await, json!(1));

    let [complain, sign] = ["button:first-of-type", "button:last-of-type"];
    browser.find(sign).await.click().await.unwrap();
    browser.wait_for("the user", "document.querySelector('button:last-of-type').textContent == 'Sign out'").await;
    browser.find(complain).await.click().await.unwrap();
    browser.wait_for("the kind", &format!("{WIDGET}.querySelector('input[value=complaint]')?.checked")).await;
    click_in_widget(&browser, "#contact").await;
    assert_eq!(email(&browser).await, json!("li.lei@example.com"));
    complain_in_widget(&browser).await;
    assert_eq!(stage.cases().await, 1);

    // What was on the screen goes with the user, code and all.
    click_in_widget(&browser, "[part=close]").await;
    browser.find(sign).await.click().await.unwrap();
    let forgotten = format!("!{WIDGET}.querySelector('#code') && !{WIDGET}.querySelector('#email')?.value");
    browser.wait_for("nobody", &forgotten).await;
    browser.run("leave()").await;
    let left = "return [document.querySelector('sayso-widget, script[src$=\"sayso.js\"]'), 'Sayso' in window, broken]";
    assert_eq!(browser.run(left).await, json!([null, false, []]));
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn react() {
    story("react.bundle.js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vue() {
    story("vue.bundle.js").await;
}
