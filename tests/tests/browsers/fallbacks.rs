//! Where the page's policy refuses WebAssembly there is a frame, and where it refuses that too, a link.

use sayso_shared::TrackingCode;
use sayso_tests::Database;
use sayso_tests::browser::Engine;
use sayso_tests::company::Page;
use sayso_tests::stage::{Stage, click_in_widget};

use super::{in_every_browser, visit};

in_every_browser! {
    async fn without_wasm_the_form_comes_in_a_frame(engine: Engine) {
        let stage = Stage::open(Database::Sqlite, Page::without(" 'wasm-unsafe-eval'"), |_| {}).await;
        let browser = visit(engine, "en-GB", &stage.company.origin).await;
        click_in_widget(&browser, "[part=launcher]").await;
        let frame = browser.find_in_widget("iframe:not([hidden])").await;
        browser.picture(&format!("browsers-{engine}-frame")).await;
        frame.enter_frame().await.unwrap();
        browser.click("label:has(input[name=kind][value=praise])").await;
        browser.find("#message").await.send_keys("The fitter was careful. Thank you!").await.unwrap();
        browser.click("form button.primary").await;
        let code = browser.find("[data-submitted-code]").await.attr("data-submitted-code").await.unwrap().unwrap();
        assert!(TrackingCode::parse(&code).is_ok(), "{code}");
        browser.stop().await;
    }

    async fn without_frames_too_there_is_a_link(engine: Engine) {
        let mut page = Page::without(" 'wasm-unsafe-eval'");
        page.policy = page.policy.replace("frame-src {collector}", "frame-src 'none'");
        let stage = Stage::open(Database::Sqlite, page, |_| {}).await;
        let browser = visit(engine, "en-GB", &stage.company.origin).await;
        click_in_widget(&browser, "[part=launcher]").await;
        browser.wait_for("no frame", "!document.querySelector('sayso-widget').shadowRoot.querySelector('iframe')").await;
        let link = browser.find_in_widget("#fallback a").await;
        let page = format!("{}/s/acme?lang=", stage.collector.url);
        assert!(link.attr("href").await.unwrap().is_some_and(|address| address.starts_with(&page)), "{page}");
        browser.picture(&format!("browsers-{engine}-link")).await;
        browser.stop().await;
    }
}
