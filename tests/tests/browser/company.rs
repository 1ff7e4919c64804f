//! Signing in with a company account, and answering an invitation, in a browser.

use sayso::auth::Role;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::real_provider::RealProvider;
use sayso_tests::{Database, TestApp};

use crate::stage::{PASSWORD, add_member, sign_in};

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_with_the_account_of_their_company() {
    let mut provider = RealProvider::reserve();
    let oidc = provider.settings("");
    let app =
        TestApp::spawn_working(Database::Sqlite, |config| drop(config.oidc.insert("acme".to_owned(), oidc))).await;
    provider.start(&app.url, "acme").await;
    add_member(&app.app, "mei@acme.example", "Mei Chen", Role::Agent).await;
    let browser = Browser::start(Setup::default()).await;
    browser.note_refusals().await;
    browser.driver.goto(format!("{}/staff/cases?status=all", app.url)).await.unwrap();
    browser.click("a[href*='/sign-in/with/acme']").await;
    browser.click("#mei").await;
    browser.wait_for("the inbox", "location.pathname === '/staff/cases' && location.search === '?status=all'").await;
    assert_eq!(browser.run("return refused.length").await, 0, "the policy of the pages lets people go and come back");
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_invited_comes_in_by_the_link() {
    let app = TestApp::spawn_working(Database::Sqlite, |_| {}).await;
    add_member(&app.app, "chen@acme.example", "陈师傅", Role::Admin).await;
    let browser = Browser::start(Setup::default()).await;
    sign_in(&browser, &app.url, "chen@acme.example").await;
    browser.driver.goto(format!("{}/staff/members", app.url)).await.unwrap();
    for (field, text) in [("#email", "mei@acme.example"), ("#name", "Mei Chen"), ("#password", PASSWORD)] {
        browser.find(field).await.send_keys(text).await.unwrap();
    }
    browser.click("form[action$='/invite'] button").await;
    let link = browser.find("#invitations code").await.text().await.unwrap();
    browser.find("#invitations [data-copy]:not([hidden])").await;
    browser.driver.delete_all_cookies().await.unwrap();
    browser.driver.goto(link).await.unwrap();
    browser.find("#password").await.send_keys("purple giraffes wake").await.unwrap();
    browser.click("form button.primary").await;
    browser.wait_for("the start page", "location.pathname === '/staff'").await;
    let name = browser.find(".topbar-end").await.text().await.unwrap();
    assert!(name.contains("Mei Chen"), "{name}");
    browser.stop().await;
}
