//! The customer's API: its shapes, its errors, its repeats.

use reqwest::{Method, StatusCode};
use sayso::cases::Case;
use sayso::cases::staff::FollowUp;
use sayso::clock::{DAY, rfc3339};
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{add_member, answer, count, status_of, upheld};

on_both_databases! {
    async fn a_case_has_this_shape(app: TestApp) {
        add_member(&app).await;
        let client = app.client();
        let code = client.complain("The sofa came torn", "li@example.com").await;
        let case = Case::by_code(&app.app, &code).await.unwrap();
        let url = format!("/api/v1/feedback/{}", code.to_lowercase().replace('-', ""));
        let request = client.request(Method::GET, &url).header("origin", TestApp::ORIGIN);
        let read = client.send(request).await;
        assert_eq!((read.status, read.header("access-control-allow-origin"), read.header("cache-control")), (StatusCode::OK, TestApp::ORIGIN, "no-store"));
        assert_eq!(read.json(), json!({
            "code": code, "site": {"key": "acme", "name": "Acme Home"}, "kind": "complaint", "stage": "received",
            "received_at": rfc3339(case.received_at), "first_response_due": rfc3339(case.first_response_due.unwrap()),
            "is_late": false, "message": "The sofa came torn", "messages": [], "attachments": [], "outcome": null, "can_rate": false
        }));
        // The promise was not kept, and no answer has come yet.
        app.app.clock.advance(case.first_response_due.unwrap() - app.app.clock.now() + 1);
        assert_eq!(client.get(&url).await.json()["is_late"], json!(true));
        answer(&app, &code, "We refund it.", upheld()).await;
        let read = client.get(&url).await.json();
        assert_eq!(read["is_late"], json!(false));
        let at = &read["messages"][0]["at"];
        assert!(at.as_str().unwrap().ends_with('Z'));
        assert_eq!(read["messages"], json!([{"by": "staff", "name": "Lin", "body": "We refund it.", "attachments": [], "at": at}]));
        assert_eq!((&read["stage"], &read["outcome"], &read["can_rate"]), (&json!("answered"), &json!("upheld"), &json!(true)));
        let foreign = client.request(Method::GET, &url).header("origin", "https://evil.example");
        assert_eq!(client.send(foreign).await.status, StatusCode::FORBIDDEN);
    }

    async fn messages_are_stored_once(app: TestApp) {
        add_member(&app).await;
        let client = app.client();
        let code = client.complain("x", "li@example.com").await;
        answer(&app, &code, "Which one?", FollowUp::Wait).await;
        let url = format!("/api/v1/feedback/{code}/messages");
        let key = uuid::Uuid::new_v4().to_string();
        let post = async |body: Value| client.send(client.request(Method::POST, &url).header("idempotency-key", &key).json(&body)).await;
        let first = post(json!({"body": " 左边那个 "})).await;
        assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
        let message = first.json();
        assert_eq!(message, json!({"by": "customer", "name": null, "body": "左边那个", "attachments": [], "at": message["at"]}));
        app.app.clock.advance(60_000);
        let again = post(json!({"body": "左边那个"})).await;
        assert_eq!((again.status, again.json()), (StatusCode::CREATED, message.clone()));
        let other = post(json!({"body": "右边那个"})).await;
        assert_eq!((other.status, other.problem().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"));
        let read = client.get(&format!("/api/v1/feedback/{code}")).await.json();
        assert_eq!((&read["messages"][1], &read["stage"]), (&message, &json!("being_looked_into")));
        assert_eq!(count(&app, "messages").await, 2);
    }

    async fn a_rating_moves_the_case(app: TestApp) {
        add_member(&app).await;
        let client = app.client();
        let code = client.complain("x", "li@example.com").await;
        let url = format!("/api/v1/feedback/{code}/satisfaction");
        let early = client.post_json(&url, &json!({"score": 5})).await;
        assert_eq!((early.status, early.problem().as_str()), (StatusCode::CONFLICT, "conflict"));
        answer(&app, &code, "Done.", upheld()).await;
        let unhappy = client.post_json(&url, &json!({"score": 3})).await;
        assert_eq!((unhappy.status, unhappy.json()), (StatusCode::OK, json!({"stage": "answered"})));
        let not_solved = client.post_json(&url, &json!({"score": 1, "solved": false, "comment": "no"})).await;
        assert_eq!(not_solved.json(), json!({"stage": "being_looked_into"}));
        answer(&app, &code, "Now.", upheld()).await;
        let solved = client.post_json(&url, &json!({"score": 4})).await;
        assert_eq!((solved.json(), status_of(&app, &code).await), (json!({"stage": "closed"}), "closed".into()));
        app.app.clock.advance(31 * DAY);
        let read = client.get(&format!("/api/v1/feedback/{code}")).await.json();
        assert_eq!((&read["can_rate"], &read["outcome"]), (&json!(false), &json!("upheld")));
        for (path, body) in [("messages", json!({"body": "x"})), ("satisfaction", json!({"score": 1}))] {
            let late = client.post_json(&format!("/api/v1/feedback/{code}/{path}"), &body).await;
            assert_eq!((late.status, late.problem().as_str()), (StatusCode::CONFLICT, "conflict"), "{path}");
        }
    }

    async fn errors_are_problems(app: TestApp) {
        let client = app.client();
        let code = client.complain("x", "li@example.com").await;
        let url = format!("/api/v1/feedback/{code}/messages");
        let unknown = sayso_shared::TrackingCode::from_random([9; 12]).to_string();
        let mut bodies = std::collections::BTreeSet::new();
        for wrong in [unknown.as_str(), "7QK4", "%FF"] {
            let answer = client.get(&format!("/api/v1/feedback/{wrong}")).await;
            assert_eq!((answer.status, answer.problem().as_str(), answer.header("content-type")), (StatusCode::NOT_FOUND, "not_found", "application/problem+json"));
            bodies.insert(answer.body);
            for (path, body) in [("messages", json!({"body": "x"})), ("satisfaction", json!({"score": 1}))] {
                let answer = client.post_json(&format!("/api/v1/feedback/{wrong}/{path}"), &body).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND);
                bodies.insert(answer.body);
            }
        }
        assert_eq!(bodies.len(), 1, "a wrong code tells nothing: {bodies:?}");
        for (body, field) in [
            (json!({}), ("/body", "required")), (json!({"body": ""}), ("/body", "required")), (json!({"body": 1}), ("/body", "invalid")),
            (json!({"body": "a\u{0}"}), ("/body", "invalid")), (json!({"body": "字".repeat(10_001)}), ("/body", "too_long")),
            (json!({"body": "x", "by": "staff"}), ("/by", "unknown_field")),
        ] {
            let answer = client.post_json(&url, &body).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(answer.field_errors(), [(field.0.to_owned(), field.1.to_owned())]);
        }
        let post = |key: Option<&'static str>, media: &'static str, body: Vec<u8>| {
            let (client, url) = (client.clone(), url.clone());
            async move {
                let request = client.request(Method::POST, &url).header("content-type", media).body(body);
                client.send(match key { Some(key) => request.header("idempotency-key", key), None => request }).await.status
            }
        };
        let (key, json) = (Some("018f3a1e-0000-7000-8000-000000000001"), "application/json");
        assert_eq!(post(None, json, b"{\"body\":\"x\"}".to_vec()).await, StatusCode::BAD_REQUEST);
        assert_eq!(post(Some("1"), json, b"{\"body\":\"x\"}".to_vec()).await, StatusCode::BAD_REQUEST);
        assert_eq!(post(key, json, b"{\"body\":\"\xff\"}".to_vec()).await, StatusCode::BAD_REQUEST);
        assert_eq!(post(key, json, b"{\"body\":\"\\ud800\"}".to_vec()).await, StatusCode::BAD_REQUEST);
        assert_eq!(post(key, json, b"no".to_vec()).await, StatusCode::BAD_REQUEST);
        assert_eq!(post(key, "text/plain", b"{}".to_vec()).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(post(key, json, vec![b' '; 2_000_000]).await, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(count(&app, "messages").await, 0);
    }

    async fn it_is_described(app: TestApp) {
        let described = app.client().get("/api/openapi.json").await.json();
        for (path, method, status) in [("", "get", "200"), ("/messages", "post", "201"), ("/satisfaction", "post", "200")] {
            let operation = &described["paths"][format!("/api/v1/feedback/{{code}}{path}")][method];
            assert!(operation["responses"][status]["content"].is_object(), "{path}: {operation}");
        }
    }
}
