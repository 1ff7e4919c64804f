//! The case beside the list: the list keeps its place, the next case waits ready, and only what was looked at counts as read.

use sayso::auth::{Member, Role};
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::{Database, TestApp, eventually};
use thirtyfour::prelude::*;

use crate::accessibility::barriers;
use crate::stage;

/// A condition about the page in the pane that is to be seen.
pub fn in_pane(condition: &str) -> String {
    format!("(document => Boolean({condition}))(document.querySelector('iframe:not(.ahead)').contentDocument)")
}

async fn shows(browser: &Browser, message: &str) {
    let condition = in_pane(&format!("document.querySelector('.thread')?.textContent.includes({message:?})"));
    browser.wait_for(message, &condition).await;
}

/// The cases that a member has looked at.
async fn read(app: &TestApp) -> i64 {
    let select = "select count(*) from case_views where seen_seq > 0";
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_case_stands_beside_the_list() {
    let app = TestApp::spawn_working(Database::Sqlite, |_| {}).await;
    for message in ["The first parcel", "The second parcel", "The third parcel", "The fourth parcel"] {
        app.client().complain(message, "lin@example.com").await;
    }
    let id = stage::add_member(&app.app, "chen@acme.example", "Chen", Role::Manager).await;
    Member::set_inbox_look(&app.app.db, &id, "split kind status").await.unwrap();
    let browser = Browser::start(Setup { window: (1440, 900), ..Setup::default() }).await;
    stage::sign_in(&browser, &app.url, "chen@acme.example").await;
    browser.wait_for("nothing is chosen", &in_pane("document.querySelector('.empty')")).await;
    assert_eq!(read(&app).await, 0);

    browser.press("j").await;
    shows(&browser, "The fourth parcel").await;
    let ready = "document.querySelector('iframe.ahead').contentDocument.querySelector('.thread')?.textContent.includes('The third parcel')";
    browser.wait_for("the next case, made ready", ready).await;
    browser.run("window.ready = document.querySelector('iframe.ahead')").await;
    browser.press("j").await;
    shows(&browser, "The third parcel").await;
    browser.wait_for("the frame that was ready", "window.ready === document.querySelector('iframe:not(.ahead)')").await;
    eventually("two cases are read", || async { read(&app).await == 2 }).await;
    let current = "[...document.querySelectorAll('[data-case][aria-current]')].map(row => row.textContent).join().includes('The third parcel')";
    browser.wait_for("the row is marked", current).await;

    // A letter that means something in the case goes there, and what is typed stays while the list goes on.
    browser.press("r").await;
    browser.wait_for("the field for a reply", &in_pane("document.activeElement?.id === 'reply'")).await;
    browser.press("just jokes").await;
    app.client().complain("The fifth parcel", "lin@example.com").await;
    browser
        .wait_for(
            "the new case in the list",
            "document.querySelector('[data-case]').textContent.includes('The fifth parcel')",
        )
        .await;
    browser.wait_for("what was typed", &in_pane("document.querySelector('#reply').value === 'just jokes'")).await;
    browser.wait_for("the mark in the new list", current).await;
    assert_eq!(barriers(&browser).await, Vec::<String>::new());

    // Sent in the pane, it is shown there.
    browser.run("document.querySelector('iframe:not(.ahead)').contentDocument.querySelector('#reply-form .primary').click()").await;
    browser
        .wait_for(
            "the reply in the conversation",
            &in_pane("document.querySelector('.message.from-staff')?.textContent.includes('just jokes')"),
        )
        .await;

    // The address names the case: opened again it is there, and Back leads out of the inbox.
    browser.driver.refresh().await.unwrap();
    shows(&browser, "The third parcel").await;
    let ready = "document.querySelector('iframe.ahead').contentDocument.querySelector('.thread')?.textContent.includes('The second parcel')";
    browser.wait_for("the next case, made ready again", ready).await;
    browser.picture("inbox-split").await;

    // On a narrow screen a row leads to the page of the case.
    browser.resize((800, 900)).await;
    browser.driver.find(By::PartialLinkText("The first parcel")).await.unwrap().click().await.unwrap();
    browser
        .wait_for("the page of the case", "location.pathname.length > 20 && document.querySelector('.topbar')")
        .await;
    browser.stop().await;
}

/// Where there is no pane, the browser makes the page of the next case ready, and that it did is not that somebody has read it.
#[tokio::test(flavor = "multi_thread")]
async fn the_next_case_is_made_ready_and_not_read() {
    let app = TestApp::spawn_working(Database::Sqlite, |_| {}).await;
    for message in ["The first parcel", "The second parcel", "The third parcel"] {
        app.client().complain(message, "lin@example.com").await;
    }
    stage::add_member(&app.app, "chen@acme.example", "Chen", Role::Manager).await;
    let browser = Browser::start(Setup::default()).await;
    browser.note_refusals().await;
    stage::sign_in(&browser, &app.url, "chen@acme.example").await;
    browser.driver.find(By::PartialLinkText("The third parcel")).await.unwrap().click().await.unwrap();
    let rules = "JSON.parse(document.querySelector('script[type=speculationrules]').textContent).prerender[0].urls[0]";
    let next = browser.wait_for("the rule that names the next case", rules).await;
    let next = next.as_str().unwrap().to_owned();
    eventually("the case is read", || async { read(&app).await == 1 }).await;
    assert_eq!(browser.run("return window.refused").await, serde_json::json!([]), "the policy allows it");
    browser.press("j").await;
    browser
        .wait_for("the next case", &format!("location.pathname === {next:?} && document.querySelector('.thread')"))
        .await;
    browser
        .wait_for("that it was ready before", "performance.getEntriesByType('navigation')[0].activationStart > 0")
        .await;
    eventually("the next one is read as well", || async { read(&app).await == 2 }).await;
    browser.stop().await;
}
