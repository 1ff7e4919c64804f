//! How a text leaves the outbox in other ways than by arriving.

use jsonwebtoken::{EncodingKey, Header, encode};
use sayso::cases::Case;
use sayso::sites::secrets;
use sayso_tests::browser::Setup;
use sayso_tests::company::Page;
use sayso_tests::proxy::Network;
use serde_json::json;

use super::{TEXT, Visit, WIDGET};
use crate::stage::click_in_widget;

/// Lets time pass for what waits: six days and a minute.
pub(super) const AGE: &str = "const done = arguments[arguments.length - 1]; indexedDB.open('sayso:acme').onsuccess = ({ target: { result } }) => {\n\
    const store = result.transaction('outbox', 'readwrite').objectStore('outbox')\n\
    store.getAll().onsuccess = ({ target }) => {\n\
      for (const record of target.result) store.put({ ...record, at: record.at - 6 * 864e5 - 6e4 })\n\
      store.transaction.oncomplete = () => { result.close(); done(true) } } }";

#[tokio::test(flavor = "multi_thread")]
async fn after_six_days_the_customer_gets_it_back() {
    let visit = Visit::usual().await;
    visit.leave_waiting(Network::Down).await;
    visit.browser.driver.execute_async(AGE, vec![]).await.unwrap();
    visit.proxy.set(Network::Up);
    visit.come().await;
    visit.browser.find_in_widget(".launcher[data-waiting]").await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    visit.browser.find_in_widget("#outbox li.expired").await;
    let screen = visit.screen().await;
    assert!(
        screen.contains("1 message couldn’t be sent") && screen.contains("six days") && screen.contains(TEXT),
        "{screen}"
    );
    assert_eq!(visit.proxy.submissions(), [], "the collector may have forgotten its key");
    visit.take_back().await;
    assert_eq!(visit.typed().await, json!(TEXT));
    visit.send().await;
    visit.code().await;
    assert_eq!(visit.stage.cases().await, 1);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_customer_can_change_their_mind() {
    let visit = Visit::usual().await;
    visit.leave_waiting(Network::Down).await;
    // Asked twice, since it can't be undone.
    visit.press("outbox_remove").await;
    assert!(visit.screen().await.contains("Delete for good?"));
    assert_eq!(visit.records().await.as_array().unwrap().len(), 1);
    // A try in between asks anew.
    let remove = format!("{WIDGET}.querySelector('[data-way$=outbox_remove]')?.click()");
    visit.browser.wait_for("the form", &format!("{WIDGET}.querySelector('#outbox').hidden || {remove}")).await;
    assert_eq!(visit.records().await, json!([]));
    visit.proxy.set(Network::Up);
    visit.come().await;
    assert!(!visit.stored().await.contains("waiting"), "the loader has nothing to do");
    assert_eq!((visit.stage.cases().await, visit.proxy.submissions().len()), (0, 0));
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forgetting_the_user_forgets_what_they_have_sent() {
    let visit = Visit::usual().await;
    visit.browser.run("Sayso('identify', { name: 'Li Lei', email: 'li.lei@example.com' })").await;
    visit.leave_waiting(Network::Down).await;
    visit.browser.run("Sayso('identify', null)").await;
    visit.browser.wait_for("nothing", &format!("{WIDGET}.querySelector('#outbox').hidden")).await;
    let screen = visit.screen().await;
    assert!(!screen.contains(TEXT) && !screen.contains("waiting"), "{screen}");
    assert!(visit.records().await.as_array().is_none_or(Vec::is_empty));
    visit.proxy.set(Network::Up);
    visit.come().await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    assert_eq!(visit.typed().await, json!(""));
    assert_eq!((visit.stage.cases().await, visit.proxy.submissions().len()), (0, 0));
    let stored = visit.stored().await;
    // The day on which the widget told of itself is nobody's.
    assert!(!stored.replace("sayso:acme:told", "").contains("sayso"), "{stored}");
    visit.end().await;
}

/// The loader alone forgets too: on a page where nobody has opened anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_signs_out_forgets_without_the_widget() {
    let visit = Visit::usual().await;
    visit.leave_waiting(Network::Down).await;
    visit.come().await;
    visit.browser.run("Sayso('identify', null)").await;
    sayso_tests::eventually("it is gone", async || visit.records().await.as_array().is_none_or(Vec::is_empty)).await;
    visit.browser.wait_for("no number", &format!("!{WIDGET}.querySelector('[data-waiting]')")).await;
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_user_has_sent_is_nothing_for_the_next() {
    let visit = Visit::usual().await;
    let identify = async |email: &str| {
        visit.browser.run(&format!("Sayso('identify', {{ email: {} }})", json!(email))).await;
    };
    identify("li.lei@example.com").await;
    visit.leave_waiting(Network::Down).await;
    identify("han.meimei@example.com").await;
    visit.browser.wait_for("nothing", &format!("{WIDGET}.querySelector('#outbox').hidden")).await;
    visit.proxy.set(Network::Up);
    visit.browser.run("window.dispatchEvent(new Event('online'))").await;
    identify("li.lei@example.com").await;
    visit.code().await;
    assert_eq!(visit.stage.cases().await, 1);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expires_while_it_waits_is_replaced_by_the_newest() {
    let visit = Visit::usual().await;
    let app = &visit.stage.collector.app;
    let site = visit.stage.collector.site().await;
    let (_, secret) =
        secrets::add(&app.db, &app.keys, &site, &sayso::audit::Stamp::command(app.clock.now())).await.unwrap();
    let token = |sub: &str, seconds: i64| {
        let claims = json!({"sub": sub, "name": "李雷", "exp": app.clock.now() / 1_000 + seconds});
        encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.reveal().as_bytes())).unwrap()
    };
    let identify = async |token: String| visit.browser.run(&format!("Sayso('identify', '{token}')")).await;
    identify(token("u-42", 300)).await;
    visit.leave_waiting(Network::Down).await;
    identify(token("u-42", -3_600)).await;
    visit.proxy.set(Network::Up);
    visit.send_now().await;
    visit
        .browser
        .wait_for("the reason", &format!("{WIDGET}.querySelector('#outbox').innerText.includes('sign-in has expired')"))
        .await;
    // Somebody else's token would make it theirs.
    identify(token("u-43", 300)).await;
    visit.browser.wait_for("nothing", &format!("{WIDGET}.querySelector('#outbox').hidden")).await;
    identify(token("u-42", 300)).await;
    let code = visit.code().await;
    let case = Case::by_code(app, &code).await.unwrap();
    assert_eq!(case.identity(&app.keys).unwrap().sub, "u-42");
    assert_eq!(visit.stage.cases().await, 1);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_drafts_are_kept_the_customer_decides() {
    let page = Page { attributes: "data-draft=off".to_owned(), ..Page::default() };
    let visit = Visit::begin(page, Setup::default()).await;
    visit.write(TEXT).await;
    visit.proxy.set(Network::Down);
    visit.send().await;
    visit.browser.find_in_widget("#failure").await;
    assert_eq!(visit.typed().await, json!(TEXT));
    assert_eq!(
        (visit.records().await, visit.stored().await),
        (json!([]), "\"{}\"".to_owned()),
        "nothing is on the disk"
    );
    visit.browser.picture("outbox-offered").await;
    click_in_widget(&visit.browser, "#keep").await;
    visit.browser.find_in_widget("#outbox li.waiting").await;
    assert_eq!(visit.heard().await, json!(["error", "error", "queued"]));
    visit.arrive_at_last(1).await;
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_can_write_another_while_one_waits() {
    let visit = Visit::usual().await;
    visit.leave_waiting(Network::Down).await;
    click_in_widget(&visit.browser, "#outbox .primary").await;
    assert_eq!(visit.browser.find_in_widget("#strip").await.text().await.unwrap(), "1 message waiting to be sent");
    crate::stage::type_in_widget(&visit.browser, "#message", "And the door too.").await;
    click_in_widget(&visit.browser, "#strip").await;
    visit.browser.find_in_widget("#outbox li.waiting").await;
    let back = "#outbox [data-way$=outbox_change]";
    let none = visit.browser.run(&format!("return {WIDGET}.querySelector('{back}')")).await;
    assert_eq!(none, json!(null), "the form holds one text at a time");
    click_in_widget(&visit.browser, "#outbox .primary").await;
    visit.browser.find_in_widget("#strip").await;
    assert_eq!(visit.typed().await, json!("And the door too."));
    visit.send().await;
    let title = format!("{WIDGET}.querySelector('#outbox h2')?.textContent === '2 messages waiting to be sent'");
    visit.browser.wait_for("both", &title).await;
    visit.proxy.set(Network::Up);
    visit.come().await;
    visit.browser.wait_for("both events", "heard.filter(([name]) => name === 'submitted').length === 2").await;
    assert_eq!(visit.stage.cases().await, 2);
    visit.end().await;
}
