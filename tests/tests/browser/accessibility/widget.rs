//! The widget in every state that it can be in.

use sayso_tests::browser::PATIENCE;
use sayso_tests::company::Page;
use sayso_tests::front::Trouble;
use serde_json::{Value, json};

use super::{CHINESE_DARK, DARK, ENGLISH_LIGHT, Inspector, System, TAIWANESE_LIGHT};
use crate::pictures;
use crate::stage::{Scene, click_in_widget, type_in_widget};

const ENGLISH_DARK: System = ("en-GB", "dark", DARK);

/// The widget's elements that take clicks or keys and are not big enough, and what scrolls sideways.
const MEASURE: &str = "const root = document.querySelector('sayso-widget').shadowRoot;\
    const seen = element => element.getClientRects().length && getComputedStyle(element).visibility == 'visible';\
    const all = [...root.querySelectorAll('a[href], button, input, select, textarea')].filter(seen);\
    const small = all.filter(element => { const { width, height } = element.getBoundingClientRect(); return width < 24 || height < 24 });\
    const wide = [document.documentElement, ...root.querySelectorAll('#panel, #panel *')].filter(element => seen(element)\
      && element.scrollWidth > element.clientWidth + 1 && !['visible', 'clip'].includes(getComputedStyle(element).overflowX) && getComputedStyle(element).position != 'absolute');\
    const name = element => element.outerHTML.slice(0, 120);\
    return [small.map(name), wide.map(name)]";

impl Inspector {
    /// No barrier, no target below 24 pixels, nothing that scrolls sideways.
    async fn measure(&mut self, what: &str) {
        self.look(what).await;
        let language = &self.language[..2];
        pictures::keep(&self.browser, &format!("{language}-{}-{what}", self.looks)).await;
        let measured: Value = self.browser.run(MEASURE).await;
        assert_eq!(measured, json!([[], []]), "small targets and sideways scrolling: {what}");
    }

    async fn begin(&mut self, scene: &Scene, path: &str) {
        self.browser.driver.goto(scene.company.url(path)).await.unwrap();
        self.browser.find_in_widget(".launcher").await;
    }
}

/// Pages with launchers of other looks.
fn launchers() -> Page {
    let page = |attributes: &str| {
        format!(
            "<!doctype html><html lang=it><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>Acme Home</title>\
             <main><h1>Acme Home</h1></main><script async src=\"{{collector}}/sayso.js\" data-site=acme {attributes}></script></html>"
        )
    };
    let looks = ["bubble", "tab", "text"].map(|look| (look.to_owned(), page(&format!("data-launcher={look}"))));
    let no_wasm = "<!-- Content-Security-Policy: script-src 'self' {collector}; connect-src {collector}; frame-src {collector} -->\n";
    let others = [
        ("left".to_owned(), page("data-launcher=tab data-position=left data-accent=#ffd400 data-offset=8")),
        ("frame".to_owned(), format!("{no_wasm}{}", page(""))),
        ("link".to_owned(), format!("{no_wasm}{}", page("")).replace("frame-src {collector}", "frame-src 'none'")),
    ];
    // Where nothing is kept unasked, what fails stays in the form.
    Page { others: looks.into_iter().chain(others).collect(), ..Page::with("data-draft=off") }
}

async fn every_state(system: System, size: Option<(u32, u32)>) {
    let scene = Scene::open(launchers(), |config| config.limits.submissions_per_minute = 6).await;
    let mut inspector = Inspector::start(system).await;
    if let Some(size) = size {
        inspector.browser.resize(size).await;
    }
    for launcher in ["bubble", "tab", "text", "left"] {
        inspector.begin(&scene, launcher).await;
        inspector.measure(launcher).await;
    }
    for (path, shown) in [("frame", "iframe:not([hidden])"), ("link", "#fallback a:only-child")] {
        inspector.begin(&scene, path).await;
        click_in_widget(&inspector.browser, "[part=launcher]").await;
        inspector.browser.find_in_widget(shown).await;
        inspector.measure(path).await;
    }
    scene.front.spoil("panel.js", Trouble::Missing);
    inspector.begin(&scene, "bubble").await;
    click_in_widget(&inspector.browser, "[part=launcher]").await;
    inspector.browser.find_in_widget("a.launcher").await;
    inspector.measure("the launcher as a link").await;
    scene.front.relent();

    scene.front.spoil("widget.wasm", Trouble::Silent);
    inspector.begin(&scene, "bubble").await;
    click_in_widget(&inspector.browser, "[part=launcher]").await;
    inspector.browser.find_in_widget("#fallback a").await;
    inspector.measure("loading").await;
    scene.front.relent();
    the_form(&mut inspector, &scene).await;
    inspector.stop().await;
}

/// From the open form to the thanks, with everything that may happen between.
async fn the_form(inspector: &mut Inspector, scene: &Scene) {
    let collector = &scene.collector;
    collector
        .set_site(&[
            "required=contact",
            "privacy_url=https://shop.example/privacy",
            "promise_text.en=We answer within four hours.",
            r#"categories=[{"key":"delivery","label":{"en":"Delivery","zh-Hans":"配送"}}]"#,
        ])
        .await;
    inspector.begin(scene, "").await;
    click_in_widget(&inspector.browser, "[part=launcher]").await;
    inspector.browser.find_in_widget("#message").await;
    inspector.measure("the form").await;
    click_in_widget(&inspector.browser, "#along summary").await;
    inspector.browser.find_in_widget("#along li").await;
    inspector.measure("what goes along").await;
    click_in_widget(&inspector.browser, "#along summary").await;
    for kind in ["complaint", "suggestion", "praise", "question"] {
        click_in_widget(&inspector.browser, &format!("label.{kind}")).await;
        if kind == "complaint" {
            click_in_widget(&inspector.browser, "#details").await;
        }
        inspector.measure(&format!("the form for a {kind} with its details")).await;
    }
    type_in_widget(&inspector.browser, "#email", "nobody").await;
    click_in_widget(&inspector.browser, "#send").await;
    inspector.browser.find_in_widget("#message_error").await;
    inspector.measure("errors").await;
    type_in_widget(&inspector.browser, "#message", "The drawer is stuck.").await;
    type_in_widget(&inspector.browser, "#email", "@example.com").await;

    scene.front.spoil("/feedback", Trouble::Silent);
    click_in_widget(&inspector.browser, "#send").await;
    inspector.browser.find_in_widget("form[aria-busy=true]").await;
    inspector.measure("sending").await;
    let live = "return [...document.querySelector('sayso-widget').shadowRoot.querySelectorAll('[role=status]')].some(live => live.textContent)";
    assert_eq!(inspector.browser.run(live).await, json!(true), "progress is announced");
    collector.set_site(&["origins=https://elsewhere.example"]).await;
    scene.front.relent();
    inspector.browser.find_in_widget(".failure [role=alert]").await;
    inspector.measure("a failure").await;
    collector.set_site(&[&format!("origins={}", scene.company.origin)]).await;
    // Somebody else behind the same address has used up its share.
    let neighbour = collector.client();
    let submit = async || {
        let request = neighbour.request(reqwest::Method::POST, "/api/v1/sites/acme/feedback");
        let request = request.header("idempotency-key", uuid::Uuid::new_v4().to_string());
        neighbour
            .send(request.json(&json!({"kind": "praise", "message": "x", "contact": {"email": "a@b.example"}})))
            .await
            .status
    };
    let end = std::time::Instant::now() + PATIENCE;
    while submit().await.is_success() {
        assert!(std::time::Instant::now() < end, "the limit comes");
    }
    click_in_widget(&inspector.browser, "#send").await;
    inspector.browser.find_in_widget(".failure [role=timer]").await;
    inspector.measure("a countdown").await;
    let ready = "!document.querySelector('sayso-widget').shadowRoot.querySelector('#send').ariaDisabled";
    inspector.browser.wait_for("the end of the wait", ready).await;
    click_in_widget(&inspector.browser, "#send").await;
    inspector.browser.find_in_widget("#code").await;
    inspector.measure("thanks").await;
    click_in_widget(&inspector.browser, "#copy").await;
    inspector.measure("copied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_state_has_a_barrier_in_english() {
    every_state(ENGLISH_LIGHT, None).await;
    every_state(ENGLISH_DARK, Some((320, 640))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_state_has_a_barrier_in_chinese() {
    every_state(CHINESE_DARK, None).await;
    // A window of 1,280 by 1,024 pixels at 400 %.
    every_state(TAIWANESE_LIGHT, Some((320, 256))).await;
}
