//! Whoever has put the tag on a page is told what is wrong with it, and visitors lose nothing by it.

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::json;

use crate::stage::{Stage, click_in_widget, type_in_widget};

const WIDGET: &str = "document.querySelector('sayso-widget').shadowRoot";
const LISTEN: &str = "window.said = []; for (const level of ['warn', 'info']) console[level] = text => said.push(text)";

async fn open(page: Page, path: &str) -> (Stage, Browser) {
    let stage = Stage::open(Database::Sqlite, page, |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(&stage.company.url(path)).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    browser.run(LISTEN).await;
    (stage, browser)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_not_listed_says_so_before_somebody_writes() {
    let (stage, browser) = open(Page::default(), "").await;
    stage.collector.set_site(&["origins=https://elsewhere.example"]).await;
    click_in_widget(&browser, "[part=launcher]").await;
    let link = browser.find_in_widget("#fallback a:only-child").await;
    assert_eq!(link.attr("href").await.unwrap().unwrap(), format!("{}/s/acme?lang=en", stage.collector.url));
    let shown = browser
        .run(&format!("return [{WIDGET}.querySelector('h2').textContent, !{WIDGET}.querySelector('#message')]"))
        .await;
    assert_eq!(shown, json!(["It can’t be sent from this website. Please use the feedback page.", true]));
    let command = format!("sayso site set acme origins+={}", stage.company.origin);
    browser.wait_for("the command", &format!("said.some(text => text.includes({command:?}))")).await;
    browser.picture("embedding-refused").await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_no_site_has_is_named_and_the_link_is_shown() {
    let policy = Page::default().policy;
    let html = format!(
        "<!-- Content-Security-Policy: {policy} -->\n<!doctype html><html lang=it><meta charset=utf-8><title>Acme</title>\
         <script async src={{collector}}/sayso.js data-site=nobody></script></html>"
    );
    let others = [("typo".to_owned(), html)].into();
    let (_stage, browser) = open(Page { others, ..Page::default() }, "typo").await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget("#fallback a:only-child").await;
    browser.wait_for("the reason", "said.some(text => text.includes('there is no site \"nobody\"'))").await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_says_what_works_and_what_does_not() {
    for (page, said) in [
        (Page::default(), "✓ WebAssembly is allowed."),
        (Page::without(" 'wasm-unsafe-eval'"), "✗ The policy of this page refuses WebAssembly"),
    ] {
        let stage = Stage::open(Database::Sqlite, page, |_| {}).await;
        let browser = Browser::start(Setup::default()).await;
        // Before the page's own scripts, since the test is over soon.
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": LISTEN})).await;
        browser.driver.goto(stage.company.url("?sayso-test")).await.unwrap();
        browser.wait_for(said, &format!("window.said?.some(text => text.includes({said:?}))")).await;
        browser.wait_for("the collector", "said.some(text => text.includes('accepts feedback from this page'))").await;
        let broken = browser.run("return said.join('\\n').split('✗').length - 1").await;
        assert_eq!(broken, json!(usize::from(said.starts_with('✗'))), "nothing else is called broken");
        browser.stop().await;
    }
}

/// What page translators do: they put elements of their own in the place of texts.
#[tokio::test(flavor = "multi_thread")]
async fn a_translated_form_still_sends_and_thanks() {
    let (stage, browser) = open(Page::default(), "").await;
    click_in_widget(&browser, "[part=launcher]").await;
    type_in_widget(&browser, "#message", "The drawer is stuck.").await;
    let translate = format!(
        "const texts = document.createTreeWalker({WIDGET}.querySelector('form'), NodeFilter.SHOW_TEXT), all = [];\
         while (texts.nextNode()) all.push(texts.currentNode);\
         for (const text of all) {{ const outer = document.createElement('font'), inner = document.createElement('font');\
         inner.textContent = text.data; outer.append(inner); text.replaceWith(outer) }}"
    );
    browser.find_in_widget("#send").await;
    browser.run(&translate).await;
    click_in_widget(&browser, "#send").await;
    browser.find_in_widget("#code").await;
    assert_eq!(stage.cases().await, 1);
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_module_traps_the_words_go_on_in_the_frame_or_with_the_link() {
    let mut frameless = Page::default();
    frameless.policy = frameless.policy.replace("frame-src {collector}", "frame-src 'none'");
    for page in [Page::default(), frameless] {
        let has_frame = !page.policy.contains("frame-src 'none'");
        let (_stage, browser) = open(page, "").await;
        click_in_widget(&browser, "[part=launcher]").await;
        type_in_widget(&browser, "#message", "The drawer is stuck.").await;
        browser.find_in_widget("#send").await;
        // A page's script that takes the form apart; what is drawn next finds nothing where it was.
        let script = format!(
            "const form = {WIDGET}.querySelector('form'); for (const part of form.querySelectorAll('*')) form.append(part); form.requestSubmit()"
        );
        browser.run(&script).await;
        let words = if has_frame {
            browser.find_in_widget("iframe:not([hidden])").await.enter_frame().await.unwrap();
            "document.querySelector('#message')?.value".to_owned()
        } else {
            browser.find_in_widget("#fallback a:only-child").await;
            format!("{WIDGET}.querySelector('#message').value")
        };
        browser.wait_for("the words", &format!("{words} === 'The drawer is stuck.'")).await;
        browser.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_of_the_pages_own_module_takes_nothing_from_the_form() {
    let (stage, browser) = open(Page::default(), "").await;
    click_in_widget(&browser, "[part=launcher]").await;
    type_in_widget(&browser, "#message", "The drawer is stuck.").await;
    browser.find_in_widget("#send").await;
    browser
        .run("window.dispatchEvent(new ErrorEvent('error', { error: new WebAssembly.RuntimeError('unreachable') })); Promise.reject(new WebAssembly.RuntimeError('unreachable'))")
        .await;
    browser.run("return new Promise(done => setTimeout(done, 200))").await;
    click_in_widget(&browser, "#send").await;
    browser.find_in_widget("#code").await;
    assert_eq!(stage.cases().await, 1);
    browser.stop().await;
}

/// Libraries of old give arrays a `toJSON` of their own, which makes texts of them.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_adds_arrives_as_it_was() {
    let (stage, browser) = open(Page::default(), "old-library.html").await;
    browser.run("Sayso('set', { context: { tags: ['a', 'b'] } })").await;
    click_in_widget(&browser, "[part=launcher]").await;
    type_in_widget(&browser, "#message", "The drawer is stuck.").await;
    click_in_widget(&browser, "#send").await;
    browser.find_in_widget("#code").await;
    let select = "select context from feedback";
    let context: String =
        sayso::with_db!(&stage.collector.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&context).unwrap()["tags"], json!(["a", "b"]));
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_collector_hears_once_a_day_how_the_widget_came() {
    let mut linked = Page::without(" 'wasm-unsafe-eval'");
    linked.policy = linked.policy.replace("frame-src {collector}", "frame-src 'none'");
    for page in [Page::default(), linked] {
        let is_form = page.policy.contains("wasm-unsafe-eval");
        let (stage, browser) = open(page, "").await;
        let came = async |wanted: usize| {
            let told =
                "performance.getEntriesByType('resource').filter(entry => entry.name.includes('/sightings?')).length";
            click_in_widget(&browser, "[part=launcher]").await;
            browser.find_in_widget(if is_form { "#send" } else { "#fallback a:only-child" }).await;
            browser
                .wait_for(
                    "the settings",
                    "performance.getEntriesByType('resource').some(entry => entry.name.endsWith('/sites/acme'))",
                )
                .await;
            if wanted > 0 {
                browser.wait_for("it has told", told).await;
            }
            assert_eq!(browser.run(&format!("return {told}")).await, json!(wanted));
        };
        came(1).await;
        let sightings = &stage.collector.app.sightings;
        sayso_tests::eventually("it is noted", || async {
            let latest = sightings.latest().await.unwrap();
            latest
                .iter()
                .any(|page| if is_form { page.shown_at > 0 } else { page.is_linked() && page.reason == "policy" })
        })
        .await;
        browser.driver.refresh().await.unwrap();
        browser.find_in_widget("[part=launcher]").await;
        came(0).await;
        browser.stop().await;
    }
}
