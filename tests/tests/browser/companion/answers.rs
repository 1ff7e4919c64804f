//! What may help before somebody asks.

use serde_json::json;
use thirtyfour::Key;

use super::Visit;
use crate::stage::{click_in_widget, type_in_widget};

const SERVICE: &str = r#"
[[answer]]
key = "returns"
site = "acme"
question = { en = "How do I return a sofa?", zh-Hans = "沙发怎么退货？" }
solution = { en = "Within 30 days, for free.\nCall us and we fetch it.", zh-Hans = "30天内免费退货。" }
"#;

impl Visit {
    async fn know_answers(&self) {
        self.stage.collector.apply_service(SERVICE).await;
        self.stage.collector.app.clock.advance(1_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_there_before_it_is_asked_for_and_reached_by_the_keyboard() {
    let visit = Visit::usual().await;
    visit.know_answers().await;
    visit.forget_answers().await;
    visit.come().await;
    type_in_widget(&visit.browser, "#message", "I want to return my sofa").await;
    let summary = visit.browser.find_in_widget(".answers summary").await;
    assert_eq!(summary.text().await.unwrap(), "How do I return a sofa?");
    assert_eq!(visit.run("return root.activeElement.id").await, json!("message"), "nobody is disturbed");
    summary.send_keys(Key::Enter).await.unwrap();
    assert_eq!(visit.text(".solution").await, "Within 30 days, for free.\nCall us and we fetch it.");
    visit.browser.picture("companion-answers").await;
    click_in_widget(&visit.browser, ".answers .ways button").await;
    assert_eq!(visit.text(".answers .hint").await, "Good to know, thank you.");
    click_in_widget(&visit.browser, ".answers .remove").await;
    visit.wait_for("they are hidden", "!root.querySelector('.answers')").await;
    visit.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_without_answers_is_not_asked() {
    let visit = Visit::usual().await;
    type_in_widget(&visit.browser, "#message", "I want to return my sofa, and write for a while.").await;
    visit.wait_for("the text has arrived", "root.querySelector('#message').value.endsWith('while.')").await;
    let asked = "return performance.getEntriesByType('resource').filter(entry => /answers/.test(entry.name)).length";
    assert_eq!(visit.browser.run(asked).await, json!(0));
    assert_eq!(visit.fetched().await, json!(0));
    visit.end().await;
}
