//! Where nothing can be kept, the form keeps the text on the screen, as it always did.

use sayso_tests::browser::Setup;
use sayso_tests::company::{FRONT, Page};
use sayso_tests::proxy::Network;
use serde_json::json;
use thirtyfour::Key;

use super::{LISTEN, TEXT, Visit, WIDGET};
use crate::accessibility::barriers;
use crate::stage::{choose_a_kind, click_in_widget, type_in_widget};

const NONE: [&str; 0] = [];

async fn fails_and_is_sent_by_hand(visit: &Visit) {
    visit.proxy.set(Network::LosesAnswers);
    visit.send().await;
    visit.browser.find_in_widget("#failure").await;
    assert_eq!(visit.typed().await, json!(TEXT));
    assert_eq!(visit.heard().await, json!(["error"]), "nothing is promised");
    let keep = visit.browser.run(&format!("return {WIDGET}.querySelector('#keep')")).await;
    assert_eq!(keep, json!(null));
    visit.proxy.set(Network::Up);
    visit.send().await;
    visit.code().await;
    assert_eq!(visit.stage.cases().await, 1);
    visit.assert_one_submission_repeated(2);
}

/// What browsers do to third parties, and to everybody when the visitor wants it so.
#[tokio::test(flavor = "multi_thread")]
async fn storage_is_denied() {
    let preferences = &[("profile.default_content_setting_values.cookies", 2)];
    let visit = Visit::begin(Page::default(), Setup { preferences, ..Setup::default() }).await;
    let denied = "try { localStorage.length; return false } catch { return true }";
    assert_eq!(visit.browser.run(denied).await, json!(true));
    visit.write(TEXT).await;
    fails_and_is_sent_by_hand(&visit).await;
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_is_full() {
    let visit = Visit::usual().await;
    let fill = "for (let size = 1 << 20; size; size >>= 1) try { for (let i = 0;; i++) localStorage[size + ' ' + i] = 'x'.repeat(size) } catch {}";
    visit.browser.run(fill).await;
    visit.write(TEXT).await;
    fails_and_is_sent_by_hand(&visit).await;
    assert_eq!(visit.records().await, json!([]), "what can't be marked for the next page isn't kept");
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_database() {
    let visit = Visit::usual().await;
    visit.browser.run("Object.defineProperty(window, 'indexedDB', { value: undefined })").await;
    visit.write(TEXT).await;
    fails_and_is_sent_by_hand(&visit).await;
    visit.end().await;
}

/// The network went before the outbox could be fetched.
#[tokio::test(flavor = "multi_thread")]
async fn the_outbox_never_came() {
    let visit = Visit::usual().await;
    visit.browser.devtools("Network.enable", json!({})).await;
    visit.browser.devtools("Network.setBlockedURLs", json!({"urls": ["*outbox*"]})).await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    type_in_widget(&visit.browser, "#message", TEXT).await;
    choose_a_kind(&visit.browser).await;
    visit.proxy.set(Network::Down);
    visit.send().await;
    visit.browser.find_in_widget("#failure").await;
    assert_eq!(visit.typed().await, json!(TEXT));
    // It comes with the network.
    visit.browser.devtools("Network.setBlockedURLs", json!({"urls": []})).await;
    visit.proxy.set(Network::Up);
    visit.send().await;
    visit.code().await;
    assert_eq!(visit.stage.cases().await, 1);
    visit.end().await;
}

/// A page of the same website whose policy lacks these sources, where something waits that another page has left.
async fn waiting_where_sources_are_missing(sources: &[&str]) -> Visit {
    let mut policy = Page::default().policy;
    for source in sources {
        policy = policy.replace(source, "");
    }
    let html = format!("<!-- Content-Security-Policy: {policy} -->\n{FRONT}{{tag}}</html>");
    let page = Page { others: [("orders".to_owned(), html)].into(), ..Page::default() };
    let visit = Visit::begin(page, Setup::default()).await;
    visit.leave_waiting(Network::Refuses(503, 1)).await;
    visit.browser.driver.goto(visit.stage.company.url("orders")).await.unwrap();
    visit.browser.run(LISTEN).await;
    visit.browser.find_in_widget(".launcher[data-waiting]").await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    // It is drawn anew while what waits is looked at.
    let says = format!("{WIDGET}.querySelector('#strip')?.innerText.trim() == '1 message waiting to be sent'");
    visit.browser.wait_for("what waits", &says).await;
    visit
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_form_comes_in_a_frame_the_outbox_is_below_it() {
    let visit = waiting_where_sources_are_missing(&[" 'wasm-unsafe-eval'"]).await;
    visit.browser.find_in_widget("iframe:not([hidden])").await;
    visit.browser.picture("outbox-below-frame").await;
    assert_eq!(barriers(&visit.browser).await, NONE);

    // By the keyboard alone: behind the frame's last control is the outbox, and before the outbox is the frame.
    let focused = format!("return {WIDGET}.activeElement.id || {WIDGET}.activeElement.localName");
    let mut tabs = 0;
    while visit.browser.run(&focused).await != json!("strip") {
        tabs += 1;
        assert!(tabs < 40, "the outbox cannot be reached");
        visit.browser.driver.action_chain().send_keys(Key::Tab).perform().await.unwrap();
    }
    let back = visit.browser.driver.action_chain().key_down(Key::Shift).send_keys(Key::Tab).key_up(Key::Shift);
    back.perform().await.unwrap();
    assert_eq!(visit.browser.run(&focused).await, json!("iframe"));

    click_in_widget(&visit.browser, "#strip").await;
    visit.browser.find_in_widget("#outbox.whole").await;
    let screen = visit.screen().await;
    assert!(screen.contains(TEXT) && screen.contains("We’re receiving a lot"), "{screen}");
    let change = visit.browser.run(&format!("return {WIDGET}.querySelector('[data-way$=outbox_change]')")).await;
    assert_eq!(change, json!(null), "the form is the collector's, and takes nothing back");
    visit.browser.picture("outbox-beside-frame").await;
    assert_eq!(barriers(&visit.browser).await, NONE);
    click_in_widget(&visit.browser, "#outbox .primary").await;
    visit.browser.find_in_widget("iframe:not([hidden])").await;
    click_in_widget(&visit.browser, "#strip").await;

    visit.proxy.set(Network::Up);
    visit.code().await;
    assert_eq!(visit.heard().await[0], json!("submitted"));
    assert_eq!(visit.stage.cases().await, 1);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_only_a_link_what_waits_can_be_removed() {
    let sources = [" 'wasm-unsafe-eval'", "; frame-src {collector}"];
    let visit = waiting_where_sources_are_missing(&sources).await;
    visit.browser.picture("outbox-below-link").await;
    assert_eq!(barriers(&visit.browser).await, NONE);
    click_in_widget(&visit.browser, "#strip").await;
    visit.press("outbox_remove").await;
    visit.press("outbox_remove").await;
    visit.browser.wait_for("nothing more", &format!("{WIDGET}.querySelector('#outbox').hidden")).await;
    visit.browser.find_in_widget("#fallback a").await;
    assert_eq!(visit.records().await, json!([]));
    assert_eq!(visit.stage.cases().await, 0);
    visit.end().await;
}
