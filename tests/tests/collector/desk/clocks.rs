//! Clocks run in open time, and rules make what they run by.

use sayso::audit::Stamp;
use sayso::auth::Member;
use sayso::auth::member::Email;

use super::*;

on_both_databases! {
    async fn rules_route_a_new_case_and_its_clocks_run_by_what_they_made_of_it(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let (_, first) = submit(&app, &program, json!({"kind": "complaint", "message": "The parcel came late, and on fire."})).await;
        assert_eq!((&first["team"], &first["tags"]), (&json!({"key": "delivery", "name": "Delivery"}), &json!(["late"])));
        assert_eq!((&first["priority"], &first["owner"]["email"]), (&json!("urgent"), &json!("mei@shop.example")));
        assert_eq!(first["channel"], "widget");
        assert_eq!(clocks(&first), [("first_response", "running", due(0, 10))], "urgent ones have another promise");
        let full = case(&program, &first["id"]).await;
        assert_eq!(events(&full, "case.team"), [json!({"from": null, "to": "delivery", "rule": "Late deliveries"})]);
        let [priority] = events(&full, "case.priority").try_into().unwrap();
        assert_eq!((&priority["from"], &priority["to"], &priority["rule"]), (&json!("normal"), &json!("urgent"), &json!("Fire")));
        assert_eq!(Some(minute(priority["due"].as_str().unwrap())), due(0, 10), "the timeline says what is promised now");
        assert_eq!(events(&full, "case.escalated")[0]["rule"], "Fire");
        let told: Vec<String> = deliveries(&app).await.into_iter().map(|delivery| delivery.destination).collect();
        assert_eq!(told.iter().filter(|to| to.starts_with("member:")).count(), 2, "the owner and the lead: {told:?}");

        let (_, second) = submit(&app, &program, json!({"kind": "complaint", "message": "包裹晚到了三天"})).await;
        assert_eq!(second["owner"]["email"], "bo@shop.example", "each in turn");
        assert_eq!(clocks(&second), [
            ("first_response", "running", due(0, 13)),
            ("resolution", "running", due(3, 18)),
        ]);
        let mei = Member::by_email(&app.app.db, &Email::parse("mei@shop.example").unwrap()).await.unwrap().unwrap();
        let now = app.app.clock.now();
        mei.set_away(&app.app.db, Some(now + DAY), &Stamp::command(now)).await.unwrap();
        for _ in 0..2 {
            let (_, next) = submit(&app, &program, json!({"kind": "complaint", "message": "Late again"})).await;
            assert_eq!(next["owner"]["email"], "bo@shop.example", "who is away gets nothing new");
        }
        let (_, third) = submit(&app, &program, json!({"kind": "question", "message": "Where is my order?", "category": "delivery"})).await;
        assert_eq!((&third["team"]["key"], &third["owner"], &third["tags"]), (&json!("delivery"), &Value::Null, &json!([])), "by its category");
    }

    async fn a_week_at_the_desk(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let (code, new) = submit(&app, &program, json!({"kind": "complaint", "message": "The drawer is stuck.", "contact": {"email": "li@example.com"}})).await;
        let path = |rest: &str| format!("/{}{rest}", new["id"].as_str().unwrap());
        // Half an hour before the first reply is due its team would be warned; it has no owner, so only the timeline says so.
        pass(&app, &local(0, 12, 45)).await;
        let full = case(&program, &new["id"]).await;
        let [soon] = events(&full, "case.due_soon").try_into().unwrap();
        assert_eq!((&soon["promise"], minute(soon["due"].as_str().unwrap())), (&json!("first_response"), minute(&local(0, 13, 0))));
        pass(&app, &local(0, 13, 15)).await;
        let full = case(&program, &new["id"]).await;
        assert_eq!(events(&full, "case.breached").len(), 1, "once, though nobody has answered yet");
        assert_eq!((&full["case"]["priority"], &events(&full, "case.escalated")[0]["rule"]), (&json!("high"), &json!("Broken promises")));
        // Monday 14:00: a question to the customer, which stops what is left of the three days.
        pass(&app, &local(0, 14, 0)).await;
        let asked = program.post(&path("/messages"), &json!({"kind": "reply", "body": "Which drawer?", "then": "wait"})).await;
        assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.body);
        assert_eq!(clocks(&asked.json()), [("first_response", "breached", due(0, 13)), ("resolution", "paused", None)]);
        // Wednesday 14:00: 18 open hours later. What was due on Thursday at 18:00 had 4 + 9 + 9 + 9 hours left.
        pass(&app, &local(2, 14, 0)).await;
        let answer = app.client().post_json(&format!("/api/v1/feedback/{code}/messages"), &json!({"body": "The upper one."})).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        let full = case(&program, &new["id"]).await;
        assert_eq!(clocks(&full["case"])[1..], [
            ("resolution", "running", due(7, 18)),
            ("next_response", "running", due(2, 16)),
        ]);
        let resolved = program.post(&path("/messages"), &json!({"kind": "reply", "body": "Mended.", "then": "resolve", "outcome": "upheld"})).await;
        assert_eq!(resolved.status, StatusCode::CREATED, "{}", resolved.body);
        assert_eq!(clocks(&resolved.json()).iter().map(|clock| clock.1).collect::<Vec<_>>(), ["breached", "met", "met"]);
        let left = "select count(*) from jobs where kind = 'clock'";
        let left: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(left).fetch_one(pool).await).unwrap();
        assert_eq!(left, 0, "nothing is left to be told");
    }

    async fn another_priority_starts_no_clock_that_would_not_run(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        for (then, state) in [("wait", "paused"), ("resolve", "met"), ("go_on", "running")] {
            let (_, new) = submit(&app, &program, json!({"kind": "question", "message": "Where is it?"})).await;
            let id = new["id"].as_str().unwrap();
            // Urgent ones are promised no resolution here.
            assert_eq!(program.patch(id, &json!({"priority": "urgent"}), None).await.status, StatusCode::OK);
            let answered = program.post(&format!("/{id}/messages"), &json!({"kind": "reply", "body": "We ask.", "then": then})).await;
            assert_eq!(answered.status, StatusCode::CREATED, "{}", answered.body);
            let now = program.patch(id, &json!({"priority": "normal"}), None).await.json();
            let states: Vec<(&str, &str)> = clocks(&now).into_iter().map(|(promise, state, _)| (promise, state)).collect();
            assert_eq!(states, [("first_response", "met"), ("resolution", state)], "{then}");
        }
    }
}
