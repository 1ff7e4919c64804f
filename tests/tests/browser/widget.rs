//! What the widget promises to visitors and to the pages that carry it.

use reqwest::StatusCode;
use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::json;
use thirtyfour::prelude::*;

use crate::stage::{Stage, click_in_widget, type_in_widget};

async fn open_stage() -> (Stage, Browser) {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    (stage, browser)
}

async fn cases(stage: &Stage) -> i64 {
    sayso::with_db!(&stage.collector.app.db, pool => sqlx::query_scalar("select count(*) from cases").fetch_one(pool).await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loader_costs_the_page_nothing_until_somebody_wants_it() {
    let (_stage, browser) = open_stage().await;
    let fetched =
        browser.run("return performance.getEntriesByType('resource').map(entry => new URL(entry.name).pathname)").await;
    assert_eq!(fetched, json!(["/sayso.js"]), "one request with the page");
    let cookies = browser.driver.get_all_cookies().await.unwrap();
    assert!(cookies.is_empty(), "no cookie");
    let shift = browser.run("return performance.getEntriesByType('layout-shift').length").await;
    assert_eq!(shift, json!(0));
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_typed_in_it_stay_in_it_and_focus_returns() {
    let (_stage, browser) = open_stage().await;
    browser.run("window.heard = 0; for (const name of ['keydown', 'keyup', 'keypress']) document.addEventListener(name, () => heard++)").await;
    browser.find("#help").await.click().await.unwrap();
    browser
        .wait_for(
            "the opener's kind is chosen",
            "document.querySelector('sayso-widget').shadowRoot.querySelector('input[value=complaint]').checked",
        )
        .await;
    type_in_widget(&browser, "#message", "jk/?").await;
    assert_eq!(browser.run("return heard").await, json!(0), "the page's shortcuts hear nothing");
    let field = browser.find_in_widget("#message").await;
    field.send_keys(Key::Escape).await.unwrap();
    browser.wait_for("focus is back", "document.activeElement.id === 'help'").await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_keeps_the_text_and_a_retry_makes_one_case() {
    let (stage, browser) = open_stage().await;
    click_in_widget(&browser, "[part=launcher]").await;
    type_in_widget(&browser, "#message", "The drawer is stuck.").await;
    // The collector stops taking submissions, as it does when it shuts down.
    stage.collector.set_site(&["origins=https://elsewhere.example"]).await;
    click_in_widget(&browser, "#send").await;
    let alert = browser.find_in_widget("[role=alert]").await.text().await.unwrap();
    assert!(!alert.is_empty());
    let typed =
        browser.run("return document.querySelector('sayso-widget').shadowRoot.querySelector('#message').value").await;
    assert_eq!(typed, json!("The drawer is stuck."));
    assert_eq!(cases(&stage).await, 0);
    browser.picture("widget-failure").await;

    // A reload loses nothing either.
    browser.driver.refresh().await.unwrap();
    click_in_widget(&browser, "[part=launcher]").await;
    browser.wait_for("the draft", "document.querySelector('sayso-widget').shadowRoot.querySelector('#message').value === 'The drawer is stuck.'").await;
    stage.collector.set_site(&[&format!("origins={}", stage.company.origin)]).await;
    click_in_widget(&browser, "#send").await;
    let code = browser.find_in_widget("#code").await.text().await.unwrap();
    assert_eq!(cases(&stage).await, 1);
    let status = stage.collector.client().get(&format!("/t/{code}")).await;
    assert_eq!(status.status, StatusCode::OK);
    let kept = browser
        .run("return Object.keys(localStorage).filter(name => (localStorage[name] || '').includes('drawer')).length")
        .await;
    assert_eq!(kept, json!(0), "the draft is gone after success");
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_said_in_place() {
    let (stage, browser) = open_stage().await;
    stage.collector.set_site(&["required=contact"]).await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget("#send").await;
    click_in_widget(&browser, "#send").await;
    browser.find_in_widget("#message_error").await;
    let focused = "document.querySelector('sayso-widget').shadowRoot.activeElement?.id === 'message'";
    browser.wait_for("focus on the first wrong field", focused).await;
    browser.picture("widget-validation").await;
    assert_eq!(cases(&stage).await, 0);
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_that_ends_a_composition_sends_nothing() {
    let (stage, browser) = open_stage().await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget("#message").await.send_keys("送货").await.unwrap();
    click_in_widget(&browser, "#contact").await;
    browser.find_in_widget("#name").await;
    let enter = async |event: &str| {
        let script = format!(
            "const field = document.querySelector('sayso-widget').shadowRoot.querySelector('#name');\
             field.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'Enter', bubbles: true, composed: true, {event} }}));\
             field.form.requestSubmit()"
        );
        browser.run(&script).await
    };
    let sending = "performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('/feedback')).length";
    for composing in ["isComposing: true", "keyCode: 229"] {
        enter(composing).await;
    }
    assert_eq!(browser.run(&format!("return {sending}")).await, json!(0), "Enter while composing sends nothing");
    enter("keyCode: 13").await;
    browser.find_in_widget("#code").await;
    assert_eq!(cases(&stage).await, 1, "Enter sends");
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn destroy_leaves_nothing_behind() {
    let (_stage, browser) = open_stage().await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget("#message").await;
    browser.run("Sayso('destroy')").await;
    let left = browser.run("return [document.querySelector('sayso-widget'), typeof window.Sayso]").await;
    assert_eq!(left, json!([null, "undefined"]));
    browser.find("#help").await.click().await.unwrap();
    assert_eq!(
        browser.run("return document.querySelector('sayso-widget')").await,
        json!(null),
        "its listeners are gone"
    );
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_speaks_the_visitors_language() {
    for (language, word) in [("en-GB", "Feedback"), ("zh-CN", "意见反馈"), ("zh-HK", "意見回饋")] {
        let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
        let browser = Browser::start(Setup { language, window: (375, 720), ..Setup::default() }).await;
        browser.driver.goto(&stage.company.origin).await.unwrap();
        let launcher = browser.find_in_widget("[part=launcher]").await;
        assert_eq!(launcher.text().await.unwrap(), word);
        launcher.click().await.unwrap();
        browser.find_in_widget("#message").await;
        let files = browser
            .run("return performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('.json')).length")
            .await;
        assert_eq!(files, json!(1), "one language file");
        browser.picture(&format!("widget-375-{language}")).await;
        browser.stop().await;
    }
}
