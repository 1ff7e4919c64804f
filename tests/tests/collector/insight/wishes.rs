//! Whoever answers a survey and wants an answer themselves, on the page that anybody can open.

use reqwest::StatusCode;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use crate::access::{Program, count};

const SURVEYS: &str = r#"
[[survey]]
key = "yearly"
kind = "importance_satisfaction"
site = "acme"
title = { en = "How did we do?" }
items = [{ key = "delivery", text = { en = "Delivery" } }]

[[survey]]
key = "staff"
kind = "csat"
site = "acme"
title = { en = "How is work?" }
audience = "members"
channels = ["link"]
"#;

const PAGE: &str = "/s/acme/survey/yearly";
const KEY: &str = "0192f7a0-7d6c-7c11-9f3e-5a1d2c3b4e5f";

/// The cases, as the API gives them.
async fn cases(app: &TestApp) -> Vec<Value> {
    let program = Program::new(app).await;
    let list = program.get("").await.json();
    let mut cases = Vec::new();
    for case in list["cases"].as_array().unwrap() {
        cases.push(program.get(&format!("/{}", case["id"].as_str().unwrap())).await.json()["case"].clone());
    }
    cases
}

on_both_databases! {
    async fn what_they_write_becomes_a_case_with_their_answers(app: TestApp) {
        app.apply_service(SURVEYS).await;
        let client = app.client();
        assert!(client.get(PAGE).await.body.contains("I would like an answer"));
        let form = [
            ("key", KEY), ("importance:delivery", "5"), ("satisfaction:delivery", "2"),
            ("message", "Three weeks for a lamp?"), ("name", "Li Lei"), ("email", "li@example.com"),
        ];
        let sent = client.post_form(PAGE, &form).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
        let thanks = client.get(sent.location()).await;
        let code = sent.location().split_once("code=").unwrap().1.to_owned();
        assert!(thanks.body.contains(&format!("href=\"/t/{code}\"")), "{}", thanks.body);
        assert_eq!(client.get(&format!("/t/{code}")).await.status, StatusCode::OK);

        // Sent twice it is one; with another text it is another.
        assert_eq!(client.post_form(PAGE, &form).await.location(), sent.location());
        assert_eq!((count(&app, "cases").await, count(&app, "survey_answers").await), (1, 2));
        let case = cases(&app).await.remove(0);
        assert_eq!((&case["kind"], &case["channel"], &case["message"]), (&json!("question"), &json!("entry"), &json!("Three weeks for a lamp?")));
        assert_eq!(case["contact"], json!({"name": "Li Lei", "email": "li@example.com", "phone": null}));
        assert_eq!(case["context"], json!({"survey": "yearly", "delivery.importance": "5", "delivery.satisfaction": "2"}));
        let changed: Vec<_> = form.iter().map(|(name, text)| (*name, if *name == "message" { "And the lamp was green" } else { *text })).collect();
        assert_ne!(client.post_form(PAGE, &changed).await.location(), sent.location());
        assert_eq!((count(&app, "cases").await, count(&app, "survey_answers").await), (2, 2));
    }

    async fn whoever_wants_none_stays_unknown(app: TestApp) {
        app.apply_service(SURVEYS).await;
        let form = [("importance:delivery", "5"), ("message", " "), ("email", "")];
        let sent = app.client().post_form(PAGE, &form).await;
        assert_eq!(sent.location(), format!("{PAGE}?done=1"));
        assert_eq!((count(&app, "cases").await, count(&app, "survey_answers").await), (0, 1));
        let staff = app.client().get("/s/acme/survey/staff").await;
        assert!(!staff.body.contains("I would like an answer"), "members answer without their names: {}", staff.body);
    }

    async fn what_is_wrong_is_said_and_nothing_is_lost(app: TestApp) {
        app.apply_service(SURVEYS).await;
        app.set_site(&["consent_text.en=You may write to me."]).await;
        let client = app.client();
        let mut form = vec![("key", KEY), ("importance:delivery", "5"), ("email", "li@"), ("name", "Li <Lei>")];
        let refused = client.post_form(PAGE, &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        for part in ["id=\"message-error\"", "id=\"email-error\"", "id=\"consent-error\"", "value=\"Li &#60;Lei&#62;\"", "value=\"li@\"", "value=\"5\" checked"] {
            assert!(refused.body.contains(part), "{part} in {}", refused.body);
        }
        assert_eq!((count(&app, "cases").await, count(&app, "survey_answers").await), (0, 0), "all of it or nothing");
        let long = "x".repeat(10_001);
        form[2] = ("email", "li@example.com");
        form.extend([("message", long.as_str()), ("consent", "true")]);
        let refused = client.post_form(PAGE, &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("id=\"message-error\"") && !refused.body.contains("consent-error"), "{}", refused.body);
        form.retain(|(name, _)| *name != "message");
        form.push(("message", "My card 4111 1111 1111 1111 was charged twice"));
        assert_eq!(client.post_form(PAGE, &form).await.status, StatusCode::SEE_OTHER);
        let case = cases(&app).await.remove(0);
        assert!(!case.to_string().contains("4111 1111"), "cards are masked on this way in, too: {case}");
        let agreed = "select count(*) from feedback where consent";
        let agreed: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(agreed).fetch_one(pool).await).unwrap();
        assert_eq!(agreed, 1);
    }

    async fn a_code_that_is_none_is_not_shown(app: TestApp) {
        app.apply_service(SURVEYS).await;
        let page = app.client().get(&format!("{PAGE}?done=1&code=%22%3E%3Cscript%3E")).await;
        assert!(page.status.is_success() && !page.body.contains("script%3E") && !page.body.contains("Follow my case"), "{}", page.body);
    }
}
