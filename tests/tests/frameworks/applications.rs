//! Applications in browsers that bring the widget by script, in React, Vue, Svelte and Angular, and pages that Astro makes of files.

use std::collections::BTreeMap;
use std::path::Path;

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use sayso_tests::stage::{Stage, click_in_widget, complain_in_widget};
use serde_json::json;

use crate::{WIDGET, complain_in_page, email, folder};

const POLICY: &str = "<!-- Content-Security-Policy: default-src 'none'; script-src 'self' {collector} 'wasm-unsafe-eval'; connect-src {collector} -->\n";

/// An application that is one script, as a bundler made it.
fn bundled(script: &str) -> BTreeMap<String, String> {
    let script = std::fs::read_to_string(folder().join(script)).expect("xtask has bundled it");
    let html = "<!doctype html><title>Acme Home</title><div id=app></div><script type=module src=/app.js></script>";
    [("app".to_owned(), format!("{POLICY}{html}")), ("app.js".to_owned(), script)].into()
}

/// The files of an application, as its framework built them.
fn built(name: &str) -> BTreeMap<String, String> {
    let root = folder().join("applications").join(name).join("dist");
    let mut files = BTreeMap::new();
    collect(&root, &root, &mut files);
    let index = files.remove("index.html").expect("xtask has built it");
    files.insert("app".to_owned(), index);
    files
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("xtask has built it") {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            files.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Under the policy of the others, which needs no exception for any of them.
fn built_strictly(name: &str) -> BTreeMap<String, String> {
    let mut files = built(name);
    files.entry("app".to_owned()).and_modify(|html| html.insert_str(0, POLICY));
    files
}

/// The application in a browser that notes what breaks.
async fn open(files: BTreeMap<String, String>) -> (Stage, Browser) {
    let stage = Stage::open(Database::Sqlite, Page { others: files, ..Page::default() }, |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    let listen = "window.broken = []; for (const name of ['error', 'unhandledrejection', 'securitypolicyviolation'])\
        addEventListener(name, event => broken.push(event.type + ' ' + (event.message ?? event.reason ?? event.blockedURI)))";
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": listen})).await;
    browser.driver.goto(stage.company.url("app")).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    let loaded = "return [document.querySelectorAll('sayso-widget').length,\
        performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/sayso.js')).length]";
    assert_eq!(browser.run(loaded).await, json!([1, 1]), "it comes once");
    (stage, browser)
}

/// Somebody signs in, writes, signs out, and leaves.
async fn story(files: BTreeMap<String, String>) {
    let (stage, browser) = open(files).await;
    let [complain, sign] = ["button:first-of-type", "button:last-of-type"];
    browser.click(sign).await;
    browser.wait_for("the user", "document.querySelector('button:last-of-type').textContent == 'Sign out'").await;
    browser.click(complain).await;
    browser.wait_for("the kind", &format!("{WIDGET}.querySelector('input[value=complaint]')?.checked")).await;
    click_in_widget(&browser, "#contact").await;
    assert_eq!(email(&browser).await, json!("li.lei@example.com"));
    let code = complain_in_widget(&browser).await;
    assert_eq!(stage.cases().await, 1);
    let thanks = format!("document.querySelector('[role=status]').textContent === 'Thank you: {code}'");
    browser.wait_for("the page's own thanks", &thanks).await;
    let heard = browser.run("return window.heard ?? ['sayso:submitted']").await;
    assert_eq!(heard, json!(["sayso:submitted"]), "whoever listens hears it once");

    // What was on the screen goes with the user, code and all.
    click_in_widget(&browser, "[part=close]").await;
    browser.click(sign).await;
    let forgotten = format!("!{WIDGET}.querySelector('#code') && !{WIDGET}.querySelector('#email')?.value");
    browser.wait_for("nobody", &forgotten).await;
    browser.click("button:nth-of-type(2)").await;
    browser.wait_for("the question", &format!("{WIDGET}.querySelector('input[value=question]')?.checked")).await;
    browser.run("leave()").await;
    let left = "return [document.querySelector('sayso-widget, script[src$=\"sayso.js\"]'), 'Sayso' in window, broken]";
    assert_eq!(browser.run(left).await, json!([null, false, []]));
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn react() {
    story(bundled("react.bundle.js")).await;
}

/// The oldest that the package is for.
#[tokio::test(flavor = "multi_thread")]
async fn react_18() {
    story(bundled("react-18.bundle.js")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vue() {
    story(built_strictly("vue")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn svelte() {
    story(built_strictly("svelte")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn angular() {
    story(built_strictly("angular")).await;
}

/// A page of files, with the form in it and a script that a framework put together.
#[tokio::test(flavor = "multi_thread")]
async fn astro() {
    let (stage, browser) = open(built("astro")).await;
    let code = complain_in_page(&browser).await;
    let thanks = format!("document.querySelector('#thanks').textContent === 'Thank you: {code}'");
    browser.wait_for("the page's own thanks", &thanks).await;
    assert_eq!(stage.cases().await, 1);
    assert_eq!(browser.run("return broken").await, json!([]));
    browser.stop().await;
}
