//! A customer says it on a company's page under a strict policy, follows the code, and reads the answer.

use reqwest::Method;
use sayso::auth::member::Name;
use sayso::auth::token::{Scope, Token};
use sayso_shared::TrackingCode;
use sayso_tests::browser::Engine;
use sayso_tests::company::Page;
use sayso_tests::stage::{Stage, click_in_widget, type_in_widget};
use sayso_tests::{Database, TestApp};
use serde_json::{Value, json};

use super::{in_every_browser, visit};

/// One language of the story.
struct Words {
    language: &'static str,
    /// What the launcher says.
    launcher: &'static str,
    complaint: &'static str,
    name: &'static str,
    answer: &'static str,
}

const ENGLISH: Words = Words {
    language: "en-GB",
    launcher: "Feedback",
    complaint: "The delivery came three days late.",
    name: "Li Lei",
    answer: "We are sorry. The delivery is on us.",
};

const CHINESE: Words = Words {
    language: "zh-CN",
    launcher: "意见反馈",
    complaint: "送货迟到了三天，没有人联系我。",
    name: "李雷",
    answer: "非常抱歉，运费已经退回。",
};

async fn the_story(engine: Engine, words: &Words) {
    // WebKit's language is the system's, and the tag decides over any browser's.
    let attributes = if engine == Engine::WebKit { format!("data-lang={}", words.language) } else { String::new() };
    let stage = Stage::open(Database::Sqlite, Page { attributes, ..Page::default() }, |_| {}).await;
    let browser = visit(engine, words.language, &stage.company.origin).await;
    let launcher = browser.find_in_widget("[part=launcher]").await;
    assert_eq!(launcher.text().await.unwrap(), words.launcher);
    launcher.click().await.unwrap();
    let focused = "document.querySelector('sayso-widget').shadowRoot.activeElement?.matches('form h2')";
    browser.wait_for("the form with its heading focused", focused).await;
    type_in_widget(&browser, "#message", words.complaint).await;
    click_in_widget(&browser, "#contact").await;
    type_in_widget(&browser, "#name", words.name).await;
    type_in_widget(&browser, "#email", "li.lei@example.com").await;
    // Computed from the accent, which has to reach a stylesheet that is in use.
    let colour = "getComputedStyle(document.querySelector('sayso-widget').shadowRoot.querySelector('#send')).color";
    assert_eq!(browser.run(&format!("return {colour}")).await, json!("rgb(255, 255, 255)"));
    browser.picture(&format!("browsers-{engine}-{}-form", words.language)).await;
    click_in_widget(&browser, "#send").await;
    let code = browser.find_in_widget("#code").await.text().await.unwrap();
    assert!(TrackingCode::parse(&code).is_ok(), "{code}");
    browser.picture(&format!("browsers-{engine}-{}-thanks", words.language)).await;

    let case = answer(&stage.collector, words.answer).await;
    assert_eq!(case["message"], words.complaint);
    let contact = &case["contact"];
    assert_eq!((&contact["name"], &contact["email"]), (&json!(words.name), &json!("li.lei@example.com")));
    browser.driver.goto(format!("{}/t/{code}", stage.collector.url)).await.unwrap();
    // What was submitted is folded once there is an answer.
    for said in [words.complaint, words.answer] {
        browser.wait_for(said, &format!("document.body.textContent.includes({said:?})")).await;
    }
    browser.picture(&format!("browsers-{engine}-{}-status", words.language)).await;
    browser.stop().await;
}

/// The staff answer the one case that there is, which is given as they see it.
async fn answer(collector: &TestApp, text: &str) -> Value {
    let app = &collector.app;
    let name = Name::parse("Desk").unwrap();
    let token = Token::add(&app.db, &app.keys, &name, Scope::ALL, &sayso::audit::Stamp::command(app.clock.now()))
        .await
        .unwrap();
    let client = collector.client();
    let cases = client.request(Method::GET, "/api/v1/cases").bearer_auth(token.reveal());
    let cases = client.send(cases).await.json();
    assert_eq!(cases["cases"].as_array().unwrap().len(), 1, "one case was made: {cases}");
    let path = format!("/api/v1/cases/{}", cases["cases"][0]["id"].as_str().unwrap());
    let case = client.send(client.request(Method::GET, &path).bearer_auth(token.reveal())).await.json();
    let request = client.request(Method::POST, &format!("{path}/messages")).bearer_auth(token.reveal());
    let request = request.header("idempotency-key", uuid::Uuid::new_v4().to_string());
    let answered = client.send(request.json(&json!({"kind": "reply", "body": text}))).await;
    assert!(answered.status.is_success(), "{}", answered.body);
    case["case"].clone()
}

in_every_browser! {
    async fn in_english(engine: Engine) {
        the_story(engine, &ENGLISH).await;
    }

    async fn in_chinese(engine: Engine) {
        the_story(engine, &CHINESE).await;
    }
}
