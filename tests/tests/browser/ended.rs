//! A page of the console that stays open when its session ends elsewhere.

use sayso::audit::Stamp;
use sayso::auth::{Member, Role};
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::{Database, TestApp};

use crate::pane::in_pane;
use crate::stage;

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_shows_nothing_any_more_once_its_session_has_ended() {
    let app = TestApp::spawn_working(Database::Sqlite, |_| {}).await;
    app.client().complain("The sofa came torn", "lin@example.com").await;
    let id = stage::add_member(&app.app, "chen@acme.example", "Chen", Role::Manager).await;
    let browser = Browser::start(Setup { window: (1440, 900), ..Setup::default() }).await;
    stage::sign_in(&browser, &app.url, "chen@acme.example").await;
    // The list, and a page that fetches another one to stay current.
    for path in ["/staff/cases?status=all", "/staff/account"] {
        browser.driver.goto(format!("{}{path}", app.url)).await.unwrap();
        browser.wait_for("the page", "document.querySelector('main h1') && document.readyState === 'complete'").await;
        Member::end_sessions(&app.app.db, &id).await.unwrap();
        match path {
            // As it does when somebody comes back to its tab.
            "/staff/account" => drop(browser.run("dispatchEvent(new Event('sayso:shown'))").await),
            // News wakes its stream, which ends, and is refused when it is asked for again.
            _ => drop(app.client().complain("The table came late", "lin@example.com").await),
        }
        browser.wait_for("the sign-in page", "location.pathname === '/staff/sign-in'").await;
        let next = browser.run("return new URLSearchParams(location.search).get('next')").await;
        assert_eq!(next, path);
        stage::sign_in(&browser, &app.url, "chen@acme.example").await;
    }
    // In a frame it takes the page around it along.
    Member::set_inbox_look(&app.app.db, &id, "split kind status").await.unwrap();
    browser.driver.goto(format!("{}/staff/cases", app.url)).await.unwrap();
    browser.wait_for("nothing is chosen", &in_pane("document.querySelector('.empty')")).await;
    browser.press("j").await;
    browser.wait_for("the case beside the list", &in_pane("document.querySelector('.thread')")).await;
    Member::set_password(&app.app.db, &id, None, &Stamp::command(0)).await.unwrap();
    app.client().complain("The lamp came broken", "lin@example.com").await;
    browser.wait_for("the sign-in page", "location.pathname === '/staff/sign-in' && window.top === window").await;
    browser.stop().await;
}
