//! Whoever answers a survey and wants an answer themselves, on the page that anybody can open.

use reqwest::StatusCode;
use sayso::clock::DAY;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::pages::hidden;
use super::reports::{post, submit};
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

/// The hidden fields of the page, with which its form is sent.
async fn handed_out(app: &TestApp) -> [(&'static str, String); 2] {
    let page = app.client().get(PAGE).await.body;
    ["key", "token"].map(|name| (name, hidden(&page, name)))
}

/// A form with those and with others.
fn form<'a>(
    handed_out: &'a [(&'static str, String); 2],
    others: &[(&'static str, &'a str)],
) -> Vec<(&'static str, &'a str)> {
    handed_out.iter().map(|(name, value)| (*name, value.as_str())).chain(others.iter().copied()).collect()
}

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
        let handed_out = handed_out(&app).await;
        let mut others = [
            ("importance:delivery", "5"), ("satisfaction:delivery", "2"),
            ("message", "Three weeks for a lamp?"), ("name", "Li Lei"), ("email", "li@example.com"),
        ];
        let sent = client.post_form(PAGE, &form(&handed_out, &others)).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
        let thanks = client.get(sent.location()).await;
        let code = sent.location().split_once("code=").unwrap().1.to_owned();
        assert!(thanks.body.contains(&format!("href=\"/t/{code}\"")), "{}", thanks.body);
        assert_eq!(client.get(&format!("/t/{code}")).await.status, StatusCode::OK);
        let case = cases(&app).await.remove(0);
        assert_eq!((&case["kind"], &case["channel"], &case["message"]), (&json!("question"), &json!("entry"), &json!("Three weeks for a lamp?")));
        assert_eq!(case["contact"], json!({"name": "Li Lei", "email": "li@example.com", "phone": null}));
        assert_eq!(case["context"], json!({"survey": "yearly", "delivery.importance": "5", "delivery.satisfaction": "2"}));

        // Sent twice it is one, also with another answer; with another text it is another.
        others[1].1 = "3";
        for _ in 0..2 {
            assert_eq!(client.post_form(PAGE, &form(&handed_out, &others)).await.location(), sent.location());
        }
        assert_eq!((count(&app, "cases").await, count(&app, "survey_answers").await), (1, 2));
        others[2].1 = "And the lamp was green";
        assert_ne!(client.post_form(PAGE, &form(&handed_out, &others)).await.location(), sent.location());
        assert_eq!((count(&app, "cases").await, count(&app, "survey_answers").await), (2, 2));
    }

    async fn what_a_robot_sends_is_held(app: TestApp) {
        app.apply_service(SURVEYS).await;
        let handed_out = handed_out(&app).await;
        let others = [("importance:delivery", "5"), ("message", "Buy pills"), ("email", "victim@example.com")];
        for robot in [vec![others[0], others[1], others[2]], form(&[("key", handed_out[0].1.clone()), ("token", "1.forged".to_owned())], &others)] {
            assert_eq!(app.client().post_form(PAGE, &robot).await.status, StatusCode::SEE_OTHER, "it learns nothing of it");
        }
        assert_eq!(cases(&app).await.len(), 0);
        let held = "select count(*) from cases where quarantine = 'held'";
        let n: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(held).fetch_one(pool).await).unwrap();
        assert_eq!(n, 2);
        let answers = count(&app, "survey_answers").await;
        let filled = [others[0], ("message", "Buy more pills"), ("website", "https://casino.example")];
        let thanked = app.client().post_form(PAGE, &form(&handed_out, &filled)).await;
        assert!(thanked.status == StatusCode::SEE_OTHER && thanked.location().contains("done=1&code="), "{}", thanked.body);
        let held: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(held).fetch_one(pool).await).unwrap();
        assert_eq!((held, count(&app, "cases").await), (3, 3), "what it wrote is held");
        assert_eq!(count(&app, "survey_answers").await, answers, "and what it answered does not count");
    }

    async fn a_page_that_lay_open_for_long_is_sent_again(app: TestApp) {
        app.apply_service(SURVEYS).await;
        let handed_out = handed_out(&app).await;
        let others = [("importance:delivery", "5"), ("message", "Where is my lamp?")];
        app.app.clock.advance(30 * DAY);
        let late = app.client().post_form(PAGE, &form(&handed_out, &others)).await;
        assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(late.body.contains("id=\"expired\"") && late.body.contains("Where is my lamp?"), "{}", late.body);
        let again = ["key", "token"].map(|name| (name, hidden(&late.body, name)));
        assert_eq!(app.client().post_form(PAGE, &form(&again, &others)).await.status, StatusCode::SEE_OTHER);
        assert_eq!(cases(&app).await.len(), 1);
    }

    async fn whoever_wants_none_stays_unknown(app: TestApp) {
        app.apply_service(SURVEYS).await;
        let others = [("importance:delivery", "5"), ("message", " "), ("email", "")];
        let sent = app.client().post_form(PAGE, &others).await;
        assert_eq!(sent.location(), format!("{PAGE}?done=1"));
        assert_eq!((count(&app, "cases").await, count(&app, "survey_answers").await), (0, 1));
        let staff = app.client().get("/s/acme/survey/staff").await;
        assert!(!staff.body.contains("I would like an answer"), "members answer without their names: {}", staff.body);
    }

    async fn what_is_wrong_is_said_and_nothing_is_lost(app: TestApp) {
        app.apply_service(SURVEYS).await;
        app.set_site(&["consent_text.en=You may write to me."]).await;
        let (client, handed_out) = (app.client(), handed_out(&app).await);
        let others = [("importance:delivery", "5"), ("email", "li@"), ("name", "Li <Lei>")];
        let refused = client.post_form(PAGE, &form(&handed_out, &others)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        for part in ["id=\"message-error\"", "id=\"email-error\"", "id=\"consent-error\"", "value=\"Li &#60;Lei&#62;\"", "value=\"li@\"", "value=\"5\" checked"] {
            assert!(refused.body.contains(part), "{part} in {}", refused.body);
        }
        assert_eq!((count(&app, "cases").await, count(&app, "survey_answers").await), (0, 0), "all of it or nothing");
        let long = "x".repeat(10_001);
        let others = [("importance:delivery", "5"), ("email", "li@example.com"), ("message", long.as_str()), ("consent", "true")];
        let refused = client.post_form(PAGE, &form(&handed_out, &others)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("id=\"message-error\"") && !refused.body.contains("consent-error"), "{}", refused.body);
        let others = [others[0], others[1], ("message", "My card 4111 1111 1111 1111 was charged twice"), others[3]];
        assert_eq!(client.post_form(PAGE, &form(&handed_out, &others)).await.status, StatusCode::SEE_OTHER);
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

    async fn a_survey_is_asked_for_after_a_resolved_case(app: TestApp) {
        let survey = |key: &str, title: &str, more: &str| {
            format!("[[survey]]\nkey = \"{key}\"\nkind = \"nps\"\nsite = \"acme\"\ntitle = {{ en = \"{title}\" }}\nchannels = [\"widget\"]\n{more}\n")
        };
        let over = survey("a-over", "It is over", "closes = \"2020-01-01\"");
        let staff = survey("b-staff", "For the staff", "audience = \"members\"");
        app.apply_service(&[over, staff, survey("c-asked", "Would <you>?", "")].concat()).await;
        let program = Program::new(&app).await;
        let (id, code) = submit(&app, &program, json!({"kind": "complaint", "message": "It came late"})).await;
        let (page, api) = (format!("/t/{code}"), format!("/api/v1/feedback/{code}"));
        assert!(!app.client().get(&page).await.body.contains("/survey/"), "nothing is resolved yet");
        assert!(app.client().get(&api).await.json().get("survey").is_none());
        post(&program, &format!("/{id}/status"), json!({"status": "resolved", "outcome": "upheld"})).await;
        let shown = app.client().get(&page).await.body;
        assert!(shown.contains("href=\"/s/acme/survey/c-asked\"") && shown.contains("Would &#60;you&#62;?"), "{shown}");
        assert!(!shown.contains("It is over") && !shown.contains("For the staff"), "{shown}");
        let asked = app.client().get(&api).await.json()["survey"].clone();
        assert_eq!(asked, json!({"title": "Would <you>?", "url": format!("{}/s/acme/survey/c-asked", app.app.config.public_url)}));
    }
}
