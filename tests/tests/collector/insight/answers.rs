//! Answers as programs, pages and the staff send them, and as they are read: what can't be stored is refused with its place, and nobody is named.

use reqwest::{Method, StatusCode};
use sayso::auth::Role;
use sayso::auth::token::Scope;
use sayso_tests::{Answer, TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{stored_answers, surveys};
use crate::access::{Program, count};
use crate::console::Desk;

const SURVEYS: [(&str, &str); 3] = [("opinion", "free"), ("recommend", "nps"), ("yearly", "importance_satisfaction")];

async fn post(app: &TestApp, survey: &str, body: Value) -> Answer {
    let client = app.client();
    let request = client.request(Method::POST, &format!("/api/v1/sites/acme/surveys/{survey}"));
    client.send(request.header("idempotency-key", uuid::Uuid::new_v4().to_string()).json(&body)).await
}

on_both_databases! {
    async fn what_is_wrong_is_named_by_its_place(app: TestApp) {
        app.apply_service(&surveys(&SURVEYS)).await;
        let score = |value: Value| json!({"field": "score", "value": value});
        for (survey, body, wanted) in [
            ("recommend", json!({}), vec![("/answers", "required")]),
            ("recommend", json!([]), vec![("", "invalid"), ("/answers", "required")]),
            ("recommend", json!({"answers": "9"}), vec![("/answers", "invalid")]),
            ("recommend", json!({"answers": [score(json!("9"))], "foo": 1}), vec![("/foo", "unknown_field")]),
            ("recommend", json!({"answers": [score(json!(11))]}), vec![("/answers/0/value", "invalid")]),
            ("recommend", json!({"answers": [score(json!(9.5))]}), vec![("/answers/0/value", "invalid")]),
            ("recommend", json!({"answers": [score(json!(true))]}), vec![("/answers/0/value", "invalid")]),
            ("recommend", json!({"answers": [score(json!(["9"]))]}), vec![("/answers/0/value", "invalid")]),
            ("opinion", json!({"answers": [{"field": "text", "value": 9}]}), vec![("/answers/0/value", "invalid")]),
            ("recommend", json!({"answers": [{"field": "score"}]}), vec![("/answers/0/value", "required")]),
            ("recommend", json!({"answers": [7]}), vec![("/answers/0", "invalid")]),
            ("recommend", json!({"answers": [{"item": "x", "field": "score", "value": "9"}]}), vec![("/answers/0/item", "invalid")]),
            ("recommend", json!({"answers": [{"field": "score", "value": "9", "mood": "good"}]}), vec![("/answers/0/mood", "unknown_field")]),
            ("yearly", json!({"answers": [{"item": "price", "field": "importance", "value": "5"}]}), vec![("/answers/0/item", "invalid")]),
            ("yearly", json!({"answers": [{"field": "importance", "value": "5"}]}), vec![("/answers/0/item", "invalid")]),
            ("yearly", json!({"answers": [{"item": "delivery", "field": "score", "value": "5"}]}), vec![("/answers/0/field", "invalid")]),
            ("yearly", json!({"answers": [{"item": "delivery", "field": "importance", "value": 6}, {"item": "delivery", "field": "satisfaction", "value": "9"}]}), vec![("/answers/0/value", "invalid"), ("/answers/1/value", "invalid")]),
            ("opinion", json!({"answers": [{"field": "text", "value": "a\u{0}b"}]}), vec![("/answers/0/value", "invalid")]),
        ] {
            let refused = post(&app, survey, body.clone()).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {}", refused.body);
            let errors = refused.field_errors();
            let errors: Vec<(&str, &str)> = errors.iter().map(|(pointer, code)| (pointer.as_str(), code.as_str())).collect();
            assert_eq!(errors, wanted, "{body}: {}", refused.body);
        }
        for (item, value) in [("", json!("9")), ("score", json!(9))] {
            let stored = post(&app, "recommend", json!({"answers": [{"item": item, "field": "score", "value": value}]})).await;
            assert_eq!(stored.status, StatusCode::CREATED, "{}", stored.body);
        }
        assert_eq!(stored_answers(&app).await, ["9", "9"]);
        let client = app.client();
        let page = client.post_form("/s/acme/survey/opinion", &[("text:text", "a\0b")]).await;
        assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.body.contains("Please check this.") && page.body.contains("a\u{fffd}b"), "{}", page.body);
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        let typed = mei.post("/staff/surveys/opinion/answers", &[("text:text", "a\0b")]).await;
        assert_eq!(typed.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", typed.body);
        assert_eq!(count(&app, "survey_answers").await, 2);
    }

    async fn a_language_that_the_site_does_not_speak_is_its_first_one(app: TestApp) {
        app.apply_service(&surveys(&SURVEYS)).await;
        let read = async |lang: &str| app.client().get(&format!("/api/v1/sites/acme/surveys/recommend{lang}")).await.json();
        let first = read("").await;
        assert!(first["questions"][0]["label"].as_str().unwrap().contains("recommend"), "{first}");
        assert_eq!(read("?lang=fr").await, first);
        assert_ne!(read("?lang=zh-Hans").await["questions"][0]["label"], first["questions"][0]["label"]);
    }

    async fn cards_are_masked_in_what_people_write(app: TestApp) {
        app.apply_service(&surveys(&SURVEYS)).await;
        let text = "My card is 4111 1111 1111 1111.";
        let sent = post(&app, "opinion", json!({"answers": [{"field": "text", "value": text}]})).await;
        assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
        assert_eq!(app.client().post_form("/s/acme/survey/opinion", &[("text:text", text)]).await.status, StatusCode::SEE_OTHER);
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        assert_eq!(mei.post("/staff/surveys/opinion/answers", &[("text:text", text)]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(stored_answers(&app).await, vec!["My card is •••• •••• •••• 1111."; 3]);
    }

    async fn what_was_written_is_read_without_who_wrote_it(app: TestApp) {
        app.apply_service(&surveys(&SURVEYS)).await;
        let program = Program::new(&app).await;
        let path = "/api/v1/surveys/opinion/answers";
        assert_eq!(program.get_at(path).await.json(), json!({"answers": [], "next": null}));
        let desk = Desk::of(&app, "ann", Role::Viewer).await;
        assert!(!desk.client.get("/staff/surveys/opinion").await.body.contains("What was written"));
        for n in 0..4 {
            post(&app, "opinion", json!({"answers": [{"field": "text", "value": format!("Text <{n}>")}]})).await;
            post(&app, "recommend", json!({"answers": [{"field": "score", "value": n.to_string()}]})).await;
            app.app.clock.advance(1_000);
        }
        let few = program.get_at(path).await.json();
        assert_eq!(few["answers"][0], json!({"item": "text", "field": "text", "value": "Text <3>", "answered_on": null, "note": "too few"}));
        let scores = program.get_at("/api/v1/surveys/recommend/answers").await.json();
        assert_eq!(scores["answers"][0]["value"], Value::Null, "of few respondents no score is told");
        for n in 4..30 {
            post(&app, "opinion", json!({"answers": [{"field": "text", "value": format!("Text <{n}>")}]})).await;
            app.app.clock.advance(1_000);
        }
        post(&app, "recommend", json!({"answers": [{"field": "score", "value": "10"}]})).await;
        let scores = program.get_at("/api/v1/surveys/recommend/answers").await.json();
        assert_eq!(scores["answers"][0]["value"], "10");
        let today = sayso::clock::rfc3339(app.app.clock.now())[..10].to_owned();
        let mut texts = Vec::new();
        let mut next = String::new();
        loop {
            let page = program.get_at(&format!("{path}?limit=7&cursor={next}")).await.json();
            for answer in page["answers"].as_array().unwrap() {
                assert_eq!(answer.as_object().unwrap().keys().collect::<Vec<_>>(), ["item", "field", "value", "answered_on"], "nothing says who");
                assert_eq!(answer["answered_on"], today.as_str());
                texts.push(answer["value"].as_str().unwrap().to_owned());
            }
            // What comes in meanwhile moves no page.
            post(&app, "opinion", json!({"answers": [{"field": "text", "value": "meanwhile"}]})).await;
            match page["next"].as_str() {
                Some(cursor) => next = cursor.to_owned(),
                None => break,
            }
        }
        assert_eq!(texts, (0..30).rev().map(|n| format!("Text <{n}>")).collect::<Vec<_>>(), "the newest first, each once");
        let first = desk.client.get("/staff/surveys/opinion").await.body;
        assert!(first.contains("What was written") && first.contains("meanwhile") && first.contains("Text &#60;29&#62;") && !first.contains("Text &#60;2&#62;"), "{first}");
        let older = first.split("href=\"").find(|part| part.starts_with("/staff/surveys/opinion?cursor=")).unwrap();
        let older = desk.client.get(older.split('"').next().unwrap()).await.body;
        assert!(older.contains("Text &#60;2&#62;") && older.contains("Back to the newest"), "{older}");
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        assert!(!mei.client.get("/staff/surveys/opinion").await.body.contains("What was written"), "who may not read reports reads no texts");
        for wrong in ["?limit=0", "?limit=101", "?cursor=x", "?x=1"] {
            assert_eq!(program.get_at(&format!("{path}{wrong}")).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        assert_eq!(program.get_at(&format!("/api/v1/surveys/recommend/answers?cursor={next}")).await.status, StatusCode::UNPROCESSABLE_ENTITY, "a cursor is of its survey");
        assert_eq!(program.get_at("/api/v1/surveys/nothing/answers").await.status, StatusCode::NOT_FOUND);
        let stranger = Program::with(&app, "shop", &[Scope::CasesRead]).await;
        assert_eq!(stranger.get_at(path).await.status, StatusCode::FORBIDDEN);
    }
}
