//! Where the page's policy refuses something, the visitor still gets a form, or at least a link to one.

use sayso_tests::Database;
use sayso_tests::browser::{Browser, PATIENCE, Setup};
use sayso_tests::company::Page;

use serde_json::json;

use crate::stage::{Stage, click_in_widget};

#[tokio::test(flavor = "multi_thread")]
async fn without_wasm_the_form_comes_in_a_frame() {
    let stage = Stage::open(Database::Sqlite, Page::without(" 'wasm-unsafe-eval'"), |_| {}).await;
    let browser = Browser::start(Setup { language: "zh-TW", ..Setup::default() }).await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    click_in_widget(&browser, "[part=launcher]").await;
    let frame = browser.find_in_widget("iframe:not([hidden])").await;
    browser.picture("fallback-frame").await;
    frame.enter_frame().await.unwrap();
    browser.click("label:has(input[name=kind][value=praise])").await;
    browser.find("#message").await.send_keys("師傅很細心，謝謝！").await.unwrap();
    browser.click("form button.primary").await;
    let code = browser.find("[data-submitted-code]").await.attr("data-submitted-code").await.unwrap().unwrap();
    assert!(sayso_shared::TrackingCode::parse(&code).is_ok(), "{code}");
    browser.picture("fallback-frame-thanks").await;
    browser.stop().await;
}

/// Whatever the visitor's system likes, and whatever the site's own colour is.
#[tokio::test(flavor = "multi_thread")]
async fn the_frame_looks_as_the_page_says_and_is_for_what_was_pressed() {
    let page =
        Page { attributes: "data-theme=dark data-accent=gold".to_owned(), ..Page::without(" 'wasm-unsafe-eval'") };
    let stage = Stage::open(Database::Sqlite, page, |_| {}).await;
    stage.collector.set_site(&["theme.accent=#0f766e"]).await;
    let browser = Browser::start(Setup { window: (375, 700), ..Setup::default() }).await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    browser.click("#help").await;
    let frame = browser.find_in_widget("iframe:not([hidden])").await;
    let above = "const root = document.querySelector('sayso-widget').shadowRoot;\
        return root.querySelector('#close').getBoundingClientRect().bottom <= root.querySelector('iframe').getBoundingClientRect().top + 1";
    assert_eq!(browser.run(above).await, json!(true), "the button to close it covers nothing in the frame");
    browser.picture("fallback-frame-dark").await;
    frame.enter_frame().await.unwrap();
    let looks = "[getComputedStyle(document.documentElement).colorScheme, document.querySelector('[name=kind]:checked')?.value,\
        getComputedStyle(document.querySelector('form button.primary')).backgroundColor]";
    let expected = json!(["dark", "complaint", "rgb(255, 215, 0)"]);
    assert_eq!(browser.run(&format!("return {looks}")).await, expected);
    // From page to page.
    browser.find("#message").await.send_keys("The drawer is stuck.").await.unwrap();
    browser.click("form button.primary").await;
    browser.find("[data-submitted-code]").await;
    let dark = "getComputedStyle(document.documentElement).colorScheme === 'dark' && document.querySelector('link[href*=\"accent=ffd700\"]') !== null";
    assert_eq!(browser.run(&format!("return {dark}")).await, json!(true));
    browser.picture("fallback-frame-dark-thanks").await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_frames_too_there_is_a_link() {
    let mut page = Page::without(" 'wasm-unsafe-eval'");
    page.policy = page.policy.replace("frame-src {collector}", "frame-src 'none'");
    let stage = Stage::open(Database::Sqlite, page, |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    click_in_widget(&browser, "[part=launcher]").await;
    browser.wait_for("no frame", "!document.querySelector('sayso-widget').shadowRoot.querySelector('iframe')").await;
    let link = browser.find_in_widget("#fallback a").await;
    assert_eq!(link.attr("href").await.unwrap().unwrap(), format!("{}/s/acme?lang=en", stage.collector.url));
    browser.picture("fallback-link").await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_entry_page_works_without_script() {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    let setup = Setup { arguments: &["--blink-settings=scriptEnabled=false"], ..Setup::default() };
    let browser = Browser::start(setup).await;
    // Without script nothing in the page can wait for what comes next, so the driver does.
    browser.driver.set_implicit_wait_timeout(PATIENCE).await.unwrap();
    browser.driver.goto(format!("{}/s/acme", stage.collector.url)).await.unwrap();
    // WebDriver's own finding works without the page's script.
    use thirtyfour::By;
    let find = async |css: &'static str| browser.driver.find(By::Css(css)).await.unwrap();
    find("label:has(input[name=kind][value=complaint])").await.click().await.unwrap();
    find("#message").await.send_keys("The shelf is still missing.").await.unwrap();
    find("form button.primary").await.click().await.unwrap();
    let code = find(".code-value").await.text().await.unwrap();
    assert!(sayso_shared::TrackingCode::parse(&code).is_ok(), "{code}");
    browser.stop().await;
}
