//! What docs/embedding.md and the examples say works when it is copied: every block and page runs as it stands, with the address of
//! a collector in the place of `https://feedback.example.com`.

use std::collections::BTreeMap;

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::json;

use crate::inline;
use crate::stage::{Stage, click_in_widget, complain_in_widget};

const EMBEDDING: &str = include_str!("../../../docs/embedding.md");
const README: &str = include_str!("../../../README.md");
const WIDGET: &str = "document.querySelector('sayso-widget').shadowRoot";

/// The blocks of a language in a text.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<(String, usize)> = None;
    for line in text.lines() {
        let trimmed = line.trim_start();
        match &mut open {
            None if trimmed == format!("```{language}") => open = Some((String::new(), line.len() - trimmed.len())),
            None => {}
            Some(_) if trimmed == "```" => found.extend(open.take().map(|(block, _)| block)),
            Some((block, indent)) => {
                block.push_str(line.get(*indent..).unwrap_or_default());
                block.push('\n');
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_block_of_html_makes_a_page_that_works() {
    let html = blocks(EMBEDDING, "html");
    assert!(html.len() >= 6, "the documentation has examples");
    let pages: BTreeMap<String, String> = html
        .iter()
        .enumerate()
        .map(|(number, block)| (format!("block{number}"), format!("<!doctype html><title>Acme Home</title>\n{block}")))
        .collect();
    let stage = Stage::open(Database::Sqlite, Page { others: pages.clone(), ..Page::default() }, |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    let listen = "window.broken = [];\
        for (const name of ['error', 'unhandledrejection', 'securitypolicyviolation']) addEventListener(name, event => broken.push(name))";
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": listen})).await;
    for (path, block) in &pages {
        browser.driver.goto(stage.company.url(path)).await.unwrap();
        browser.find_in_widget(".launcher").await;
        if block.contains("<sayso-feedback") {
            inline::complain(&browser, "sayso-feedback").await;
            assert_eq!(browser.run("return broken").await, json!([]), "{block}");
            continue;
        }
        if block.contains("data-launcher=\"none\"") {
            browser.click("[data-sayso-open]").await;
        } else {
            click_in_widget(&browser, "[part=launcher]").await;
        }
        complain_in_widget(&browser).await;
        assert_eq!(browser.run("return broken").await, json!([]), "{block}");
        if block.contains("::part(launcher)") {
            let radius = format!("return getComputedStyle({WIDGET}.querySelector('[part=launcher]')).borderRadius");
            assert_eq!(browser.run(&radius).await, json!("4px"), "{block}");
        }
    }
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_block_of_script_runs() {
    let mine = |block: &String| block.contains("Sayso(") || block.contains("sayso:");
    let scripts: Vec<String> = [EMBEDDING, README].iter().flat_map(|text| blocks(text, "js")).filter(mine).collect();
    assert!(scripts.len() >= 3, "the documentation has examples");
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    for script in scripts {
        browser.driver.goto(&stage.company.origin).await.unwrap();
        browser.find_in_widget(".launcher").await;
        // An error in it fails the test.
        browser.run(&script).await;
    }
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_pages_work() {
    let snippet = include_str!("../../../examples/tag-manager/snippet.html");
    let others = [("tag-manager".to_owned(), format!("<!doctype html><title>Acme Home</title>{snippet}"))].into();
    let stage = Stage::open(Database::Sqlite, Page { others, ..Page::default() }, |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    for page in
        ["examples/plain-page/index.html", "examples/javascript/index.html", "examples/turbo/index.html", "tag-manager"]
    {
        browser.driver.goto(stage.company.url(page)).await.unwrap();
        click_in_widget(&browser, "[part=launcher]").await;
        complain_in_widget(&browser).await;
        click_in_widget(&browser, "[part=close]").await;
    }

    // The library of the new body: the widget stays, and the new body's link opens it.
    browser.driver.goto(stage.company.url("examples/turbo/index.html")).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    browser
        .run("visit('/orders', '<title>Orders</title><a id=other href=/nowhere data-sayso-open=praise>Thanks</a>')")
        .await;
    browser.click("#other").await;
    browser.wait_for("the kind", &format!("{WIDGET}.querySelector('input[value=praise]')?.checked")).await;

    // The application that takes it away again.
    browser.driver.goto(stage.company.url("examples/javascript/index.html")).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    browser.click("button:last-of-type").await;
    let left = "return [document.querySelector('sayso-widget, script[src]'), 'Sayso' in window]";
    assert_eq!(browser.run(left).await, json!([null, false]));
    browser.stop().await;
}
