//! Pages that somebody sees on the way to others: what a site keeps, a receipt that holds, calls, problems, mails that are held, a forgotten password.

use sayso::audit::Stamp;
use sayso::auth::member::Email;
use sayso::auth::password_links::{self, PasswordLink};
use sayso::auth::totp::{self, Secret};
use sayso::auth::{Member, Role};
use sayso_shared::Lang;
use sayso_tests::{Database, TestApp};
use serde_json::json;

use super::{CHINESE_DARK, ENGLISH_LIGHT, Inspector, System, TAIWANESE_LIGHT, console_language};
use crate::stage;

const SERVICE: &str = "[[problem]]\nkey = 'P-1'\ntitle = 'Hoses break'\npublic = true\nquestion = { en = 'Why does it leak?' }\nsolution = { en = 'A new one.' }\n";
const MAIL: &[u8] = b"From: Li Lei <li@example.com>\r\nTo: elsewhere@shop.example\r\nSubject: The sofa\r\nMessage-ID: <1@example.com>\r\n\r\nWhere is it?\r\n";

/// The link of somebody who has forgotten their password.
async fn password_link(app: &TestApp, email: &str) -> String {
    password_links::request(&app.app, &Email::parse(email).unwrap()).await.unwrap();
    let select = "select id from password_links";
    let id: String = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();
    let link = PasswordLink::by_id(&app.app.db, &id).await.unwrap().unwrap();
    link.path(&app.app.keys).unwrap()
}

async fn the_pages(system: System) {
    let app = TestApp::spawn_working(Database::Sqlite, |_| {}).await;
    let collector = app.url.as_str();
    let code = app.client().complain("The shelf is missing.", "lin@example.com").await;
    let receipt = app.client().get(&format!("/api/v1/feedback/{code}/receipt")).await.body;
    app.apply_service(SERVICE).await;
    app.set_site(&["mail_address=care@shop.example", "count_visits=true"]).await;
    sayso::inbound::receive(&app.app, MAIL, None).await.unwrap();
    let id = stage::add_member(&app.app, "chen@acme.example", "Chen", Role::Admin).await;
    let lang = Lang::of_console_for_tag(console_language(system)).unwrap();
    Member::set_lang(&app.app.db, &id, lang).await.unwrap();
    let mut inspector = Inspector::start(system).await;
    inspector.open(&format!("{collector}/s/acme/privacy"), "what a site keeps").await;
    inspector.browser.driver.goto(format!("{collector}/receipt")).await.unwrap();
    inspector.browser.run(&format!("document.querySelector('[name=receipt]').value = {}", json!(receipt))).await;
    inspector.click("form button.primary").await;
    inspector.browser.wait_for("what it says", &format!("document.body.textContent.includes('{code}')")).await;
    inspector.look("a receipt that holds").await;
    inspector.open(&format!("{collector}/staff/password"), "a forgotten password").await;
    let link = password_link(&app, "chen@acme.example").await;
    inspector.open(&format!("{collector}{link}"), "another password").await;
    inspector.open(&format!("{collector}/staff/password/none"), "a link that works no more").await;
    stage::sign_in(&inspector.browser, collector, "chen@acme.example").await;
    for (path, what) in [
        ("/staff/calls", "calls"),
        ("/staff/problems", "problems"),
        ("/staff/problems/P-1", "a problem"),
        ("/staff/problems/new", "a new problem"),
        ("/staff/incoming", "mails that are held"),
        ("/staff/reports/exposure", "visits and orders"),
        ("/staff/customers?representative=me&sort=value", "customers of one representative"),
    ] {
        inspector.open(&format!("{collector}{path}"), what).await;
    }
    inspector.browser.driver.goto(format!("{collector}/staff/incoming")).await.unwrap();
    inspector.click("a[href^='/staff/incoming/']").await;
    inspector.browser.find("form[action$='/take']").await;
    inspector.look("a mail that is held").await;
    inspector.browser.driver.goto(format!("{collector}/staff/settings/edit")).await.unwrap();
    let member = "[[member]]\naddress = 'eve@acme.example'\nname = 'Eve'\nrole = 'agent'\nlang = 'en'\n";
    inspector.browser.run(&format!("document.querySelector('#text').value = {}", json!(member))).await;
    inspector.click("button[value=preview]").await;
    inspector.browser.find("#password").await;
    inspector.look("a change of access").await;
    inspector.click("button[value=apply]").await;
    inspector.browser.find("#password-error").await;
    inspector.look("a change of access without a password").await;

    inspector.browser.driver.delete_all_cookies().await.unwrap();
    let chen = Member::by_id(&app.app.db, &id).await.unwrap().unwrap();
    let stamp = Stamp::command(app.app.clock.now());
    totp::set(&app.app.db, &app.app.keys, &chen, &Secret::random(), 0, &stamp).await.unwrap();
    inspector.browser.driver.goto(format!("{collector}/staff/sign-in")).await.unwrap();
    inspector.browser.find("#email").await.send_keys("chen@acme.example").await.unwrap();
    inspector.browser.find("#password").await.send_keys(stage::PASSWORD).await.unwrap();
    inspector.click("form button.primary").await;
    inspector.browser.find("input[name=code]").await;
    inspector.look("the second step of signing in").await;
    inspector.browser.find("input[name=code]").await.send_keys("000000").await.unwrap();
    inspector.click("form button.primary").await;
    inspector.browser.find("[role=alert]").await;
    inspector.look("a wrong code").await;
    inspector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_on_the_way_have_no_barriers() {
    the_pages(ENGLISH_LIGHT).await;
    the_pages(CHINESE_DARK).await;
    the_pages(TAIWANESE_LIGHT).await;
}
