//! Pages that make it hard for a widget, by their styles and by their scripts. `tests/fixtures/pages` has them.

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::json;

use super::assert_unharmed;
use crate::stage::{Stage, click_in_widget, type_in_widget};

const WIDGET: &str = "document.querySelector('sayso-widget').shadowRoot";

struct Visit {
    stage: Stage,
    browser: Browser,
}

impl Visit {
    async fn begin(window: (u32, u32)) -> Self {
        let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
        let browser = Browser::start(Setup { window, ..Setup::default() }).await;
        Self { stage, browser }
    }

    async fn open(&self, page: &str) {
        self.browser.driver.goto(self.stage.company.url(page)).await.unwrap();
        click_in_widget(&self.browser, "[part=launcher]").await;
    }

    /// Somebody complains, from the launcher to the code and back, and the form looks as it should.
    async fn complain(&self, page: &str) {
        self.open(page).await;
        self.browser.find_in_widget("#message").await;
        self.assert_whole(page).await;
        type_in_widget(&self.browser, "#message", "The drawer is stuck.").await;
        click_in_widget(&self.browser, "#send").await;
        let code = self.browser.find_in_widget("#code").await.text().await.unwrap();
        assert!(sayso_shared::TrackingCode::parse(&code).is_ok(), "{page}: {code}");
        let message: String = sayso::with_db!(&self.stage.collector.app.db, pool =>
            sqlx::query_scalar("select message from feedback order by id desc limit 1").fetch_one(pool).await)
        .unwrap();
        assert_eq!(message, "The drawer is stuck.", "{page}");
        self.close(page).await;
        assert_unharmed(&self.browser, page).await;
    }

    /// It is inside of the window, on top of everything, and has its own looks.
    async fn assert_whole(&self, page: &str) {
        // It rises when it opens, and until then it is not where it will be.
        let rests =
            format!("{WIDGET}.querySelector('#panel').getAnimations().every(one => one.playState != 'running')");
        self.browser.wait_for(&format!("the panel on {page} comes to rest"), &rests).await;
        let look = format!(
            "const root = {WIDGET}, panel = root.querySelector('#panel'), {{ left, top, right, bottom }} = panel.getBoundingClientRect();\n\
             const style = css => getComputedStyle(root.querySelector(css));\n\
             const points = [[left + 9, top + 9], [right - 9, bottom - 9], [(left + right) / 2, (top + bottom) / 2]];\n\
             return [left >= 0 && top >= 0 && right <= innerWidth + 1 && bottom <= innerHeight + 1 && right - left > 250 && bottom - top > 200,\n\
               points.every(([x, y]) => document.elementFromPoint(x, y)?.localName == 'sayso-widget'),\n\
               style('#message').fontSize, style('#panel').direction, style('#panel').letterSpacing, style('#panel').textTransform,\n\
               style('#send').backgroundColor, style('#send').color]"
        );
        let whole = self.browser.run(&look).await;
        // The widget speaks the language of the page, which here is written from right to left.
        let direction = if page == "rtl.html" { "rtl" } else { "ltr" };
        let expected =
            json!([true, true, "16px", direction, "normal", "none", "rgb(13, 87, 87)", "rgb(255, 255, 255)"]);
        if whole != expected {
            self.browser.picture(&format!("host-{page}")).await;
        }
        assert_eq!(whole, expected, "the panel on {page}");
    }

    async fn close(&self, page: &str) {
        click_in_widget(&self.browser, "[part=close]").await;
        let back = format!("{WIDGET}.activeElement?.part == 'launcher' && {WIDGET}.querySelector('#panel').hidden");
        self.browser.wait_for(&format!("focus on the launcher of {page}"), &back).await;
    }

    async fn end(self) {
        self.browser.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn styles_of_the_page_do_not_reach_it() {
    let visit = Visit::begin((1280, 900)).await;
    for page in
        ["unset.html", "hidden.html", "loud.html", "transformed.html", "moved-root.html", "rtl.html", "quirks.html"]
    {
        visit.complain(page).await;
    }
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn small_screens_show_all_of_it() {
    // The second is a window of 1,280 by 1,024 pixels at 400 %.
    for window in [(320, 568), (320, 256)] {
        let visit = Visit::begin(window).await;
        // Chromium makes no window as narrow as this, but it can tell pages that it is.
        visit.browser.resize(window).await;
        for page in ["early.html", "loud.html", "rtl.html"] {
            visit.complain(page).await;
        }
        visit.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_of_the_page_do_not_break_it() {
    let visit = Visit::begin((1280, 900)).await;
    for page in ["old-library.html", "zone.html", "watched.html", "frozen.html", "trusted-types.html", "isolated.html"]
    {
        visit.complain(page).await;
    }
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tag_may_come_in_any_way() {
    let visit = Visit::begin((1280, 900)).await;
    for page in ["early.html", "injected.html", "strict.xhtml", "base.html", "twice.html"] {
        visit.complain(page).await;
        let widgets = visit.browser.run("return document.querySelectorAll('sayso-widget').length").await;
        assert_eq!(widgets, json!(1), "{page}");
    }
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_widget_cannot_run_the_frame_comes() {
    let visit = Visit::begin((1280, 900)).await;
    for page in ["broken-fetch.html", "proxied-fetch.html", "no-wasm.html"] {
        visit.open(page).await;
        let frame = visit.browser.find_in_widget("iframe:not([hidden])").await;
        // Sending in the frame adds to the history, as every form does; until then the page has noticed nothing.
        assert_unharmed(&visit.browser, page).await;
        frame.enter_frame().await.unwrap();
        visit.browser.click("label:has(input[value=complaint])").await;
        visit.browser.find("#message").await.send_keys("The drawer is stuck.").await.unwrap();
        visit.browser.click("form button.primary").await;
        visit.browser.find("[data-submitted-code]").await;
        visit.browser.driver.enter_default_frame().await.unwrap();
        visit.close(page).await;
    }
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_worker_may_stand_between() {
    let visit = Visit::begin((1280, 900)).await;
    for (mode, shown) in [("pass", "#message"), ("offline", "iframe:not([hidden]), a.launcher")] {
        let page = format!("worker.html?mode={mode}");
        visit.browser.driver.goto(visit.stage.company.url(&page)).await.unwrap();
        // The one before it stands there until this one has taken its place.
        let there = format!("navigator.serviceWorker.controller?.scriptURL.endsWith('mode={mode}')");
        visit.browser.wait_for("the worker", &there).await;
        visit.open(&page).await;
        visit.browser.find_in_widget(shown).await;
        if mode == "pass" {
            visit.close(&page).await;
        }
        assert_unharmed(&visit.browser, &page).await;
    }
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_no_shortcut() {
    let visit = Visit::begin((1280, 900)).await;
    visit.open("shortcuts.html").await;
    type_in_widget(&visit.browser, "#message", "jk/? g i").await;
    let heard = visit.browser.run("return [...new Set(window.shortcuts)]").await;
    assert_eq!(heard, json!([]), "the page's shortcuts");
    let typed = visit.browser.run(&format!("return {WIDGET}.querySelector('#message').value")).await;
    assert_eq!(typed, json!("jk/? g i"));
    visit.close("shortcuts.html").await;
    // With the dialog closed they are the page's again.
    visit.browser.run("document.activeElement.blur()").await;
    visit.browser.find("body").await.send_keys("j").await.unwrap();
    let heard = visit.browser.run("return window.shortcuts.includes('acted on j')").await;
    assert_eq!(heard, json!(true), "the page's shortcuts after the dialog");
    visit.end().await;
}
