//! Every event of every case in one order, for whoever keeps a copy.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use sayso_tests::{Answer, TestApp, on_both_databases};
use serde_json::{Value, json};

use super::Program;

async fn events(app: &TestApp, program: &Program<'_>, query: &str) -> Answer {
    let client = app.client();
    client.send(client.request(Method::GET, &format!("/api/v1/events{query}")).bearer_auth(&program.token)).await
}

fn ids(page: &Value) -> Vec<String> {
    page["events"].as_array().unwrap().iter().map(|event| event["case"].as_str().unwrap().to_owned()).collect()
}

on_both_databases! {
    async fn whoever_goes_on_from_next_reads_each_event_once(app: TestApp) {
        let program = Program::new(&app).await;
        let empty = events(&app, &program, "").await.json();
        assert_eq!(empty, json!({"events": [], "next": null}));
        let mut submitted = Vec::new();
        for number in 0..5 {
            let sent = app.client().submit(json!({"kind": "praise", "message": format!("Number {number}")})).await;
            assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
        }
        sayso::jobs::run_due(&app.app).await.unwrap();
        let (mut after, mut read) = (String::new(), Vec::new());
        loop {
            let page = events(&app, &program, &format!("?limit=2{after}")).await.json();
            if page["events"].as_array().unwrap().is_empty() {
                break;
            }
            for event in page["events"].as_array().unwrap() {
                assert_eq!((&event["type"], &event["actor"], &event["seq"]), (&json!("case.created"), &json!("customer"), &json!(1)));
                submitted.push(event["number"].as_i64().unwrap());
            }
            read.extend(ids(&page));
            after = format!("&after={}", page["next"].as_str().unwrap());
        }
        read.dedup();
        assert_eq!((read.len(), submitted), (5, vec![1, 2, 3, 4, 5]));
        let again = events(&app, &program, &format!("?{}", after.trim_start_matches('&'))).await.json();
        assert_eq!(format!("&after={}", again["next"].as_str().unwrap()), after, "it goes on from there later");
    }

    async fn who_waits_hears_of_what_comes(app: TestApp) {
        let program = Program::new(&app).await;
        let waiting = events(&app, &program, "?wait=30");
        let coming = async {
            app.client().submit(json!({"kind": "praise", "message": "At last"})).await;
            sayso::jobs::run_due(&app.app).await.unwrap();
        };
        let (page, ()) = tokio::time::timeout(Duration::from_secs(20), async { tokio::join!(waiting, coming) }).await.unwrap();
        assert_eq!(page.json()["events"].as_array().unwrap().len(), 1, "{}", page.body);
    }

    async fn wrong_parameters_are_named(app: TestApp) {
        let program = Program::new(&app).await;
        for (query, pointer) in [("?after=x", "/after"), ("?limit=0", "/limit"), ("?limit=1001", "/limit"), ("?wait=31", "/wait"), ("?wait=-1", "/wait"), ("?from=1", "/from")] {
            let refused = events(&app, &program, query).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
            assert_eq!(refused.field_errors()[0].0, pointer, "{query}");
        }
    }
}
