//! What loads on intent may be missing, broken, slow or blocked: whoever wants to say something always has a way, at once.

use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use sayso_tests::front::Trouble;
use serde_json::json;

use crate::stage::{self, click_in_widget, complain_in_widget};

pub const WIDGET: &str = "document.querySelector('sayso-widget').shadowRoot";

/// A visitor of a company whose collector's downloads go wrong.
pub struct Visit {
    pub scene: stage::Scene,
    pub browser: Browser,
}

impl Visit {
    pub async fn begin(page: Page) -> Self {
        Self { scene: stage::Scene::open(page, |_| {}).await, browser: Browser::start(Setup::default()).await }
    }

    pub async fn open(&self) {
        self.browser.driver.goto(&self.scene.company.origin).await.unwrap();
        self.browser.find_in_widget("[part=launcher]").await;
    }

    /// Opens the panel where neither the module nor the frame comes.
    pub async fn open_link(&self) {
        self.scene.front.spoil("widget.wasm", Trouble::Missing);
        self.scene.front.spoil("/s/acme", Trouble::Page);
        self.open().await;
        click_in_widget(&self.browser, "[part=launcher]").await;
        let link = format!("{WIDGET}.activeElement?.closest('#fallback') && {WIDGET}.activeElement.href");
        assert_eq!(
            self.browser.wait_for("the link", &link).await,
            json!(format!("{}/s/acme?lang=en", self.scene.front.url))
        );
    }

    /// Waits until a file of the widget has come.
    pub async fn wait_for_part(&self, part: &str) {
        let come = format!(
            "performance.getEntriesByType('resource').some(entry => entry.name.endsWith('{part}') && entry.responseEnd)"
        );
        self.browser.wait_for(part, &come).await;
    }

    async fn send_in_frame(&self) {
        self.browser.find_in_widget("iframe:not([hidden])").await.enter_frame().await.unwrap();
        self.browser.find("#message").await.send_keys("The drawer is stuck.").await.unwrap();
        self.submit_in_frame().await;
        self.browser.driver.enter_default_frame().await.unwrap();
    }

    /// Sends, as a complaint, what has been written in the frame.
    pub async fn submit_in_frame(&self) {
        self.browser.click("label:has(input[value=complaint])").await;
        self.browser.click("form button.primary").await;
        self.browser.find("[data-submitted-code]").await;
    }

    /// The launcher has become a link to the entry page, and has the focus.
    async fn assert_link(&self, why: &str) {
        let link =
            format!("{WIDGET}.activeElement?.matches('a.launcher[target=_blank]') && {WIDGET}.activeElement.href");
        assert_eq!(
            self.browser.wait_for(why, &link).await,
            json!(format!("{}/s/acme?lang=en", self.scene.front.url)),
            "{why}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_broken_is_replaced_by_the_frame() {
    let visit = Visit::begin(Page::default()).await;
    for trouble in [Trouble::Missing, Trouble::Cut, Trouble::Page] {
        for part in ["widget.wasm", "en.json"] {
            visit.scene.front.spoil(part, trouble);
            visit.open().await;
            click_in_widget(&visit.browser, "[part=launcher]").await;
            visit
                .browser
                .wait_for(
                    &format!("the frame, with {part} {trouble:?}"),
                    &format!("{WIDGET}.querySelector('iframe:not([hidden])')"),
                )
                .await;
            visit.scene.front.relent();
        }
    }
    visit.send_in_frame().await;
    visit.browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_panel_the_launcher_is_a_link() {
    let visit = Visit::begin(Page::with("data-launcher=tab data-position=left")).await;
    for trouble in [Trouble::Missing, Trouble::Cut, Trouble::Page, Trouble::Silent] {
        visit.scene.front.spoil("panel.js", trouble);
        visit.open().await;
        // The page's own button, too, brings the link into sight.
        visit.browser.click("#help").await;
        visit.assert_link(&format!("{trouble:?}")).await;
        let place = format!(
            "const box = {WIDGET}.querySelector('a[part=launcher]').getBoundingClientRect(); return [box.left, box.width < box.height]"
        );
        assert_eq!(visit.browser.run(&place).await, json!([0, true]), "where and what the launcher was");
        visit.scene.front.relent();
    }
    // What was only slow comes after all, and the launcher is a button again.
    complain_in_widget(&visit.browser).await;
    click_in_widget(&visit.browser, "[part=close]").await;
    visit.browser.find_in_widget("button.launcher").await;
    visit.browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_slow_shows_a_way_at_once_and_then_what_comes_first() {
    let visit = Visit::begin(Page::default()).await;
    let shown = format!(
        "[!{WIDGET}.querySelector('#panel').hidden, {WIDGET}.querySelector('#fallback a')?.href, {WIDGET}.querySelector('[role=status]')?.textContent]"
    );
    // The form comes first.
    visit.scene.front.spoil("widget.wasm", Trouble::Silent);
    visit.open().await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    visit.browser.find_in_widget("#fallback a").await;
    assert_eq!(
        visit.browser.run(&format!("return {shown}")).await,
        json!([true, format!("{}/s/acme?lang=en", visit.scene.front.url), "Loading…"])
    );
    visit.browser.picture("widget-loading").await;
    visit.scene.front.relent();
    visit
        .browser
        .wait_for(
            "the form with the focus",
            &format!("{WIDGET}.activeElement?.matches('form h2') && !{WIDGET}.querySelector('#fallback')"),
        )
        .await;
    complain_in_widget(&visit.browser).await;

    // The frame comes first, and what comes later does not take it away from under somebody's hands.
    visit.scene.front.spoil("widget.wasm", Trouble::Silent);
    visit.browser.devtools("Network.clearBrowserCache", json!({})).await;
    visit.open().await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    visit.browser.find_in_widget("iframe:not([hidden])").await;
    visit.scene.front.relent();
    visit.wait_for_part("widget.wasm").await;
    visit.send_in_frame().await;
    assert_eq!(visit.browser.run(&format!("return {WIDGET}.querySelector('#message')")).await, json!(null));
    visit.browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_while_somebody_hovered_is_tried_again() {
    let visit = Visit::begin(Page::default()).await;
    for part in ["panel.js", "widget.wasm"] {
        visit.scene.front.spoil(part, Trouble::Missing);
        visit.open().await;
        visit.browser.run(&format!("{WIDGET}.querySelector('.launcher').dispatchEvent(new PointerEvent('pointerover', {{ bubbles: true, composed: true }}))")).await;
        let failed = format!("performance.getEntriesByType('resource').some(entry => entry.name.endsWith('{part}'))");
        visit.browser.wait_for(&format!("the failure of {part}"), &failed).await;
        visit.scene.front.relent();
        click_in_widget(&visit.browser, "[part=launcher]").await;
        visit.browser.find_in_widget("#message").await;
    }
    complain_in_widget(&visit.browser).await;
    visit.browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_frame_and_module_there_is_a_link_in_the_panel() {
    let visit = Visit::begin(Page::default()).await;
    visit.open_link().await;
    // Opened once more, it tries once more.
    visit.scene.front.relent();
    click_in_widget(&visit.browser, "[part=close]").await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    complain_in_widget(&visit.browser).await;
    visit.browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blockers_leave_a_way() {
    let visit = Visit::begin(Page::with("data-preload=idle")).await;
    visit.browser.devtools("Network.enable", json!({})).await;
    for (blocked, selector) in
        [("*/assets/*", "a.launcher"), ("*.wasm", "iframe:not([hidden])"), ("*/api/*", "#message")]
    {
        visit.browser.devtools("Network.setBlockedURLs", json!({"urls": [blocked]})).await;
        visit.open().await;
        visit.browser.click("#help").await;
        visit.browser.find_in_widget(selector).await;
    }
    visit.browser.stop().await;
}

/// A page may keep its loader for five minutes, and stay open for days, while the collector is upgraded.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_loader_gets_the_newest_widget() {
    let visit = Visit::begin(Page::default()).await;
    visit.scene.front.spoil("/sayso.js", Trouble::Older);
    visit.open().await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    complain_in_widget(&visit.browser).await;
    let asked =
        "performance.getEntriesByType('resource').some(entry => entry.name.includes('/assets/0000000000000000'))";
    assert_eq!(visit.browser.run(&format!("return {asked}")).await, json!(true), "it asked for files that are no more");
    visit.browser.stop().await;
}
