//! Where nothing can be kept, the form keeps the text on the screen, as it always did.

use sayso_tests::browser::Setup;
use sayso_tests::company::Page;
use sayso_tests::proxy::Network;
use serde_json::json;

use super::{TEXT, Visit, WIDGET};
use crate::stage::{click_in_widget, type_in_widget};

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
    click_in_widget(&visit.browser, "[part=launcher]").await;
    visit.browser.find_in_widget("#message").await;
    visit.proxy.set(Network::Down);
    type_in_widget(&visit.browser, "#message", TEXT).await;
    visit.send().await;
    visit.browser.find_in_widget("#failure").await;
    assert_eq!(visit.typed().await, json!(TEXT));
    // It comes with the network.
    visit.proxy.set(Network::Up);
    visit.send().await;
    visit.code().await;
    assert_eq!(visit.stage.cases().await, 1);
    visit.end().await;
}
