//! What customers entrust, in the console: two who are one, merged and taken apart; a check call; a receipt that is checked; an erasure; a session that is
//! ended; a problem by two keys; and an answer before somebody asks.

use sayso::auth::Role;
use sayso::cases::Case;
use sayso::jobs::run_due;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::{Database, TestApp};
use serde_json::json;
use thirtyfour::prelude::*;

use crate::stage::{self, PASSWORD};

const SERVICE: &str = r#"
[[problem]]
key = "P-1"
title = "Hoses break in the cold"
solution = { en = "A new hose is on its way." }
public = true
"#;

async fn counted(app: &TestApp, select: &'static str) -> i64 {
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap()
}

async fn customer(app: &TestApp, address: &str) -> (String, String) {
    let feedback = json!({"kind": "question", "message": "Where is it?", "contact": {"email": address}});
    let code = app.client().submit(feedback).await.json()["code"].as_str().unwrap().to_owned();
    loop {
        run_due(&app.app).await.unwrap();
        // The collector does jobs by itself as well.
        if let Some(id) = Case::by_code(&app.app, &code).await.unwrap().customer_id {
            return (code, id);
        }
        tokio::task::yield_now().await;
    }
}

async fn the_story(database: Database) {
    let app = TestApp::spawn_working(database, |_| {}).await;
    let url = app.app.config.public_url.clone();
    app.apply_service(SERVICE).await;
    stage::add_member(&app.app, "chen@acme.example", "Chen", Role::Manager).await;
    let (code, li) = customer(&app, "li@example.com").await;
    let (_, work) = customer(&app, "li@work.example").await;
    let browser = Browser::start(Setup::default()).await;
    let open = async |path: &str| browser.driver.goto(format!("{url}{path}")).await.unwrap();

    // Before somebody asks, on the page that works without the widget.
    open("/s/acme?lang=en").await;
    browser.find("#message").await.send_keys("My hoses break in winter").await.unwrap();
    browser
        .wait_for(
            "an answer",
            "document.querySelector('#answers:not([hidden]) summary')?.textContent === 'Hoses break in the cold'",
        )
        .await;
    browser.run("document.querySelector('#answers summary').click()").await;
    browser.click("#answers button").await;
    browser.wait_for("thanks", "document.activeElement.textContent === 'Good to know, thank you.'").await;

    // The receipt is checked by whoever has it.
    let receipt = app.client().get(&format!("/api/v1/feedback/{code}/receipt")).await.body;
    open("/receipt?lang=en").await;
    browser.run(&format!("document.querySelector('[name=receipt]').value = {}", json!(receipt))).await;
    browser.click("form[action^='/receipt'] button").await;
    browser
        .wait_for(
            "what it says",
            &format!("document.body.textContent.includes('{code}') && !document.querySelector('.notice.danger')"),
        )
        .await;

    stage::sign_in(&browser, &url, "chen@acme.example").await;
    // Merged, and taken apart.
    open(&format!("/staff/customers/{work}")).await;
    browser.find("#into").await.send_keys("li@example.com").await.unwrap();
    browser.click(&format!("form[action$='{work}/merge'] button")).await;
    browser.wait_for("the other one", "location.search.includes('done=merged')").await;
    assert_eq!(counted(&app, "select count(*) from customers where merged_into is not null").await, 1);
    open(&format!("/staff/customers/{li}")).await;
    browser.click(&format!("form[action$='{work}/unmerge'] button")).await;
    browser.wait_for("both again", "location.search.includes('done=unmerged')").await;
    assert_eq!(counted(&app, "select count(*) from customers where merged_into is not null").await, 0);

    // A problem by two keys.
    let case: String = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select id from cases order by id limit 1").fetch_one(pool).await).unwrap();
    open(&format!("/staff/cases/{case}")).await;
    browser.press("p").await;
    browser
        .wait_for("the list of problems", "document.querySelector('dialog[open] button')?.textContent.includes('P-1')")
        .await;
    browser.press("1").await;
    browser
        .wait_for(
            "the case again",
            "!document.querySelector('dialog[open]') && document.querySelector('#properties-problem')?.value === 'P-1'",
        )
        .await;

    // A check call.
    sayso::with_write!(&app.app.db, pool => sqlx::query("update cases set status = 'resolved', resolved_at = $1").bind(app.app.clock.now() - 1_000).execute(pool).await.map(|_| ())).unwrap();
    open("/staff/calls").await;
    browser.run("document.querySelector('#seed').value = 'week 48'").await;
    browser.click("form[action='/staff/calls/draw'] button").await;
    browser.wait_for("who is called", "location.search.includes('done=drawn')").await;
    browser.run("document.querySelector('form[action^=\"/staff/calls/\"]:not([action$=draw])').closest('details').open = true").await;
    browser.click("[name=result][value=satisfied]").await;
    browser.click("form[action^='/staff/calls/']:not([action$=draw]) button").await;
    browser.wait_for("that it is noted", "location.search.includes('done=noted')").await;
    assert_eq!(counted(&app, "select count(*) from check_calls where result = 'satisfied'").await, 1);

    // Another session is ended.
    let other = app.client();
    let form = [("email", "chen@acme.example"), ("password", PASSWORD)];
    other.post_form("/staff/sign-in", &form).await;
    assert_eq!(other.get("/staff/cases").await.status.as_u16(), 200);
    open("/staff/account/sessions").await;
    browser.find("#password").await.send_keys(PASSWORD).await.unwrap();
    browser.click("button[value=others]").await;
    browser.wait_for("that they ended", "location.search.includes('done=')").await;
    assert_eq!(other.get("/staff/cases").await.status.as_u16(), 303);

    // Erased.
    open(&format!("/staff/customers/{li}")).await;
    browser.run("document.querySelectorAll('details').forEach(part => part.open = true)").await;
    browser.click("#erase-sure").await;
    let password = browser.find("#erase-password").await;
    password.send_keys(PASSWORD).await.unwrap();
    password.send_keys(Key::Enter).await.unwrap();
    browser.wait_for("that nothing is left", "location.search.includes('done=erased')").await;
    assert_eq!(counted(&app, "select count(*) from customers where erased_at is not null").await, 1);
    assert!(app.client().get(&format!("/t/{code}?lang=en")).await.body.contains("This text was erased."));
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_entrusted_is_kept_and_given_back_on_sqlite() {
    the_story(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_entrusted_is_kept_and_given_back_on_postgres() {
    the_story(Database::Postgres).await;
}
