//! Under the lines that `sayso site snippet` prints everything works, without a single report of a violation; and whatever line is
//! missing, there is a way to say something.

use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::{Company, Page};
use sayso_tests::{Database, TestApp, process};
use serde_json::json;

use crate::stage::{Stage, click_in_widget, type_in_widget};

const WIDGET: &str = "document.querySelector('sayso-widget').shadowRoot";
const PATH: &str = "strict";

/// What `sayso site snippet acme` prints.
struct Snippet {
    tag: String,
    directives: Vec<String>,
}

impl Snippet {
    fn print(collector: &TestApp) -> Self {
        Self::print_with(collector, &[]).0
    }

    /// What it prints with further arguments, and all of it.
    fn print_with(collector: &TestApp, more: &[&str]) -> (Self, String) {
        let command = ["site", "snippet", "acme", "--public-url", &collector.url];
        let (done, printed) = process::run(collector.data.path(), "", &[&command, more].concat());
        assert!(done, "{printed}");
        let directives = printed.lines().filter_map(|line| line.strip_suffix(';')).map(str::to_owned).collect();
        let tag: Vec<&str> = printed.lines().filter(|line| line.starts_with("<script")).collect();
        (Self { tag: tag.join("\n"), directives }, printed)
    }

    /// A policy of these lines, on a page that allows itself nothing else.
    fn policy(&self) -> String {
        format!("default-src 'none'; {}", self.directives.join("; "))
    }
}

/// A page with the printed tag under what `change` makes of the printed policy.
async fn open(change: impl FnOnce(&mut Snippet) -> String) -> (Stage, Browser) {
    open_with(&[], |snippet, _| change(snippet)).await
}

async fn open_with(more: &[&str], change: impl FnOnce(&mut Snippet, &str) -> String) -> (Stage, Browser) {
    let collector = TestApp::spawn_working(Database::Sqlite, |config| config.limits.proof_from_per_minute = 1).await;
    let (origin, listener) = Company::reserve().await;
    collector.set_site(&[&format!("origins={origin}")]).await;
    let (mut snippet, printed) = Snippet::print_with(&collector, more);
    let policy = change(&mut snippet, &printed);
    let html = format!(
        "<!-- Content-Security-Policy: {policy} -->\n<!doctype html><html lang=en><meta charset=utf-8><title>Acme Home</title>\
         <a id=help href=\"{{collector}}/s/acme\" data-sayso-open>Tell us</a>{}</html>",
        snippet.tag
    );
    let page = Page { others: [(PATH.to_owned(), html)].into(), ..Page::default() };
    let company = Company::open(listener, &collector.url, page).await;
    let browser = Browser::start(Setup::default()).await;
    browser.note_refusals().await;
    browser.driver.goto(company.url(PATH)).await.unwrap();
    (Stage { collector, company }, browser)
}

async fn assert_nothing_refused(browser: &Browser) {
    assert_eq!(browser.run("return window.refused").await, json!([]), "reports of violations");
}

async fn complain(browser: &Browser) {
    click_in_widget(browser, "[part=launcher]").await;
    type_in_widget(browser, "#message", "The drawer is stuck.").await;
    click_in_widget(browser, "#details").await;
    click_in_widget(browser, "#contact").await;
    click_in_widget(browser, "#send").await;
    browser.find_in_widget("#code").await;
    click_in_widget(browser, "#copy").await;
}

/// The frame has come, and the form in it works.
async fn complain_in_frame(browser: &Browser) {
    click_in_widget(browser, "[part=launcher]").await;
    browser.find_in_widget("iframe:not([hidden])").await.enter_frame().await.unwrap();
    browser.click("label:has(input[value=complaint])").await;
    browser.find("#message").await.send_keys("The drawer is stuck.").await.unwrap();
    browser.click("form button.primary").await;
    browser.find("[data-submitted-code]").await;
    browser.driver.enter_default_frame().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_lines_are_enough_for_everything() {
    let (stage, browser) = open(|snippet| snippet.policy()).await;
    let site = stage.collector.site().await;
    // So busy that a proof of work is asked for, by a module of its own.
    (0..8).for_each(|_| stage.collector.app.submission_rate.record(site.id(), stage.collector.app.clock.now()));
    complain(&browser).await;
    browser.run("Sayso('set', { lang: 'zh-Hans', theme: 'dark' })").await;
    browser
        .wait_for(
            "the other language",
            &format!(
                "{WIDGET}.querySelector('#panel').lang || document.querySelector('sayso-widget').lang === 'zh-Hans'"
            ),
        )
        .await;
    browser.run("Sayso('destroy')").await;
    assert_nothing_refused(&browser).await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_printed_line_is_needed() {
    let (stage, browser) = open(|snippet| snippet.policy()).await;
    let printed = Snippet::print(&stage.collector).directives;
    let names: Vec<&str> = printed.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["script-src", "connect-src", "frame-src"]);
    assert!(printed[0].ends_with("'wasm-unsafe-eval'"), "{printed:?}");
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_wasm_unsafe_eval_there_is_a_frame() {
    let (_stage, browser) = open(|snippet| snippet.policy().replace(" 'wasm-unsafe-eval'", "")).await;
    complain_in_frame(&browser).await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_connect_src_there_is_a_frame() {
    let (_stage, browser) = open(|snippet| {
        snippet.directives.retain(|line| !line.starts_with("connect-src"));
        snippet.policy()
    })
    .await;
    complain_in_frame(&browser).await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_frame_src_nothing_is_lost_where_wasm_runs() {
    let without = |snippet: &mut Snippet| {
        snippet.directives.retain(|line| !line.starts_with("frame-src"));
        snippet.policy()
    };
    let (_stage, browser) = open(without).await;
    complain(&browser).await;
    assert_nothing_refused(&browser).await;
    browser.stop().await;
    // Where it does not run, a link is left, and it has the focus.
    let (stage, browser) = open(|snippet| without(snippet).replace(" 'wasm-unsafe-eval'", "")).await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser
        .wait_for("the link", &format!("{WIDGET}.activeElement?.href === '{}/s/acme?lang=en'", stage.collector.url))
        .await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_script_src_the_pages_own_link_leads_on() {
    let (stage, browser) = open(|snippet| {
        snippet.directives.retain(|line| !line.starts_with("script-src"));
        snippet.policy()
    })
    .await;
    assert_eq!(browser.run("return document.querySelector('sayso-widget')").await, json!(null));
    browser.click("#help").await;
    browser.find("#message").await;
    let there = browser.driver.current_url().await.unwrap();
    assert_eq!(there.as_str(), format!("{}/s/acme", stage.collector.url));
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_with_strict_dynamic_is_enough_for_all_scripts() {
    let (_stage, browser) = open(|snippet| {
        snippet.tag = snippet.tag.replace("<script ", "<script nonce=\"r4nd0m\" ");
        snippet.directives[0] = "script-src 'nonce-r4nd0m' 'strict-dynamic' 'wasm-unsafe-eval'".to_owned();
        snippet.policy()
    })
    .await;
    complain(&browser).await;
    assert_nothing_refused(&browser).await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_without_constructed_style_sheets_get_styles_with_the_nonce() {
    let (stage, browser) = open(|snippet| {
        snippet.tag = snippet.tag.replace("<script ", "<script data-nonce=\"r4nd0m\" ");
        format!("{}; style-src 'nonce-r4nd0m'", snippet.policy())
    })
    .await;
    let older = json!({"source": "delete window.CSSStyleSheet"});
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", older).await;
    browser.driver.goto(stage.company.url(PATH)).await.unwrap();
    complain(&browser).await;
    let looks = browser
        .run(&format!(
            "const root = {WIDGET}; return [root.adoptedStyleSheets.length, root.querySelectorAll('style').length > 1,\
             getComputedStyle(root.querySelector('#panel')).position, getComputedStyle(root.querySelector('#copy')).fontWeight]"
        ))
        .await;
    assert_eq!(looks, json!([0, true, "fixed", "600"]));
    assert_nothing_refused(&browser).await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_tag_works_under_its_lines_and_under_hashes_alone() {
    let (_stage, browser) = open_with(&["--pinned"], |snippet, _| snippet.policy()).await;
    complain(&browser).await;
    assert_nothing_refused(&browser).await;
    browser.stop().await;
    let (_stage, browser) = open_with(&["--pinned"], |snippet, printed| {
        let hashes = printed.lines().find(|line| line.starts_with("script-src '")).expect("the line of hashes");
        snippet.directives[0] = hashes.to_owned();
        assert!(!snippet.directives[0].contains("http"));
        snippet.policy()
    })
    .await;
    complain(&browser).await;
    click_in_widget(&browser, "#again").await;
    click_in_widget(&browser, "#mine").await;
    browser.find_in_widget(".case").await;
    assert_nothing_refused(&browser).await;
    browser.stop().await;
}

/// As where somebody has changed a file of the collector: what is not what it was when the tag was printed does not run.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_pinned_tag_does_not_name_does_not_run() {
    let (stage, browser) = open_with(&["--pinned"], |snippet, _| {
        let at = snippet.tag.find("-panel.js\":\"sha384-").expect("the panel is named") + "-panel.js\":\"sha384-".len();
        snippet.tag.replace_range(at..at + 64, &"A".repeat(64));
        snippet.directives[0] = format!("script-src {} 'unsafe-inline' 'wasm-unsafe-eval'", "{collector}");
        snippet.policy()
    })
    .await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget(&format!("a[href^='{}/s/acme']", stage.collector.url)).await;
    browser.stop().await;
}
