//! Tasks for others, and the audit log.

use super::*;

on_both_databases! {
    async fn tasks_are_given_and_their_end_is_told(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let (_, new) = submit(&app, &program, json!({"kind": "complaint", "message": "It came late"})).await;
        let id = new["id"].as_str().unwrap();
        let task = json!({"title": "Call the carrier", "owner": "bo@shop.example", "due": "2026-12-01T09:00:00Z"});
        let key = uuid::Uuid::new_v4().to_string();
        for _ in 0..2 {
            let added = program.post_with_key(&format!("/{id}/tasks"), &task, &key).await;
            assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
            let tasks = added.json()["tasks"].clone();
            assert_eq!(tasks.as_array().unwrap().len(), 1, "once for a key");
            assert_eq!((&tasks[0]["title"], &tasks[0]["owner"]["name"], &tasks[0]["due"], &tasks[0]["done_at"]), (&json!("Call the carrier"), &json!("Bo Xu"), &json!("2026-12-01T09:00:00Z"), &Value::Null));
        }
        run_due(&app.app).await.unwrap();
        let told = |all: &[crate::outbox::cases::Row]| all.iter().filter(|delivery| delivery.destination.starts_with("member:")).count();
        let before = told(&deliveries(&app).await);
        assert_eq!(before, 2, "Mei got the case, and Bo the task");
        assert_eq!(program.get("?has=task").await.json()["cases"][0]["id"], id);
        let task = case(&program, &new["id"]).await["case"]["tasks"][0]["id"].as_str().unwrap().to_owned();
        let done = program.patch_at(&format!("/api/v1/tasks/{task}"), &json!({"done": true})).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        assert!(done.json()["tasks"][0]["done_at"].is_string());
        run_due(&app.app).await.unwrap();
        assert_eq!(told(&deliveries(&app).await), before + 1, "the owner of the case");
        assert_eq!(program.get("?has=task").await.json()["cases"], json!([]));
        let wrong = program.post(&format!("/{id}/tasks"), &json!({"title": " ", "team": "x", "owner": "x", "due": "x", "colour": 1})).await;
        let mut errors: Vec<String> = wrong.field_errors().into_iter().map(|(field, _)| field).collect();
        errors.sort();
        assert_eq!(errors, ["/colour", "/due", "/owner", "/team", "/title"]);
        assert_eq!(program.patch_at("/api/v1/tasks/7", &json!({"done": true})).await.status, StatusCode::NOT_FOUND);
    }

    async fn the_audit_log_is_read_page_by_page(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let whole = program.get_at("/api/v1/audit?limit=1000").await;
        assert_eq!(whole.status, StatusCode::OK, "{}", whole.body);
        let whole = whole.json()["audit"].as_array().unwrap().clone();
        assert!(whole.len() > 10 && whole.windows(2).all(|pair| pair[0]["hash"] == pair[1]["previous_hash"]));
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = program.get_at(&format!("/api/v1/audit?limit=4{cursor}")).await.json();
            paged.extend(page["audit"].as_array().unwrap().clone());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(paged, whole);
        let rules = program.get_at("/api/v1/audit?action=service.add&actor=command").await.json();
        assert!(rules["audit"].as_array().unwrap().iter().all(|entry| entry["action"] == "service.add" && entry["before"].is_null()));
        let members = program.get_at("/api/v1/audit?action=member").await.json();
        assert_eq!(members["audit"].as_array().unwrap().len(), 3);
        assert_eq!(program.get_at("/api/v1/audit?action=memb").await.json()["audit"], json!([]));
        let later = program.get_at("/api/v1/audit?from=2040-01-01T00:00:00Z").await.json();
        assert_eq!(later["audit"], json!([]));
        for wrong in ["?limit=0", "?from=x", "?cursor=x", "?actor=nobody@shop.example", "?who=me"] {
            assert_eq!(program.get_at(&format!("/api/v1/audit{wrong}")).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        let reader = Program::with(&app, "Reader", &[sayso::auth::token::Scope::CasesRead]).await;
        assert_eq!(reader.get_at("/api/v1/audit").await.status, StatusCode::FORBIDDEN);
    }
}
