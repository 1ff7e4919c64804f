//! Pages that change their address or their body without being loaded again, and pages that come back.

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::json;

use crate::stage::{Stage, click_in_widget, type_in_widget};

const WIDGET: &str = "document.querySelector('sayso-widget').shadowRoot";
const MESSAGE: &str = "document.querySelector('sayso-widget').shadowRoot.querySelector('#message').value";

async fn begin() -> (Stage, Browser) {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(stage.company.url("navigation.html")).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    (stage, browser)
}

/// What Turbo and its like do: a new body, the same document.
const NEW_BODY: &str = "const body = document.createElement('body');\
    body.append(Object.assign(document.createElement('a'), { id: 'other', href: '/other', textContent: 'Tell us' }));\
    body.firstChild.dataset.saysoOpen = 'praise';\
    history.pushState({}, '', '/somewhere/else');\
    document.title = 'Somewhere else';\
    document.documentElement.replaceChild(body, document.body)";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_body_and_a_new_address_need_no_help() {
    let (stage, browser) = begin().await;
    browser.click("#help").await;
    type_in_widget(&browser, "#message", "The drawer is stuck.").await;
    browser.run(NEW_BODY).await;
    assert_eq!(browser.run(&format!("return {MESSAGE}")).await, json!("The drawer is stuck."), "it stays open");
    // The opener has gone with the old body, so the focus goes to the launcher.
    click_in_widget(&browser, "[part=close]").await;
    browser.wait_for("focus on the launcher", &format!("{WIDGET}.activeElement?.part == 'launcher'")).await;
    browser.click("#other").await;
    browser.wait_for("the kind", &format!("{WIDGET}.querySelector('input[value=praise]').checked")).await;
    assert_eq!(browser.run("return location.pathname").await, json!("/somewhere/else"), "the link was not followed");
    click_in_widget(&browser, "#send").await;
    browser.find_in_widget("#code").await;
    let page: (String, String) = sayso::with_db!(&stage.collector.app.db, pool =>
        sqlx::query_as("select page_url, page_title from feedback").fetch_one(pool).await)
    .unwrap();
    assert_eq!(
        page,
        (stage.company.url("somewhere/else"), "Somewhere else".to_owned()),
        "where the visitor was when sending"
    );
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_widget_that_was_removed_comes_back_with_the_next_movement() {
    let (_stage, browser) = begin().await;
    // Frameworks that own the whole document remove what they did not make.
    let lose = async || {
        browser.run("document.querySelector('sayso-widget').remove()").await;
        browser.click("h1").await;
        browser.wait_for("the widget", "document.querySelector('sayso-widget')").await;
    };
    lose().await;
    click_in_widget(&browser, "[part=launcher]").await;
    type_in_widget(&browser, "#message", "The drawer").await;
    lose().await;
    type_in_widget(&browser, "#message", " is stuck.").await;
    assert_eq!(
        browser.run(&format!("return {MESSAGE}")).await,
        json!("The drawer is stuck."),
        "the words are still there"
    );
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn going_back_brings_the_page_with_its_words() {
    let (stage, browser) = begin().await;
    browser.run("addEventListener('pageshow', event => window.kept = event.persisted)").await;
    click_in_widget(&browser, "[part=launcher]").await;
    type_in_widget(&browser, "#message", "The drawer is stuck.").await;
    browser.driver.goto(stage.company.url("early.html")).await.unwrap();
    browser.driver.back().await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    // The browser may have kept the page as it was; the widget must be no reason against it.
    let reasons = browser
        .run("return JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons ?? null)")
        .await;
    assert!(!reasons.to_string().contains("unload"), "{reasons}");
    if browser.run(&format!("return {WIDGET}.querySelector('#panel')?.hidden ?? true")).await == json!(true) {
        click_in_widget(&browser, "[part=launcher]").await;
    }
    browser.wait_for("the words", &format!("{MESSAGE} === 'The drawer is stuck.'")).await;
    click_in_widget(&browser, "#send").await;
    browser.find_in_widget("#code").await;
    browser.stop().await;
}
