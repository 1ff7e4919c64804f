//! What a page may say to the widget, and what it hears from it.

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::{Value, json};

use crate::stage::{Stage, click_in_widget, type_in_widget};

const WIDGET: &str = "document.querySelector('sayso-widget').shadowRoot";

/// Keeps every event of the widget as `[name, detail]`.
const HEAR: &str = "window.heard = [];\
    for (const name of ['ready', 'open', 'close', 'submitted', 'error']) {\
      document.addEventListener('sayso:' + name, event => heard.push([name, event.detail]))\
    }";

const STUB: &str = "window.Sayso=window.Sayso||function(){(Sayso.q=Sayso.q||[]).push(arguments)}";

/// A page whose own script runs before the tag has loaded.
async fn open(before: &str) -> (Stage, Browser) {
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Acme Home</title><script>{HEAR}{before}</script>\
         <main><h1>Acme Home</h1><p><button id=other>Other</button></p></main>{{tag}}</html>"
    );
    let page = Page { others: [("page".to_owned(), html)].into(), ..Page::default() };
    let stage = Stage::open(Database::Sqlite, page, |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(stage.company.url("page")).await.unwrap();
    browser.find_in_widget(".launcher").await;
    (stage, browser)
}

async fn heard(browser: &Browser) -> Vec<String> {
    let names = browser.run("return heard.map(([name]) => name)").await;
    serde_json::from_value(names).unwrap()
}

async fn value(browser: &Browser, css: &str) -> Value {
    browser.run(&format!("return {WIDGET}.querySelector({css:?})?.value ?? null")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_before_the_widget_has_come_are_worked_off_in_their_order() {
    let early = format!(
        "{STUB};\
         Sayso('on', 'ready', () => heard.push(['called', null]));\
         Sayso('set', {{ lang: 'zh-Hant', reference: 'A-1', context: {{ cart: 3 }} }});\
         Sayso('identify', {{ name: 'Li Lei', email: 'li.lei@example.com' }});\
         Sayso('set', {{ reference: 'A-2', context: {{ plan: 'gold' }} }});\
         Sayso('open', {{ kind: 'suggestion', message: 'About my order: ' }})"
    );
    let (stage, browser) = open(&early).await;
    browser.wait_for("the message", &format!("{WIDGET}.querySelector('#message')?.value === 'About my order: '")).await;
    assert_eq!(heard(&browser).await[..2], ["ready", "called"], "both hear that it is ready");
    assert_eq!(
        browser.run(&format!("return {WIDGET}.querySelector('input[value=suggestion]').checked")).await,
        json!(true)
    );
    assert_eq!(browser.run("return document.querySelector('sayso-widget').lang").await, json!("zh-Hant"));
    type_in_widget(&browser, "#message", "it is late").await;
    click_in_widget(&browser, "#contact").await;
    assert_eq!(value(&browser, "#email").await, json!("li.lei@example.com"));
    click_in_widget(&browser, "#send").await;
    browser.find_in_widget("#code").await;
    let (message, reference, context): (String, String, String) = sayso::with_db!(&stage.collector.app.db, pool =>
        sqlx::query_as("select message, reference, context from feedback").fetch_one(pool).await)
    .unwrap();
    assert_eq!((message.as_str(), reference.as_str()), ("About my order: it is late", "A-2"));
    let mut context: Value = serde_json::from_str(&context).unwrap();
    assert!(context.as_object_mut().unwrap().remove("viewport").is_some(), "what the widget says of the window");
    assert_eq!(context, json!({"cart": 3, "plan": "gold"}), "what was set is merged");
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_may_call_but_does_not_gets_the_widget_too() {
    let (_stage, browser) = open(STUB).await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget("#message").await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dialog_opens_closes_and_toggles_and_says_so() {
    let (_stage, browser) = open("").await;
    // Nothing happens, and nothing breaks.
    browser.run("Sayso('close'); Sayso('no such command'); Sayso('set'); Sayso('off', 'open', () => {})").await;
    let hidden = async |is: bool| {
        browser.wait_for("the dialog", &format!("({WIDGET}.querySelector('#panel')?.hidden ?? true) === {is}")).await;
    };
    hidden(true).await;
    browser.run("window.once = 0; window.count = () => once++; Sayso('on', 'open', count); Sayso('on', 'sayso:open', count)").await;
    browser.click("#other").await;
    browser.run("Sayso('toggle')").await;
    hidden(false).await;
    browser.find_in_widget("#message").await;
    browser.run("Sayso('toggle')").await;
    hidden(true).await;
    browser.wait_for("focus is back", "document.activeElement.id === 'other'").await;
    browser.run("Sayso('off', 'open', count); Sayso('open', { kind: 'praise' })").await;
    hidden(false).await;
    browser.wait_for("the kind", &format!("{WIDGET}.querySelector('input[value=praise]').checked")).await;
    browser.run("Sayso('open', { kind: 'question', message: 'While it is open' })").await;
    browser.wait_for("the other kind", &format!("{WIDGET}.querySelector('input[value=question]').checked")).await;
    browser.run("Sayso('close'); Sayso('close')").await;
    hidden(true).await;
    assert_eq!(heard(&browser).await, ["ready", "open", "close", "open", "close"]);
    assert_eq!(browser.run("return once").await, json!(1), "one function is one listener, until it is taken off");
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_category_can_be_wished_for() {
    let (stage, browser) = open("").await;
    stage
        .collector
        .set_site(&[
            r#"categories=[{"key":"delivery","label":{"en":"Delivery"}},{"key":"repair","label":{"en":"Repair"}}]"#,
        ])
        .await;
    browser.run("Sayso('open', { kind: 'complaint', category: 'repair', message: 'The drawer is stuck.' })").await;
    browser.find_in_widget("#send").await;
    click_in_widget(&browser, "#details").await;
    browser.wait_for("the category", &format!("{WIDGET}.querySelector('#category')?.value === 'repair'")).await;
    click_in_widget(&browser, "#send").await;
    browser.find_in_widget("#code").await;
    let category: String = sayso::with_db!(&stage.collector.app.db, pool => sqlx::query_scalar("select category from feedback").fetch_one(pool).await).unwrap();
    assert_eq!(category, "repair");
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn submissions_and_errors_are_told_with_their_details() {
    let (stage, browser) = open("").await;
    browser.run("Sayso('open', { kind: 'complaint', message: 'The drawer is stuck.' })").await;
    browser.wait_for("the message", &format!("{WIDGET}.querySelector('#message')?.value")).await;
    // What the widget does not know yet, and the collector refuses.
    let settings = "performance.getEntriesByType('resource').some(entry => entry.name.endsWith('/sites/acme') && entry.responseEnd)";
    browser.wait_for("the site's settings", settings).await;
    stage.collector.set_site(&["required=reference"]).await;
    click_in_widget(&browser, "#send").await;
    let error = browser.wait_for("the error", "heard.find(([name]) => name === 'error')").await;
    assert_eq!(error[1]["status"], json!(422));
    assert!(error[1]["type"].as_str().is_some_and(|kind| !kind.is_empty()), "{error}");
    stage.collector.set_site(&["required="]).await;
    click_in_widget(&browser, "#send").await;
    let submitted = browser.wait_for("the submission", "heard.find(([name]) => name === 'submitted')").await;
    let code = submitted[1]["code"].as_str().unwrap();
    assert!(sayso_shared::TrackingCode::parse(code).is_ok(), "{submitted}");
    assert_eq!(submitted[1]["status_url"], json!(format!("{}/t/{code}", stage.collector.url)));
    assert_eq!(submitted[1]["kind"], json!("complaint"));
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_out_takes_everything_along() {
    let (_stage, browser) = open("").await;
    browser.run("Sayso('identify', { name: 'Li Lei', email: 'li.lei@example.com' }); Sayso('open')").await;
    type_in_widget(&browser, "#message", "A secret of mine.").await;
    click_in_widget(&browser, "#contact").await;
    assert_eq!(value(&browser, "#name").await, json!("Li Lei"));
    browser.run("Sayso('identify', null)").await;
    browser.wait_for("an empty form", &format!("{WIDGET}.querySelector('#message').value === ''")).await;
    let kept = browser.run("return JSON.stringify(localStorage) + JSON.stringify(sessionStorage)").await;
    assert!(!kept.to_string().contains("secret") && !kept.to_string().contains("li.lei"), "{kept}");
    browser.driver.refresh().await.unwrap();
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget("#message").await;
    assert_eq!(value(&browser, "#message").await, json!(""));
    browser.stop().await;
}

/// What loads before somebody wants it, by the tag's word and the browser's.
#[tokio::test(flavor = "multi_thread")]
async fn the_widget_loads_when_the_page_wants_it_to() {
    let save_data = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })";
    let hover = format!(
        "{WIDGET}.querySelector('.launcher').dispatchEvent(new PointerEvent('pointerover', {{ bubbles: true, composed: true }}))"
    );
    let focus = format!("{WIDGET}.querySelector('.launcher').focus()");
    let cases = [
        ("idle", "", "", true),
        ("idle", save_data, "", false),
        ("hover", "", "", false),
        ("hover", "", hover.as_str(), true),
        ("hover", "", focus.as_str(), true),
        ("none", "", hover.as_str(), false),
        ("none", "", "Sayso('open')", true),
    ];
    let path = |preload: &str, before: &str| format!("{preload}{}", before.len());
    let others = cases.iter().map(|(preload, before, ..)| {
        let html = format!(
            "<!doctype html><title>Acme Home</title><script>{before}</script>\
             <script src={{collector}}/sayso.js data-site=acme data-preload={preload}></script>"
        );
        (path(preload, before), html)
    });
    let page = Page { others: others.collect(), ..Page::default() };
    let stage = Stage::open(Database::Sqlite, page, |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    let idle =
        "const done = arguments[arguments.length - 1]; requestIdleCallback(() => requestIdleCallback(() => done(1)))";
    let asked = "performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('.wasm')).length";
    for (preload, before, intent, loads) in cases {
        let what = format!("preload {preload}, {before}, {intent}");
        browser.driver.goto(stage.company.url(&path(preload, before))).await.unwrap();
        browser.find_in_widget(".launcher").await;
        // Once the browser has been idle, whoever waited for that has begun.
        browser.driver.execute_async(idle, vec![]).await.unwrap();
        browser.run(intent).await;
        if loads {
            browser.wait_for(&what, asked).await;
        } else {
            browser.driver.execute_async(idle, vec![]).await.unwrap();
            assert_eq!(browser.run(&format!("return {asked}")).await, json!(0), "{what}");
        }
    }
    browser.stop().await;
}
