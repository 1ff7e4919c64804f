//! What was forwarded and mailed, for programs.

use reqwest::{Method, StatusCode};
use sayso::auth::token::Scope;
use sayso::clock::{HOUR, rfc3339};
use sayso::jobs::run_due;
use sayso_tests::{Database, TestApp, WebhookReceiver, on_both_databases};
use serde_json::{Value, json};

use super::Program;
use crate::console::complaint;

const DELIVERIES: &str = "/api/v1/deliveries";

async fn found(program: &Program<'_>, query: &str) -> Vec<Value> {
    let answer = program.get_at(&format!("{DELIVERIES}{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["deliveries"].as_array().unwrap().clone()
}

/// A collector at work, two of whose cases did not get to its webhook, some hours apart.
async fn with_failures(database: Database, receiver: &WebhookReceiver) -> (TestApp, [String; 2]) {
    let app = TestApp::spawn_working(database, |config| config.dangerous_allow_private_targets = true).await;
    let program = Program::new(&app).await;
    let body =
        json!({"key": "crm", "site": "acme", "channel": "webhook", "url": receiver.url, "events": ["case.created"]});
    assert_eq!(program.post_at("/api/v1/targets", &body).await.status, StatusCode::CREATED);
    let mut cases = Vec::new();
    for at in 1..=2 {
        receiver.answer_next(404, &[]);
        cases.push(complaint(&app, "Late").await);
        run_due(&app.app).await.unwrap();
        let is_over = async || found(&program, "?target=crm&state=failed").await.len() == at;
        sayso_tests::eventually("it is given up", is_over).await;
        app.app.clock.advance(3 * HOUR);
    }
    (app, cases.try_into().unwrap())
}

on_both_databases! {
    async fn deliveries_are_found_by_state_target_case_and_time_page_by_page(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, [first, second]) = with_failures(database, &receiver).await;
        let program = Program::new_named(&app, "Other").await;
        let both = found(&program, "?target=crm").await;
        let of = |delivery: &Value| delivery["case"].as_str().unwrap().to_owned();
        assert_eq!(both.iter().map(of).collect::<Vec<_>>(), [second.clone(), first.clone()], "the newest first");
        assert_eq!((&both[0]["event"], &both[0]["state"], &both[0]["channel"]), (&json!("case.created"), &json!("failed"), &json!("webhook")));
        for asked in [first.as_str(), "1", "%231"] {
            let query = format!("?target=crm&case={asked}");
            assert_eq!(found(&program, &query).await.iter().map(of).collect::<Vec<_>>(), std::slice::from_ref(&first), "{asked}");
        }
        assert!(found(&program, "?case=999").await.is_empty() && found(&program, "?target=crm&state=sent").await.is_empty());
        let between = rfc3339(app.app.clock.now() - 4 * HOUR);
        assert_eq!(found(&program, &format!("?target=crm&since={between}")).await.iter().map(of).collect::<Vec<_>>(), std::slice::from_ref(&second));
        assert_eq!(found(&program, &format!("?target=crm&until={between}")).await.iter().map(of).collect::<Vec<_>>(), std::slice::from_ref(&first));
        let all = found(&program, "").await;
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = program.get_at(&format!("{DELIVERIES}?limit=1{cursor}")).await.json();
            paged.extend(page["deliveries"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(paged, all);
        for (query, pointer) in [("?state=lost", "/state"), ("?target=nobody", "/target"), ("?since=soon", "/since"), ("?limit=101", "/limit"), ("?cursor=x", "/cursor"), ("?what=1", "/what")] {
            let answer = program.get_at(&format!("{DELIVERIES}{query}")).await;
            assert_eq!((answer.status, answer.field_errors()[0].0.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, pointer));
        }
    }

    async fn a_delivery_is_shown_with_its_requests_and_without_addresses(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_failures(database, &receiver).await;
        let program = Program::new_named(&app, "Other").await;
        let id = found(&program, "?target=crm").await[0]["id"].as_str().unwrap().to_owned();
        let shown = program.get_at(&format!("{DELIVERIES}/{id}")).await;
        let body = shown.json();
        assert_eq!((&body["delivery"]["id"], &body["delivery"]["state"]), (&json!(id), &json!("failed")));
        let request = &body["requests"][0];
        assert!(request["request"].as_str().unwrap().starts_with("POST http://127.0.0.1:") && request["answer"].as_str().unwrap().contains("404"), "{body}");
        assert!(!shown.body.contains("/hook") && !shown.body.contains("v1,"), "{}", shown.body);
        assert_eq!(program.get_at(&format!("{DELIVERIES}/nothing")).await.status, StatusCode::NOT_FOUND);
        let stranger = Program::with(&app, "Stranger", &[Scope::CasesRead]).await;
        let reader = Program::with(&app, "Reader", &[Scope::ServiceRead]).await;
        assert_eq!(stranger.get_at(&format!("{DELIVERIES}/{id}")).await.status, StatusCode::FORBIDDEN);
        assert_eq!(reader.get_at(&format!("{DELIVERIES}/{id}")).await.status, StatusCode::OK);
        for path in ["replay".to_owned(), format!("{id}/replay")] {
            assert_eq!(reader.post_at(&format!("{DELIVERIES}/{path}"), &json!({"state": "failed"})).await.status, StatusCode::FORBIDDEN);
        }
    }

    async fn one_delivery_some_and_those_of_a_time_are_sent_once_more(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_failures(database, &receiver).await;
        let program = Program::new_named(&app, "Other").await;
        let (second, first) = (0, 1);
        let both = found(&program, "?target=crm").await;
        let id = |at: usize| both[at]["id"].as_str().unwrap().to_owned();
        let replay = async |body: Value| program.post_at(&format!("{DELIVERIES}/replay"), &body).await;
        let is_sent = async |count: usize| found(&program, "?target=crm&state=sent").await.len() == count;
        let between = rfc3339(app.app.clock.now() - 4 * HOUR);
        assert_eq!(replay(json!({"target": "crm", "until": between})).await.json(), json!({"replayed": 1}));
        sayso_tests::eventually("the first arrives", || is_sent(1)).await;
        let one = format!("{DELIVERIES}/{}/replay", id(second));
        assert_eq!(program.post_at(&one, &json!({})).await.status, StatusCode::OK);
        sayso_tests::eventually("the second arrives", || is_sent(2)).await;
        // With the same key it is one request.
        let (client, key) = (app.client(), uuid::Uuid::new_v4().to_string());
        for _ in 0..2 {
            let request = client.request(Method::POST, &format!("{DELIVERIES}/replay")).bearer_auth(program.token());
            let again = client.send(request.header("idempotency-key", &key).json(&json!({"ids": [id(first), id(second)]}))).await;
            assert_eq!(again.json(), json!({"replayed": 2}), "{}", again.body);
            sayso_tests::eventually("they arrive again", || is_sent(2)).await;
        }
        assert_eq!(receiver.wait_for(6).await.len(), 6, "two refused, two that arrived, and those two once more");
        assert_eq!(replay(json!({"state": "failed"})).await.json(), json!({"replayed": 0}));
        for (body, pointer) in [
            (json!({}), ""),
            (json!({"ids": []}), "/ids"),
            (json!({"ids": "x"}), "/ids"),
            (json!({"ids": ["x"], "target": "crm"}), "/target"),
            (json!({"target": "crm", "state": "failed"}), "/target"),
            (json!({"state": "sent"}), "/state"),
            (json!({"target": "nobody"}), "/target"),
            (json!({"since": "soon"}), "/since"),
            (json!({"all": true}), "/all"),
        ] {
            let answer = replay(body.clone()).await;
            let pointers: Vec<String> = if answer.status == StatusCode::UNPROCESSABLE_ENTITY { answer.field_errors().into_iter().map(|(pointer, _)| pointer).collect() } else { Vec::new() };
            assert!(pointers.iter().any(|known| known == pointer), "{body}: {}", answer.body);
        }
    }
}
