//! Numbers that are nobody's business are hidden as they are typed, before they leave the browser.

use sayso_tests::Database;
use sayso_tests::browser::{Browser, Setup};
use sayso_tests::company::Page;
use serde_json::{Value, json};

use crate::accessibility::barriers;
use crate::stage::{Stage, click_in_widget, type_in_widget};

const WIDGET: &str = "document.querySelector('sayso-widget').shadowRoot";
const CARD: &str = "4111 1111 1111 1111";
const IBAN: &str = "DE89 3704 0044 0532 0130 00";

async fn open() -> (Stage, Browser) {
    let stage = Stage::open(Database::Sqlite, Page::default(), |_| {}).await;
    let browser = Browser::start(Setup::default()).await;
    browser.driver.goto(&stage.company.origin).await.unwrap();
    browser.find_in_widget("[part=launcher]").await;
    click_in_widget(&browser, "[part=launcher]").await;
    browser.find_in_widget("#message").await;
    (stage, browser)
}

/// Puts a text into the field at once, as somebody pastes it.
async fn paste(browser: &Browser, text: &str) {
    let script = format!(
        "const field = {WIDGET}.querySelector('#message'); field.value = {}; \
         field.dispatchEvent(new InputEvent('input', {{ bubbles: true, composed: true }}))",
        json!(text)
    );
    browser.run(&script).await;
}

async fn until_said(browser: &Browser, words: &str) {
    let said = format!(
        "(note => note && !note.hidden && note.textContent.includes({}))({WIDGET}.querySelector('#masks'))",
        json!(words)
    );
    browser.wait_for(words, &said).await;
}

/// What the browser sends, noted before it leaves, and what of it is stored.
async fn send(stage: &Stage, browser: &Browser) -> (Value, String) {
    browser
        .run("const post = fetch; window.sent = []; window.fetch = (...all) => { all[1]?.body && sent.push(String(all[1].body)); return post(...all) }")
        .await;
    click_in_widget(browser, "#send").await;
    browser.find_in_widget("#code").await;
    let sent = browser.run("return sent.find(body => body.includes('message'))").await;
    let select = "select message from feedback order by id desc limit 1";
    let stored =
        sayso::with_db!(&stage.collector.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();
    (serde_json::from_str(sent.as_str().unwrap_or("null")).unwrap(), stored)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_hidden_before_it_leaves_and_says_so_while_it_is_typed() {
    let (stage, browser) = open().await;
    type_in_widget(&browser, "#message", &format!("I paid twice with {CARD}.")).await;
    until_said(&browser, "We hid a card number").await;
    assert_eq!(
        browser.run(&format!("return {WIDGET}.querySelector('#masks label').hidden")).await,
        json!(true),
        "there is no choice"
    );
    assert_eq!(barriers(&browser).await, Vec::<String>::new());
    let (sent, stored) = send(&stage, &browser).await;
    assert!(
        !sent.to_string().contains("1111 1111 1111") && sent["message"].as_str().unwrap().contains("1111"),
        "{sent}"
    );
    assert_eq!(stored, sent["message"].as_str().unwrap());
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_else_is_hidden_goes_along_for_whoever_insists() {
    let (stage, browser) = open().await;
    type_in_widget(&browser, "#message", &format!("Pay it to {IBAN}, not to {CARD}.")).await;
    until_said(&browser, "We hid a card number").await;
    click_in_widget(&browser, "#keep-unmasked").await;
    let (sent, stored) = send(&stage, &browser).await;
    let message = sent["message"].as_str().unwrap();
    assert!(message.contains(IBAN) && !message.contains(CARD) && sent["keep_unmasked"] == json!(true), "{sent}");
    assert_eq!(stored, message);
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_known_however_they_are_written_and_nothing_else_is() {
    let (_stage, browser) = open().await;
    let fetched = "performance.getEntriesByType('resource').some(entry => entry.name.endsWith('masks.wasm'))";
    for harmless in
        ["Order SO-2291 of 2026-11-28", "Call 138 0013 8000", "It cost 1,299.00", "Model AB12 is late again and again"]
    {
        paste(&browser, harmless).await;
        assert_eq!(browser.run(&format!("return {fetched}")).await, json!(false), "{harmless}");
    }
    for (typed, said) in [
        ("4111·1111·1111·1111", "card"),
        ("４１１１１１１１１１１１１１１１", "card"),
        ("4111 - 1111 - 1111 - 1111", "card"),
        ("11010519491231002X", "identity"),
        ("DE89-3704-0044-0532-0130-00", "account"),
        ("https://shop.example/reset?token=s3cretword", "address"),
        ("shop.example/reset?token=s3cretword", "address"),
        ("gb82west12345698765432", "account"),
    ] {
        paste(&browser, typed).await;
        until_said(&browser, said).await;
        paste(&browser, "nothing").await;
        browser.wait_for("the note is gone", &format!("{WIDGET}.querySelector('#masks').hidden")).await;
    }
    browser.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_in_any_field_and_the_address_of_the_page_leave_without_it() {
    let (stage, browser) = open().await;
    let url = format!("{}/?token=abcdef123456&q=1", stage.company.origin);
    browser.driver.goto(&url).await.unwrap();
    click_in_widget(&browser, "[part=launcher]").await;
    type_in_widget(&browser, "#message", "It is late.").await;
    click_in_widget(&browser, "#details").await;
    type_in_widget(&browser, "#reference", CARD).await;
    until_said(&browser, "We hid a card number").await;
    let (sent, _) = send(&stage, &browser).await;
    assert_eq!(sent["reference"], json!("•••• •••• •••• 1111"));
    assert!(!sent["page"].to_string().contains("abcdef"), "{sent}");
    assert!(sent["page"]["url"].as_str().unwrap().ends_with("/?token=***&q=1"), "{sent}");
    // As where the module that knows them does not come: too little goes along and not too much.
    browser.devtools("Network.setBlockedURLs", json!({"urls": ["*masks*"]})).await;
    browser.devtools("Network.enable", json!({})).await;
    browser.driver.goto(&url).await.unwrap();
    click_in_widget(&browser, "[part=launcher]").await;
    type_in_widget(&browser, "#message", "It is late.").await;
    let (sent, _) = send(&stage, &browser).await;
    assert_eq!(sent["page"]["url"], json!(format!("{}/", stage.company.origin)));
    browser.stop().await;
}
