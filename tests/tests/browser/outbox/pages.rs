//! Several pages, and one that is left in the middle.

use sayso_tests::browser::Setup;
use sayso_tests::company::Page;
use sayso_tests::proxy::Network;
use serde_json::json;
use thirtyfour::WindowHandle;

use super::{TEXT, Visit, WIDGET};
use crate::stage::{choose_a_kind, click_in_widget};

/// Opens the page once more, where the draft comes up again.
async fn second_page(visit: &Visit) -> (WindowHandle, WindowHandle) {
    let first = visit.browser.driver.window().await.unwrap();
    let second = visit.browser.driver.new_tab().await.unwrap();
    visit.browser.driver.switch_to_window(second.clone()).await.unwrap();
    visit.come().await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    visit.browser.wait_for("the draft", &format!("{WIDGET}.querySelector('#message').value === {}", json!(TEXT))).await;
    (first, second)
}

async fn two_pages_at_once_make_one_case(visit: &Visit) {
    visit.write(TEXT).await;
    let (first, second) = second_page(visit).await;
    visit.proxy.set(Network::Holds);
    visit.send().await;
    visit.proxy.wait_for_submissions(1).await;
    visit.browser.driver.switch_to_window(first).await.unwrap();
    visit.send().await;
    visit.browser.wait_for("sending", &format!("{WIDGET}.querySelector('form[aria-busy]')")).await;
    visit.proxy.set(Network::Up);
    let code = visit.code().await;
    visit.browser.driver.switch_to_window(second).await.unwrap();
    assert_eq!(visit.code().await, code);
    assert_eq!(visit.stage.cases().await, 1);
    visit.assert_one_submission_repeated(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_that_send_the_same_draft_at_once_make_one_case() {
    let visit = Visit::usual().await;
    two_pages_at_once_make_one_case(&visit).await;
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_on_plain_http_where_there_are_no_locks() {
    let setup = Setup { arguments: &["--host-resolver-rules=MAP shop.test 127.0.0.1"], ..Setup::default() };
    let mut visit = Visit::begin(Page::default(), setup).await;
    visit.stage.company.origin = visit.stage.company.origin.replace("localhost", "shop.test");
    visit.stage.collector.set_site(&[&format!("origins={}", visit.stage.company.origin)]).await;
    visit.come().await;
    let plain = visit.browser.run("return [isSecureContext, typeof navigator.locks, typeof crypto.randomUUID]").await;
    assert_eq!(plain, json!([false, "undefined", "undefined"]));
    two_pages_at_once_make_one_case(&visit).await;
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_still_shows_what_another_has_sent_gets_the_same_code() {
    let visit = Visit::usual().await;
    visit.write(TEXT).await;
    let (first, _) = second_page(&visit).await;
    visit.send().await;
    let code = visit.code().await;
    visit.browser.driver.switch_to_window(first).await.unwrap();
    visit.send().await;
    assert_eq!(visit.code().await, code);
    assert_eq!((visit.stage.cases().await, visit.proxy.submissions().len()), (1, 1));

    // The same words once more are something new.
    click_in_widget(&visit.browser, "#again").await;
    visit.browser.wait_for("the form", &format!("{WIDGET}.querySelector('#message')")).await;
    crate::stage::type_in_widget(&visit.browser, "#message", TEXT).await;
    visit.send().await;
    assert_ne!(visit.code().await, code);
    assert_eq!(visit.stage.cases().await, 2);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_sends_once() {
    let visit = Visit::usual().await;
    visit.write(TEXT).await;
    choose_a_kind(&visit.browser).await;
    visit.proxy.set(Network::Holds);
    let send = visit.browser.find_in_widget("#send").await;
    visit.browser.driver.action_chain().double_click_element(&send).perform().await.unwrap();
    visit.proxy.wait_for_submissions(1).await;
    send.click().await.unwrap();
    visit.proxy.set(Network::Up);
    visit.code().await;
    assert_eq!((visit.stage.cases().await, visit.proxy.submissions().len()), (1, 1));
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_reloaded_while_it_sends_goes_on_with_it() {
    let visit = Visit::usual().await;
    visit.write(TEXT).await;
    visit.proxy.set(Network::Holds);
    visit.send().await;
    visit.proxy.wait_for_submissions(1).await;
    visit.come().await;
    visit.proxy.wait_for_submissions(2).await;
    // It is on its way, so it is no draft any more.
    click_in_widget(&visit.browser, "[part=launcher]").await;
    visit.browser.find_in_widget("#strip").await;
    assert_eq!(visit.typed().await, json!(""));
    visit.proxy.set(Network::Up);
    visit.code().await;
    assert_eq!(visit.heard().await, json!(["submitted"]));
    assert_eq!(visit.stage.cases().await, 1);
    visit.assert_one_submission_repeated(2);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_beside_each_other_show_the_same() {
    let visit = Visit::usual().await;
    let first = visit.browser.driver.window().await.unwrap();
    visit.leave_waiting(Network::Down).await;
    visit.browser.driver.new_tab().await.unwrap();
    let second = visit.browser.driver.windows().await.unwrap().pop().unwrap();
    visit.browser.driver.switch_to_window(second).await.unwrap();
    visit.proxy.set(Network::Up);
    visit.come().await;
    visit.browser.wait_for("the event", "heard.some(([name]) => name === 'submitted')").await;
    visit.browser.driver.switch_to_window(first).await.unwrap();
    visit.code().await;
    assert_eq!(visit.heard().await, json!(["error", "queued"]), "the other page has told it");
    visit.assert_one_submission_repeated(1);
    visit.end().await;
}
