//! A page that says who its visitor is, by a token that the company's server signed.

use jsonwebtoken::{EncodingKey, Header, encode};
use sayso::cases::Case;
use sayso::sites::secrets;
use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::json;

use crate::stage::{Stage, click_in_widget, type_in_widget};

/// The company's server, which signs what it knows of its visitor.
pub async fn signer(stage: &Stage) -> impl Fn(serde_json::Value) -> String + use<> {
    let app = &stage.collector.app;
    let (_, secret) =
        secrets::add(&app.db, &app.keys, &stage.collector.site().await, &sayso::audit::Stamp::command(app.clock.now()))
            .await
            .unwrap();
    move |claims| encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.reveal().as_bytes())).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_keeps_the_text_and_a_new_one_sends_it() {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    let app = &stage.collector.app;
    let sign = signer(&stage).await;
    let token = |seconds: i64| sign(json!({"sub": "u-42", "name": "李雷", "exp": app.clock.now() / 1_000 + seconds}));
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    browser.run(&format!("Sayso('identify', '{}')", token(-3_600))).await;
    click_in_widget(&browser, "[part=launcher]").await;
    type_in_widget(&browser, "#message", "Where is my order?").await;
    click_in_widget(&browser, "#send").await;
    let alert = browser.find_in_widget("[role=alert]").await.text().await.unwrap();
    assert!(alert.contains("Your sign-in has expired"), "{alert}");
    let typed =
        browser.run("return document.querySelector('sayso-widget').shadowRoot.querySelector('#message').value").await;
    assert_eq!(typed, json!("Where is my order?"));

    browser.run(&format!("Sayso('identify', '{}')", token(300))).await;
    click_in_widget(&browser, "#send").await;
    let code = browser.find_in_widget("#code").await.text().await.unwrap();
    let case = Case::by_code(app, &code).await.unwrap();
    assert_eq!(case.identity(&app.keys).unwrap().sub, "u-42");
    assert_eq!(case.contact(&app.keys).unwrap().name(), Some("李雷"));
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_named_by_the_site_is_not_asked_how_to_be_reached() {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    stage.collector.set_site(&["required=contact"]).await;
    let app = &stage.collector.app;
    let sign = signer(&stage).await;
    let until = app.clock.now() / 1_000 + 300;
    let nameless = sign(json!({"sub": "u-41", "exp": until}));
    let known = sign(json!({"sub": "u-42", "email": "li@example.com", "exp": until}));
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    click_in_widget(&browser, "[part=launcher]").await;
    type_in_widget(&browser, "#message", "Where is my order?").await;
    // Nobody is named: the form asks.
    click_in_widget(&browser, "#send").await;
    let alert = browser.find_in_widget(".error").await.text().await.unwrap();
    assert!(alert.contains("enter an email address or a phone number"), "{alert}");
    // A token without an address: the collector asks.
    let not_needed =
        "document.querySelector('sayso-widget').shadowRoot.textContent.includes('We use it only to reply to you')";
    browser.run(&format!("Sayso('identify', '{nameless}')")).await;
    browser.wait_for("no contact asked for", not_needed).await;
    click_in_widget(&browser, "#send").await;
    let asked = "performance.getEntriesByType('resource').some(entry => entry.name.endsWith('/feedback'))";
    browser.wait_for("the collector's answer", asked).await;
    let alert = browser.find_in_widget(".error, [role=alert]").await.text().await.unwrap();
    assert!(!alert.is_empty() && stage.cases().await == 0, "{alert}");
    browser.run(&format!("Sayso('identify', '{known}')")).await;
    click_in_widget(&browser, "#send").await;
    let code = browser.find_in_widget("#code").await.text().await.unwrap();
    let case = Case::by_code(app, &code).await.unwrap();
    assert_eq!(case.contact(&app.keys).unwrap().email(), Some("li@example.com"));
    browser.stop().await;
}

/// The contact is folded away at first, and a visitor who believes to be unknown would write other things.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_introduced_by_the_page_sees_so() {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    browser.run("Sayso('identify', { name: 'Li Lei', email: 'li.lei@example.com' })").await;
    click_in_widget(&browser, "[part=launcher]").await;
    let named = "document.querySelector('sayso-widget').shadowRoot.querySelector('#contact[aria-expanded=false] small')?.textContent\
        === 'Li Lei · li.lei@example.com'";
    browser.wait_for("the name", named).await;
    browser.run("Sayso('identify', null)").await;
    let anonymous = "document.querySelector('sayso-widget').shadowRoot.querySelector('#contact small').textContent.startsWith('Optional')";
    browser.wait_for("nobody", anonymous).await;
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signed_in_is_listed_and_can_be_taken_out() {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    let app = &stage.collector.app;
    let sign = signer(&stage).await;
    let token = sign(json!({"sub": "u-42", "name": "李雷", "exp": app.clock.now() / 1_000 + 300}));
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    browser.run(&format!("Sayso('identify', '{token}')")).await;
    click_in_widget(&browser, "[part=launcher]").await;
    type_in_widget(&browser, "#message", "Where is my order?").await;
    click_in_widget(&browser, "#along summary").await;
    let first = browser.find_in_widget("#along li").await.text().await.unwrap();
    assert_eq!(first, "Signed in as\n李雷");
    click_in_widget(&browser, "#along li input").await;
    click_in_widget(&browser, "#send").await;
    let code = browser.find_in_widget("#code").await.text().await.unwrap();
    let case = Case::by_code(app, &code).await.unwrap();
    assert!(case.identity(&app.keys).is_none() && case.contact(&app.keys).is_none(), "nobody is named");
    browser.stop().await;
}
