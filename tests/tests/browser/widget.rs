//! What the widget promises to visitors and to the pages that carry it.

use reqwest::StatusCode;
use sayso::clock::MINUTE;
use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::json;
use thirtyfour::prelude::*;

use crate::stage::{Stage, choose_a_kind, click_in_widget, type_in_widget};

async fn open_stage() -> (Stage, Browser) {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    (stage, browser)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loader_costs_the_page_nothing_until_somebody_wants_it() {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    browser.note_shifts().await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    let fetched =
        browser.run("return performance.getEntriesByType('resource').map(entry => new URL(entry.name).pathname)").await;
    assert_eq!(fetched, json!(["/sayso.js"]), "one request with the page");
    let cookies = browser.driver.get_all_cookies().await.unwrap();
    assert!(cookies.is_empty(), "no cookie");
    // A shift is told of after the frame that shows it, so the one that is made here comes behind whatever there was before.
    browser.run("document.body.prepend(Object.assign(document.createElement('p'), { textContent: 'News!' }))").await;
    browser.wait_for("the shift that was made", "shifts.length > 0").await;
    assert_eq!(browser.run("return shifts.length").await, json!(1), "the page stays where it is");
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_typed_in_it_stay_in_it_and_focus_returns() {
    let (_stage, browser) = open_stage().await;
    browser.run("window.heard = 0; for (const name of ['keydown', 'keyup', 'keypress']) document.addEventListener(name, () => heard++)").await;
    browser.click("#help").await;
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
    // The page is taken off the site's list in the meantime.
    stage.collector.set_site(&["origins=https://elsewhere.example"]).await;
    click_in_widget(&browser, "#send").await;
    let said = browser.find_in_widget("#failure").await.text().await.unwrap();
    assert!(said.contains("It can’t be sent from this website."), "{said}");
    let text = "return document.querySelector('sayso-widget').shadowRoot.querySelector('#message').value";
    assert_eq!((browser.run(text).await, stage.cases().await), (json!("The drawer is stuck."), 0));
    browser.picture("widget-failure").await;

    // A reload loses nothing either.
    browser.driver.refresh().await.unwrap();
    stage.collector.set_site(&[&format!("origins={}", stage.company.origin)]).await;
    click_in_widget(&browser, "[part=launcher]").await;
    click_in_widget(&browser, "#send").await;
    let code = browser.find_in_widget("#code").await.text().await.unwrap();
    assert_eq!(stage.cases().await, 1);
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
    assert_eq!(stage.cases().await, 0);
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_that_ends_a_composition_sends_nothing() {
    let (stage, browser) = open_stage().await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget("#message").await.send_keys("送货").await.unwrap();
    choose_a_kind(&browser).await;
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
    assert_eq!(stage.cases().await, 1, "Enter sends");
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
    browser.click("#help").await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_site_gets_its_proof_without_the_visitor_noticing() {
    let stage = Stage::open(Database::Sqlite, Page::default(), |config| config.limits.proof_from_per_minute = 2).await;
    let app = &stage.collector.app;
    // A minute begins, so that the load stays what it is for as long as the test takes.
    app.clock.advance(MINUTE - app.clock.now() % MINUTE);
    let site = stage.collector.site().await;
    let busy = || (0..8).for_each(|_| app.submission_rate.record(site.id(), app.clock.now()));
    let browser = Browser::start(Setup::default()).await;
    let modules = "performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('-proof.js')).length";
    // Quiet when the form opened, busy when it is sent: the refusal brings the proof, and the visitor sees nothing of it.
    browser.driver.goto(&stage.company.origin).await.unwrap();
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget("#message").await;
    assert_eq!(browser.run(&format!("return {modules}")).await, json!(0), "a quiet site costs nothing");
    busy();
    type_in_widget(&browser, "#message", "The drawer is stuck.").await;
    click_in_widget(&browser, "#send").await;
    browser.find_in_widget("#code").await;
    assert_eq!((stage.cases().await, browser.run(&format!("return {modules}")).await), (1, json!(1)));

    browser.stop().await;

    // Busy from the beginning, for a browser that has not kept the site's settings: the proof is found while the visitor types,
    // so that one request is enough.
    busy();
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    click_in_widget(&browser, "[part=launcher]").await;
    let fetched = |end: &str| {
        format!(
            "performance.getEntriesByType('resource').some(entry => entry.responseEnd && entry.name.endsWith('{end}'))"
        )
    };
    browser.wait_for("the site's settings", &fetched("/sites/acme")).await;
    type_in_widget(&browser, "#message", "The drawer is still stuck.").await;
    browser.wait_for("the challenge", &fetched("/challenge")).await;
    click_in_widget(&browser, "#send").await;
    browser.find_in_widget("#code").await;
    let sent = "performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('/feedback')).length";
    assert_eq!((stage.cases().await, browser.run(&format!("return {sent}")).await), (2, json!(1)));
    let used: i64 = sayso::with_db!(&app.db, pool => sqlx::query_scalar("select count(*) from used_challenges").fetch_one(pool).await).unwrap();
    assert_eq!(used, 2);
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_limited_is_told_when_and_keeps_the_text() {
    for (language, when) in [("en-GB", "Next try in"), ("zh-CN", "秒后自动重试"), ("zh-HK", "秒後自動重試")]
    {
        let stage =
            Stage::open(Database::Sqlite, Page::default(), |config| config.limits.submissions_per_minute = 6).await;
        let browser = Browser::start(Setup { language, ..Setup::default() }).await;
        browser.driver.goto(&stage.company.origin).await.unwrap();
        click_in_widget(&browser, "[part=launcher]").await;
        type_in_widget(&browser, "#message", "抽屉卡住了").await;
        // Somebody else behind the same address has used up its share.
        let neighbour = stage.collector.client();
        let submit = async || {
            let request = neighbour.request(reqwest::Method::POST, "/api/v1/sites/acme/feedback");
            let request = request.header("idempotency-key", uuid::Uuid::new_v4().to_string());
            neighbour.send(request.json(&json!({"kind": "praise", "message": "x"}))).await.status
        };
        while submit().await == StatusCode::CREATED {}
        let before = stage.cases().await;
        click_in_widget(&browser, "#send").await;
        let told = browser.find_in_widget("#outbox li.waiting").await.text().await.unwrap();
        assert!(told.contains(when) && told.contains("抽屉卡住了"), "{told}");
        assert_eq!(stage.cases().await, before);
        browser.picture(&format!("widget-limited-{language}")).await;
        if language == "en-GB" {
            // It goes out by itself at the end of the wait.
            browser.find_in_widget("#outbox output").await;
            assert_eq!(stage.cases().await, before + 1);
        }
        browser.stop().await;
    }
}
