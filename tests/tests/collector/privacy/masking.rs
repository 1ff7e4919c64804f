//! Nothing that is to be masked is stored, whatever way it came.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::jobs::run_due;
use sayso_tests::on_both_databases;
use serde_json::json;

use super::everything_stored;
use crate::access::Program;
use crate::console::Desk;
use crate::pages::{Form, send};

const CARD: &str = "4111 1111 1111 1111";
const IDENTITY: &str = "11010519491231002X";
const IBAN: &str = "DE89 3704 0044 0532 0130 00";
const ADDRESS: &str = "https://shop.example/reset?token=s3cretword";

/// The smallest picture that there is.
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\0;";

/// All of it, as somebody writes it.
fn secrets() -> String {
    format!("card {CARD}, id {IDENTITY}, account {IBAN}, see {ADDRESS}")
}

/// What of it is in a text.
fn left(text: &str) -> Vec<&'static str> {
    [CARD, IDENTITY, IBAN, "s3cretword"].into_iter().filter(|secret| text.contains(secret)).collect()
}

on_both_databases! {
    async fn every_way_in_masks(app: TestApp) {
        let client = app.client();
        let text = secrets();
        let file = client.upload(&format!("{CARD} {IBAN}.gif"), GIF).await.json();
        assert!(left(&file.to_string()).is_empty() && file["name"].as_str().unwrap().contains("1111 ••••"), "{file}");
        let answer = client.submit(json!({"kind": "complaint", "message": text, "desired_outcome": text, "reference": CARD,
            "page": {"url": format!("{ADDRESS}#token=s3cretword"), "title": text}, "context": {"cart": [text], CARD: text},
            "attachments": [file["id"]]})).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        let code = answer.json()["code"].as_str().unwrap().to_owned();
        let key = uuid::Uuid::new_v4().to_string();
        let reply = client.request(reqwest::Method::POST, &format!("/api/v1/feedback/{code}/messages")).header("idempotency-key", key);
        let reply = client.send(reply.json(&json!({"body": text}))).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
        assert!(left(&reply.body).is_empty() && reply.body.contains("•••• •••• •••• 1111"), "the customer sees it: {}", reply.body);

        let entry = client.get("/s/acme").await;
        let mut form = Form::of(&entry.body, "/s/acme");
        form.set("kind", "question");
        form.set("message", &text);
        let sent = send(&client, &form).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
        let reply = client.get(&format!("/t/{code}")).await;
        let mut form = Form::of(&reply.body, &format!("/t/{code}/messages"));
        form.set("body", &text);
        assert_eq!(send(&client, &form).await.status, StatusCode::SEE_OTHER);

        let program = Program::new(&app).await;
        let entered = program.post("", &json!({"site": "acme", "kind": "praise", "message": text})).await;
        assert_eq!(entered.status, StatusCode::CREATED, "{}", entered.body);
        let file = app.data.path().join("old.csv");
        std::fs::write(&file, format!("kind,message\nquestion,\"{text}\"\n")).unwrap();
        let (done, said) = app.command(&["import", file.to_str().unwrap(), "--site", "acme"]).await;
        assert!(done && said.contains("Imported: 1"), "{said}");
        run_due(&app.app).await.unwrap();
        let stored = everything_stored(&app).await;
        let lines = |secret: &str| stored.lines().filter(|line| line.contains(secret)).map(str::to_owned).collect::<Vec<_>>();
        let found: Vec<_> = left(&stored).into_iter().map(lines).collect();
        assert!(found.is_empty(), "{found:?}");
        assert!(lines("•••• •••• •••• 1111").len() >= 8);
    }

    async fn of_what_the_staff_write_only_cards_are_masked(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let program = Program::new(&app).await;
        let entered = program.post("", &json!({"site": "acme", "kind": "praise", "message": "Good", "contact": {"email": "li@example.com"}})).await.json();
        let id = entered["id"].as_str().unwrap();
        run_due(&app.app).await.unwrap();
        for body in [json!({"kind": "note", "body": secrets()}), json!({"kind": "reply", "body": secrets()})] {
            assert!(program.post(&format!("/{id}/messages"), &body).await.status.is_success());
        }
        assert!(program.patch(id, &json!({"tags": [CARD]}), None).await.status.is_success());
        let problem = json!({"title": CARD, "cause": {"en": secrets()}, "solution": {"en": secrets(), "de": secrets()}});
        let problem = program.post_at("/api/v1/problems", &problem).await;
        assert_eq!((problem.status, problem.body.contains(CARD)), (StatusCode::CREATED, false), "{}", problem.body);
        let problem = format!("/api/v1/problems/{}", problem.json()["key"].as_str().unwrap());
        assert!(program.patch_at(&problem, &json!({"cause": {"fr": secrets()}})).await.status.is_success());
        let effort = json!({"kind": "call", "note": format!("read out {CARD}")});
        assert!(program.post(&format!("/{id}/efforts"), &effort).await.status.is_success());
        let written = lin.post(&format!("/staff/cases/{id}/note"), &[("body", &secrets())]).await;
        assert!(written.status.is_redirection(), "{}", written.body);
        let stored = everything_stored(&app).await;
        assert_eq!(left(&stored), [IDENTITY, IBAN, "s3cretword"]);
    }

    async fn whoever_insists_keeps_all_but_cards(app: TestApp) {
        let client = app.client();
        let answer = client.submit(json!({"kind": "question", "message": secrets(), "keep_unmasked": true})).await;
        let code = answer.json()["code"].as_str().unwrap().to_owned();
        let request = client.request(reqwest::Method::POST, &format!("/api/v1/feedback/{code}/messages"));
        let request = request.header("idempotency-key", uuid::Uuid::new_v4().to_string());
        let reply = client.send(request.json(&json!({"body": secrets(), "keep_unmasked": true}))).await;
        assert_eq!(left(&reply.body), [IDENTITY, IBAN, "s3cretword"], "{}", reply.body);
        assert_eq!(left(&everything_stored(&app).await), [IDENTITY, IBAN, "s3cretword"]);
    }
}
