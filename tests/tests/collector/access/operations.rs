//! What the console does beside cases, for programs: alarms, the quarantine, calls, sheets of paper, members.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::auth::token::Scope;
use sayso::clock::DAY;
use sayso::jobs::run_due;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::json;

use super::{Program, count};
use crate::console::add_member;

const SERVICE: &str = r#"
[[survey]]
key = "opinion"
kind = "csat"
site = "acme"
title = { en = "How did we do?" }
channels = ["paper"]
"#;

async fn held(app: &TestApp) -> String {
    // A form without the token that it was handed out with is suspected.
    app.client().post_form("/s/acme", &[("kind", "complaint"), ("message", "casino")]).await;
    let select = "select id from cases where quarantine = 'held' order by id desc limit 1";
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap()
}

on_both_databases! {
    async fn programs_decide_over_the_quarantine(app: TestApp) {
        let program = Program::new(&app).await;
        let (one, other) = (held(&app).await, held(&app).await);
        assert_ne!(one, other);
        let wrong = program.post(&format!("/{one}/quarantine"), &json!({"decision": "keep"})).await;
        assert_eq!((wrong.status, wrong.field_errors()[0].0.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "/decision"));
        let released = program.post(&format!("/{one}/quarantine"), &json!({"decision": "release"})).await;
        assert_eq!((released.status, &released.json()["status"]), (StatusCode::OK, &json!("new")), "{}", released.body);
        assert_eq!(program.post(&format!("/{other}/quarantine"), &json!({"decision": "discard"})).await.json()["status"], "closed");
        assert_eq!(program.post(&format!("/{one}/quarantine"), &json!({"decision": "discard"})).await.status, StatusCode::CONFLICT);
        let reader = Program::with(&app, "Reader", &[Scope::CasesRead]).await;
        assert_eq!(reader.post(&format!("/{one}/quarantine"), &json!({"decision": "release"})).await.status, StatusCode::FORBIDDEN);
    }

    async fn programs_see_alarms_and_take_them_on(app: TestApp) {
        let program = Program::new(&app).await;
        let entered = program.post("", &json!({"site": "acme", "kind": "complaint", "message": "It burns", "priority": "urgent"})).await;
        assert_eq!(entered.status, StatusCode::CREATED, "{}", entered.body);
        run_due(&app.app).await.unwrap();
        let alarms = program.get_at("/api/v1/alarms").await.json();
        let case = alarms["alarms"][0]["case"].as_str().unwrap_or_else(|| panic!("{alarms}")).to_owned();
        assert_eq!(alarms["alarms"][0]["reason"], "urgent");
        for _ in 0..2 {
            assert_eq!(program.post_at(&format!("/api/v1/alarms/{case}/acknowledge"), &json!({})).await.status, StatusCode::NO_CONTENT);
        }
        assert_eq!(program.get_at("/api/v1/alarms").await.json(), json!({"alarms": [], "next": null}));
        let read = program.get(&format!("/{case}")).await.json();
        let taken = read["events"].as_array().unwrap().iter().filter(|event| event["data"]["is"] == "acknowledged").count();
        assert_eq!(taken, 1, "{read}");
    }

    async fn programs_read_whom_representatives_should_call(app: TestApp) {
        let program = Program::new(&app).await;
        let mei = add_member(&app, "mei", Role::Agent).await;
        app.client().submit(json!({"kind": "question", "message": "x", "contact": {"email": "li@example.com"}})).await;
        run_due(&app.app).await.unwrap();
        let customer = program.get_at("/api/v1/customers").await.json()["customers"][0]["id"].as_str().unwrap().to_owned();
        program.patch_at(&format!("/api/v1/customers/{customer}"), &json!({"representative": "mei@acme.example"})).await;
        assert_eq!(program.get_at("/api/v1/calls").await.json(), json!({"calls": [], "next": null}));
        app.app.clock.advance(91 * DAY);
        let calls = program.get_at("/api/v1/calls?representative=mei@acme.example").await.json();
        assert_eq!((&calls["calls"][0]["customer"], &calls["calls"][0]["representative"]), (&json!(customer), &json!(mei)));
        assert_eq!((&calls["calls"][0]["reason"], &calls["calls"][0]["days"]), (&json!("silent"), &json!(91)));
        for wrong in ["representative=nobody@acme.example", "x=1"] {
            assert_eq!(program.get_at(&format!("/api/v1/calls?{wrong}")).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
    }

    async fn programs_type_sheets_in_and_list_members(app: TestApp) {
        app.apply_service(SERVICE).await;
        let program = Program::new(&app).await;
        let path = "/api/v1/surveys/opinion/answers";
        let code = sayso::surveys::Sheet::random().to_string();
        for value in ["2", "4"] {
            let sheet = json!({"code": code, "answers": [{"field": "score", "value": value}]});
            assert_eq!(program.post_at(path, &sheet).await.status, StatusCode::NO_CONTENT);
        }
        assert_eq!(count(&app, "survey_answers where value = '4'").await, 1);
        assert_eq!(count(&app, "survey_answers").await, 1, "typed in again it replaces what it said");
        let mistyped = program.post_at(path, &json!({"code": "7QK4-M2XX", "answers": [{"field": "score", "value": "1"}]})).await;
        assert_eq!((mistyped.status, mistyped.field_errors()[0].0.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "/code"));
        assert_eq!(program.post_at(path, &json!({"answers": [{"field": "score", "value": 9}]})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let id = add_member(&app, "mei", Role::Agent).await;
        let members = program.get_at("/api/v1/members").await.json();
        assert_eq!((&members["members"][0]["id"], &members["members"][0]["role"], &members["members"][0]["teams"]), (&json!(id), &json!("agent"), &json!([])));
        let reader = Program::with(&app, "Reader", &[Scope::CasesRead]).await;
        assert_eq!(reader.get_at("/api/v1/members").await.status, StatusCode::FORBIDDEN);
    }
}
