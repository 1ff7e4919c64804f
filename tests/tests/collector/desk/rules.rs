//! Rules answer by templates, and act when time has passed.

use super::*;

on_both_databases! {
    async fn a_rule_answers_by_a_template_which_is_no_response_of_a_person(app: TestApp) {
        set_up(&app).await;
        app.set_site(&["time_zone=Asia/Shanghai"]).await;
        go_to(&app, MONDAY);
        let program = Program::new(&app).await;
        let (code, new) = submit(&app, &program, json!({"kind": "question", "message": "Where is my refund?", "locale": "zh-CN", "contact": {"name": "王芳", "email": "wang@example.com"}})).await;
        let full = case(&program, &new["id"]).await;
        let said = &full["messages"][0];
        assert_eq!((&said["by"], &said["name"]), (&json!("staff"), &Value::Null));
        let body = said["body"].as_str().unwrap();
        assert!(body.starts_with("王芳，您好！") && body.contains("13:00"), "{body}");
        assert_eq!(clocks(&full["case"])[0].1, "running");
        assert_eq!((&full["case"]["first_responded_at"], &full["case"]["status"]), (&Value::Null, &json!("new")));
        let page = app.client().get(&format!("/t/{code}")).await;
        assert!(page.body.contains("王芳，您好！"), "{}", page.body);
        assert!(deliveries(&app).await.iter().any(|delivery| delivery.destination == "customer" && delivery.order_no > 1), "and by mail");
    }

    async fn rules_of_time_act_once_for_a_wait(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let (code, new) = submit(&app, &program, json!({"kind": "question", "message": "Do you deliver?"})).await;
        assert_eq!(run_timed(&app.app).await.unwrap(), 0);
        app.app.clock.advance(4 * DAY);
        assert_eq!(run_timed(&app.app).await.unwrap(), 1);
        assert_eq!(run_timed(&app.app).await.unwrap(), 0, "once");
        let full = case(&program, &new["id"]).await;
        assert_eq!(events(&full, "case.escalated").len(), 1);
        assert_eq!(events(&full, "case.priority")[0]["rule"], "Nobody waits for two days");
        // Answered, nobody waits; the next message begins another wait.
        let path = format!("/{}/messages", new["id"].as_str().unwrap());
        assert_eq!(program.post(&path, &json!({"kind": "reply", "body": "We do."})).await.status, StatusCode::CREATED);
        app.app.clock.advance(4 * DAY);
        assert_eq!(run_timed(&app.app).await.unwrap(), 0);
        let asked = app.client().post_json(&format!("/api/v1/feedback/{code}/messages"), &json!({"body": "Where?"})).await;
        assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.body);
        app.app.clock.advance(4 * DAY);
        assert_eq!(run_timed(&app.app).await.unwrap(), 1);
        assert_eq!(events(&case(&program, &new["id"]).await, "case.escalated").len(), 2);
    }

    async fn what_a_rule_says_is_no_answer_and_who_is_asked_does_not_wait(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let (_, answered_by_rule) = submit(&app, &program, json!({"kind": "question", "message": "Where is my refund?"})).await;
        let (code, asked) = submit(&app, &program, json!({"kind": "question", "message": "Do you deliver?"})).await;
        let path = format!("/{}/status", asked["id"].as_str().unwrap());
        assert_eq!(program.post(&path, &json!({"status": "waiting"})).await.status, StatusCode::OK);
        assert_eq!(case(&program, &answered_by_rule["id"]).await["messages"][0]["by"], "staff");
        app.app.clock.advance(4 * DAY);
        assert_eq!(run_timed(&app.app).await.unwrap(), 1);
        assert_eq!(events(&case(&program, &answered_by_rule["id"]).await, "case.escalated").len(), 1);
        assert_eq!(events(&case(&program, &asked["id"]).await, "case.escalated").len(), 0);
        let back = app.client().post_json(&format!("/api/v1/feedback/{code}/messages"), &json!({"body": "To Shanghai."})).await;
        assert_eq!(back.status, StatusCode::CREATED, "{}", back.body);
        app.app.clock.advance(4 * DAY);
        assert_eq!(run_timed(&app.app).await.unwrap(), 1, "now it is our turn");
    }
}
