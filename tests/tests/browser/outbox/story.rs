//! From failing to arriving.

use std::time::Duration;

use reqwest::StatusCode;
use sayso_tests::proxy::Network;
use serde_json::json;

use super::{TEXT, Visit, WIDGET, detail};
use crate::stage::{choose_a_kind, click_in_widget, type_in_widget};

/// The outbox is there with the form, and not only when somebody types.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_and_sent_offline_after_the_form_was_opened_arrives_later() {
    let visit = Visit::usual().await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    visit.browser.find_in_widget("#send").await;
    let fetched = "['outbox', 'records', 'waiting', 'post'].every(name => performance.getEntriesByType('resource')\
        .some(entry => entry.responseEnd && entry.name.includes(name)))";
    visit.browser.wait_for("the outbox", fetched).await;
    visit.go_offline().await;
    type_in_widget(&visit.browser, "#message", TEXT).await;
    visit.send().await;
    visit.browser.find_in_widget("#outbox li.waiting").await;
    assert_eq!(visit.stage.cases().await, 0);
    visit.come_online().await;
    visit.code().await;
    assert_eq!(visit.stage.cases().await, 1);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_offline_is_kept_and_arrives_once() {
    let visit = Visit::usual().await;
    visit.write(TEXT).await;
    visit.go_offline().await;
    visit.send().await;
    let title = visit.browser.find_in_widget("#outbox h2").await.text().await.unwrap();
    assert_eq!(title, "1 message waiting to be sent");
    let screen = visit.screen().await;
    assert!(screen.contains(TEXT) && screen.contains("You’re offline") && !screen.contains("Thank you"), "{screen}");
    assert_eq!(visit.heard().await, json!(["error", "queued"]));
    assert_eq!(detail(&visit, "queued").await, json!({"kind": "complaint"}));
    assert_eq!(visit.stage.cases().await, 0);
    assert!(!visit.stored().await.contains("drawer"), "it is in one place only");
    let badge = visit.browser.run(&format!("return {WIDGET}.querySelector('.launcher').dataset.waiting")).await;
    assert_eq!(badge, json!("1"));

    visit.come_online().await;
    let code = visit.code().await;
    assert_eq!(visit.heard().await, json!(["error", "queued", "submitted"]));
    let submitted = detail(&visit, "submitted").await;
    let status_url = format!("{}/t/{code}", visit.stage.collector.url);
    assert_eq!(submitted, json!({"code": code, "status_url": status_url, "kind": "complaint"}));
    assert_eq!(visit.stage.collector.client().get(&format!("/t/{code}")).await.status, StatusCode::OK);
    assert_eq!(visit.stage.cases().await, 1);
    visit.assert_one_submission_repeated(1);

    // It stays until the customer has seen it, and then leaves nothing.
    visit.press("outbox_done").await;
    visit.browser.wait_for("the form", &format!("{WIDGET}.querySelector('#outbox').hidden")).await;
    assert_eq!(visit.records().await, json!([]));
    assert!(!visit.stored().await.contains("waiting"));
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_got_lost_is_asked_for_again() {
    let visit = Visit::usual().await;
    visit.leave_waiting(Network::LosesAnswers).await;
    assert_eq!(visit.stage.cases().await, 1, "it was stored");
    assert!(!visit.screen().await.contains("Thank you"), "but nobody knows that yet");
    let code = visit.arrive_at_last(2).await;
    assert_eq!(visit.stage.collector.client().get(&format!("/t/{code}")).await.status, StatusCode::OK);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_thanked_while_the_answer_is_still_coming() {
    let visit = Visit::usual().await;
    visit.write(TEXT).await;
    visit.proxy.set(Network::Trickles);
    visit.send().await;
    visit.proxy.wait_for_submissions(1).await;
    visit.browser.wait_for("sending", &format!("{WIDGET}.querySelector('form[aria-busy]')")).await;
    sayso_tests::eventually("it is stored", async || visit.stage.cases().await == 1).await;
    assert_eq!(visit.heard().await, json!([]));
    assert!(!visit.screen().await.contains("Thank you"));
    visit.proxy.set(Network::Up);
    visit.code().await;
    assert_eq!(visit.heard().await, json!(["submitted"]));
    assert_eq!(visit.records().await[0]["seen"], json!(true), "the form has shown it");
    assert!(!visit.records().await.to_string().contains("drawer"), "the text is gone");
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_collector_is_left_alone_for_as_long_as_it_asks() {
    for status in [429, 503] {
        let visit = Visit::usual().await;
        visit.leave_waiting(Network::Refuses(status, 3)).await;
        let screen = visit.screen().await;
        assert!(screen.contains("We’re receiving a lot") && screen.contains("Next try in"), "{screen}");
        assert_eq!(detail(&visit, "error").await, json!({"status": status, "type": "busy"}));
        let now = visit.browser.find_in_widget("[data-way$=outbox_now]").await;
        assert!(!now.is_enabled().await.unwrap(), "not even by hand");
        visit.proxy.set(Network::Up);
        visit.code().await;
        let seen = visit.proxy.wait_for_submissions(2).await;
        let pause = seen[1].at.duration_since(seen[0].at);
        assert!(pause >= Duration::from_secs(3), "it waited {pause:?}");
        visit.assert_one_submission_repeated(2);
        assert_eq!(visit.stage.cases().await, 1);
        visit.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_page_sends_it_without_the_form() {
    let visit = Visit::usual().await;
    visit.leave_waiting(Network::Down).await;
    visit.proxy.set(Network::Up);
    visit.come().await;
    visit.browser.wait_for("the event", "heard.some(([name]) => name === 'submitted')").await;
    let fetched =
        "return performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('.wasm')).length";
    assert_eq!(visit.browser.run(fetched).await, json!(0), "nobody has asked for the form");
    let title = visit.browser.find_in_widget(".launcher[data-waiting]").await.attr("title").await.unwrap();
    assert_eq!(title.as_deref(), Some("1 message was sent"));
    assert_eq!(visit.stage.cases().await, 1);

    // Whoever opens the widget finds the code, also a page later.
    visit.come().await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    visit.code().await;
    assert_eq!(visit.heard().await, json!([]), "it is told once");
    visit.assert_one_submission_repeated(1);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_later_says_why_and_comes_back_to_the_form() {
    let visit = Visit::usual().await;
    visit.leave_waiting(Network::Down).await;
    visit.stage.collector.set_site(&["required=contact"]).await;
    visit.proxy.set(Network::Up);
    visit.send_now().await;
    visit.browser.find_in_widget("#outbox li.refused").await;
    let screen = visit.screen().await;
    assert!(
        screen.contains("1 message couldn’t be sent") && screen.contains("Please enter an email address"),
        "{screen}"
    );
    visit.take_back().await;
    assert_eq!(visit.typed().await, json!(TEXT));
    assert_eq!(visit.records().await, json!([]));
    visit.send().await;
    visit.browser.find_in_widget("#contact_error").await;
    crate::stage::type_in_widget(&visit.browser, "#email", "li@example.com").await;
    visit.send().await;
    visit.code().await;
    assert_eq!(visit.stage.cases().await, 1);
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_form_is_sending_is_not_drawn_as_waiting() {
    let visit = Visit::usual().await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    choose_a_kind(&visit.browser).await;
    // Written and sent in one go, so that the outbox is still about to draw what it has found.
    let script = format!(
        "const root = {WIDGET}, field = root.querySelector('#message'); window.drawn = 0;\
         new MutationObserver(() => drawn++).observe(root.querySelector('.launcher'), {{ attributes: true, attributeFilter: ['data-waiting'] }});\
         field.value = {TEXT:?}; field.dispatchEvent(new Event('input', {{ bubbles: true, composed: true }}));\
         root.querySelector('#send').click()"
    );
    visit.browser.run(&script).await;
    visit.code().await;
    assert_eq!(visit.browser.run("return window.drawn").await, json!(0));
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_is_given_up_after_half_a_minute() {
    let visit = Visit::usual().await;
    // The browser's own clock, a hundred times as fast.
    let hasten = "const { timeout } = AbortSignal; window.asked = [];\
        AbortSignal.timeout = milliseconds => { asked.push(milliseconds); return timeout.call(AbortSignal, milliseconds / 100) }";
    visit.browser.run(hasten).await;
    visit.leave_waiting(Network::Holds).await;
    assert_eq!(visit.browser.run("return asked").await, json!([30_000]));
    assert_eq!(detail(&visit, "error").await, json!({"status": 0, "type": "network"}));
    assert!(visit.screen().await.contains(TEXT));
    visit.arrive_at_last(2).await;
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_opens_the_same_way_while_something_waits() {
    let visit = Visit::usual().await;
    visit.leave_waiting(Network::Down).await;
    click_in_widget(&visit.browser, "[part=close]").await;
    click_in_widget(&visit.browser, "[part=launcher]").await;
    let stands = format!(
        "return [{WIDGET}.querySelector('#panel').matches(':popover-open'), {WIDGET}.querySelector('#panel').matches(':modal')]"
    );
    assert_eq!(visit.browser.run(&stands).await, json!([true, false]));
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_not_there_is_named_and_nothing_waits_for_it() {
    let visit = Visit::usual().await;
    visit.write(TEXT).await;
    // As where a tag names another site than it should: the origin is that of one of ours.
    let renamed = "const { fetch } = window; window.fetch = (address, ...rest) => fetch(String(address).replace('/sites/acme/', '/sites/acne/'), ...rest)";
    visit.browser.run(renamed).await;
    visit.send().await;
    let failure = visit.browser.find_in_widget("#failure").await.text().await.unwrap();
    assert!(failure.contains("The team that should receive this can’t be found"), "{failure}");
    assert_eq!(detail(&visit, "error").await, json!({"status": 404, "type": "site"}));
    assert_eq!(visit.typed().await, json!(TEXT));
    visit.end().await;
}

/// Whoever sets a clock right has no reason to wait for a day.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_a_day_ahead_holds_nothing_back() {
    let visit = Visit::usual().await;
    let ahead = "const now = Date.now; Date.now = () => now() + 86400000";
    visit.browser.run(ahead).await;
    visit.leave_waiting(Network::Down).await;
    // Pages without locks have given each other a lease, by the same clock.
    let lease = "const done = arguments[arguments.length - 1]; indexedDB.open('sayso:acme').onsuccess = ({ target: { result } }) => {\n\
        const change = result.transaction('outbox', 'readwrite'), store = change.objectStore('outbox');\n\
        change.oncomplete = () => { result.close(); done() };\n\
        store.getAll().onsuccess = ({ target }) => store.put({ ...target.result[0], lease: Date.now() + 60000 }) }";
    visit.browser.driver.execute_async(lease, vec![]).await.unwrap();
    let lockless = json!({"source": "Object.defineProperty(navigator, 'locks', { value: undefined })"});
    visit.browser.devtools("Page.addScriptToEvaluateOnNewDocument", lockless).await;
    visit.proxy.set(Network::Up);
    visit.come().await;
    visit
        .browser
        .wait_for("it has arrived", &format!("{WIDGET}.querySelector('.launcher').dataset.state == 'sent'"))
        .await;
    assert_eq!(visit.stage.cases().await, 1);
    visit.end().await;
}
