//! Names of one long word: no page is wider than its window for them, and nothing leaves its card.

use sayso::auth::Role;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::{Database, TestApp};
use serde_json::json;

use crate::stage;

/// 80 letters.
const WORD: &str = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";

const SERVICE: &str = r#"
[[team]]
key = "long"
name = "WORD"
[[category]]
site = "acme"
key = "long"
label = { en = "WORD" }
[[tier]]
site = "acme"
key = "long"
name = { en = "WORD" }
[[rule]]
name = "WORD"
site = "acme"
when = { words = ["WORD"] }
then = { priority = "high" }
[[answer]]
key = "long"
site = "acme"
question = { en = "WORD" }
solution = { en = "WORD" }
[[problem]]
key = "long"
title = "WORD"
question = { en = "WORD" }
solution = { en = "WORD" }
public = true
[[survey]]
key = "recommend"
kind = "nps"
site = "acme"
title = { en = "WORD" }
"#;

/// What is wider than its window, or than the part of the page that holds it.
const MEASURE: &str = "const parts = document.querySelectorAll('.card:not(.report-table), .console-side, .figure, .page-main, .case-row-title');\
    const isWide = element => element.getClientRects().length && element.scrollWidth > element.clientWidth + 1\
      && getComputedStyle(element).overflowX === 'visible';\
    const isGone = element => element.matches('.case-row-title') && element.clientWidth < 150;\
    return [document.documentElement, ...parts].filter(element => isWide(element) || isGone(element))\
      .map(({ tagName, className, scrollWidth, clientWidth }) => [tagName, className, scrollWidth, clientWidth].join(' '))";

/// Chooses in a form of the page, sends it, and waits for the next page.
async fn choose(browser: &Browser, form: &str, fields: &[&str]) {
    let form = format!("document.querySelector({form:?})");
    for field in fields {
        browser.run(&format!("{form}.querySelector('[name={field}]').value = 'long'; window.isOldPage = true")).await;
    }
    browser.run(&format!("{form}.requestSubmit()")).await;
    browser.wait_for("the next page", "!window.isOldPage && document.readyState === 'complete'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_is_wider_than_its_window() {
    let app = TestApp::spawn_working(Database::Sqlite, |_| {}).await;
    app.apply_service(&SERVICE.replace("WORD", WORD)).await;
    app.set_site(&[&format!("name={WORD}")]).await;
    let feedback = json!({"kind": "complaint", "message": WORD, "contact": {"name": WORD, "email": "lin@example.com"}});
    let code = app.client().submit(feedback).await.json()["code"].as_str().unwrap().to_owned();
    stage::add_member(&app.app, "chen@acme.example", WORD, Role::Admin).await;
    let browser = Browser::start(Setup::default()).await;
    stage::sign_in(&browser, &app.url, "chen@acme.example").await;
    browser.click(".case-row-title a").await;
    browser.find("#properties-team").await;
    let case = browser.run("return location.pathname").await.as_str().unwrap().to_owned();
    choose(&browser, "form[action$='/properties']", &["category", "team"]).await;
    let told = format!("document.querySelector('.thread').textContent.includes({WORD:?})");
    browser.wait_for("the topic and the team in the timeline", &told).await;
    let customer = browser.run("return document.querySelector('a[href^=\"/staff/customers/\"]').href").await;
    browser.driver.goto(customer.as_str().unwrap()).await.unwrap();
    choose(&browser, "form:has(#tier)", &["tier"]).await;
    let status = format!("/t/{code}");
    let mut found = Vec::new();
    for (width, height) in [(1_280, 900), (800, 900), (375, 740), (320, 640)] {
        browser.resize((width, height)).await;
        for path in [
            "/staff",
            "/staff/cases",
            case.as_str(),
            "/staff/customers",
            "/staff/calls",
            "/staff/problems",
            "/staff/problems/long",
            "/staff/incoming",
            "/staff/reports/exposure",
            "/staff/password",
            "/staff/settings",
            "/staff/members",
            "/staff/targets",
            "/staff/audit",
            "/staff/account/sessions",
            "/staff/surveys",
            "/staff/surveys/recommend/paper",
            "/staff/reports/customers",
            "/s/acme",
            "/s/acme/privacy",
            "/s/acme/survey/recommend",
            status.as_str(),
        ] {
            browser.driver.goto(format!("{}{path}", app.url)).await.unwrap();
            let wide = browser.run(MEASURE).await;
            if wide != json!([]) {
                found.push(format!("{path} at {width}: {wide}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    browser.stop().await;
}
