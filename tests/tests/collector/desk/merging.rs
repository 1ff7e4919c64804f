//! Two cases worked on as one, and taken apart again.

use super::*;

async fn customer_writes(app: &TestApp, code: &str, words: &str) {
    let said = app.client().post_json(&format!("/api/v1/feedback/{code}/messages"), &json!({"body": words})).await;
    assert_eq!(said.status, StatusCode::CREATED, "{}", said.body);
    run_due(&app.app).await.unwrap();
}

async fn customer_sees(app: &TestApp, code: &str) -> Value {
    app.client().get(&format!("/api/v1/feedback/{code}")).await.json()
}

/// Two complaints, the first with an address.
async fn two(app: &TestApp, program: &Program<'_>) -> [(String, Value); 2] {
    let contact = json!({"email": "li@example.com", "name": "李雷"});
    let first =
        submit(app, program, json!({"kind": "complaint", "message": "The heater leaks", "contact": contact})).await;
    let second = submit(
        app,
        program,
        json!({"kind": "question", "message": "Why is the giraffe cold?", "contact": {"email": "bo@example.com"}}),
    )
    .await;
    [first, second]
}

async fn to_customers(app: &TestApp) -> usize {
    deliveries(app).await.into_iter().filter(|row| row.destination == "customer").count()
}

async fn merge(program: &Program<'_>, case: &Value, into: &Value) -> Answer {
    program.post(&format!("/{}/merge", case["id"].as_str().unwrap()), &json!({"into": into["id"]})).await
}

async fn found(program: &Program<'_>, query: &str) -> Vec<String> {
    let page = program.get(&format!("?{query}")).await.json();
    page["cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect()
}

on_both_databases! {
    async fn what_somebody_else_has_changed_is_neither_merged_nor_split_nor_given_tasks(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let [(_, one), (_, other)] = two(&app, &program).await;
        let (id, into) = (one["id"].as_str().unwrap(), json!({"into": other["id"]}));
        let version = async || case(&program, &one["id"]).await["case"]["version"].as_i64().unwrap();
        let first = version().await;
        assert_eq!(program.patch(id, &json!({"priority": "high"}), None).await.status, StatusCode::OK);
        let part = json!({"message": "The heater leaks"});
        for (step, body) in [("merge", &into), ("split", &part), ("tasks", &json!({"title": "Call"}))] {
            let stale = program.post_if(&format!("/{id}/{step}"), body, first).await;
            assert_eq!((stale.status, stale.problem().as_str()), (StatusCode::PRECONDITION_FAILED, "stale"), "{step}: {}", stale.body);
            assert!(stale.body.contains("case.priority"), "{step} says what was changed: {}", stale.body);
        }
        let full = case(&program, &one["id"]).await;
        assert_eq!((&full["case"]["merged_into"], &full["case"]["tasks"]), (&Value::Null, &json!([])));
        assert_eq!(program.get("").await.json()["cases"].as_array().unwrap().len(), 2, "nothing was split off");

        let added = program.post_if(&format!("/{id}/tasks"), &json!({"title": "Call"}), version().await).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
        let task = added.json()["tasks"][0]["id"].as_str().unwrap().to_owned();
        let client = app.client();
        let done = async |version: i64| {
            let request = client.request(reqwest::Method::PATCH, &format!("/api/v1/tasks/{task}")).bearer_auth(program.token());
            client.send(request.header("if-match", format!("\"{version}\"")).json(&json!({"done": true}))).await
        };
        assert_eq!(done(first).await.status, StatusCode::PRECONDITION_FAILED);
        assert_eq!(done(version().await).await.status, StatusCode::OK);
        let (key, before) = (uuid::Uuid::new_v4().to_string(), version().await);
        for _ in 0..2 {
            let request = client.request(reqwest::Method::POST, &format!("/api/v1/cases/{id}/split")).bearer_auth(program.token());
            let request = request.header("idempotency-key", &key).header("if-match", format!("\"{before}\""));
            let split = client.send(request.json(&part)).await;
            assert_eq!(split.status, StatusCode::CREATED, "a repeat gets its answer: {}", split.body);
        }
        let merged = program.post_if(&format!("/{id}/merge"), &into, version().await).await;
        assert_eq!(merged.status, StatusCode::OK, "{}", merged.body);
        assert_eq!(program.post_if(&format!("/{id}/unmerge"), &json!({}), first).await.status, StatusCode::PRECONDITION_FAILED);
        assert_eq!(program.post_if(&format!("/{id}/unmerge"), &json!({}), version().await).await.status, StatusCode::OK);
    }

    async fn the_customer_of_either_gets_the_answer_of_the_one(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let [(code, one), (other_code, other)] = two(&app, &program).await;
        let merged = merge(&program, &other, &one).await;
        assert_eq!(merged.status, StatusCode::OK, "{}", merged.body);
        assert_eq!(merged.json()["merged_into"], one["id"]);
        assert_eq!(clocks(&merged.json()).iter().map(|clock| clock.1).collect::<Vec<_>>(), ["paused", "paused"], "nobody owes it anything by itself");
        run_due(&app.app).await.unwrap();

        // It is in no list; its words, its number and its code lead to the one that is worked on.
        for query in ["", "sort=due", "kind=question", "sort=updated&status=new"] {
            assert!(!found(&program, query).await.contains(&other["id"].as_str().unwrap().to_owned()), "{query}");
        }
        for query in ["q=giraffe".to_owned(), format!("q=%23{}", other["number"]), format!("q={other_code}"), "q=bo@example.com".to_owned()] {
            assert_eq!(found(&program, &query).await, [one["id"].as_str().unwrap()], "{query}");
        }

        // The answer of the one, with its question, is in both, and its mail goes to both.
        let path = format!("/{}/messages", one["id"].as_str().unwrap());
        let before = to_customers(&app).await;
        let asked = program.post(&path, &json!({"kind": "reply", "body": "Which floor?", "then": "wait"})).await;
        assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.body);
        run_due(&app.app).await.unwrap();
        let stage = customer_sees(&app, &code).await["status"].clone();
        for code in [&code, &other_code] {
            let seen = customer_sees(&app, code).await;
            assert_eq!(seen["messages"].as_array().unwrap().len(), 1, "{seen}");
            assert_eq!((&seen["messages"][0]["body"], &seen["status"]), (&json!("Which floor?"), &stage));
        }
        assert_eq!(to_customers(&app).await - before, 2, "each by mail as well");

        // What either customer says moves the one, and neither sees what the other said.
        customer_writes(&app, &other_code, "The third").await;
        let full = case(&program, &one["id"]).await;
        assert_eq!(full["case"]["status"], "in_progress", "it waits no longer");
        assert_eq!(events(&full, "case.message").last().unwrap()["case_id"], other["id"]);
        assert!(clocks(&full["case"]).iter().any(|clock| (clock.0, clock.1) == ("next_response", "running")), "it has to be answered");
        assert!(!customer_sees(&app, &code).await.to_string().contains("The third"));
        customer_writes(&app, &code, "The cellar").await;
        assert!(!customer_sees(&app, &other_code).await.to_string().contains("The cellar"));

        // Nobody works on the merged one by itself.
        let id = other["id"].as_str().unwrap();
        for (path, body) in [("messages", json!({"kind": "reply", "body": "x"})), ("status", json!({"status": "in_progress"})), ("assign", json!({"owner": null})), ("tasks", json!({"title": "x"}))] {
            assert_eq!(program.post(&format!("/{id}/{path}"), &body).await.status, StatusCode::CONFLICT, "{path}");
        }
        assert_eq!(program.patch(id, &json!({"priority": "low"}), None).await.status, StatusCode::CONFLICT);

        // Resolved as a complaint, the question is resolved without an outcome.
        let resolved = program.post(&path, &json!({"kind": "reply", "body": "Mended", "then": "resolve", "outcome": "upheld"})).await;
        assert_eq!(resolved.status, StatusCode::CREATED, "{}", resolved.body);
        let of_other = case(&program, &other["id"]).await;
        assert_eq!((&of_other["case"]["status"], &of_other["case"]["outcome"]), (&json!("closed"), &Value::Null));
        assert_eq!(customer_sees(&app, &other_code).await["messages"].as_array().unwrap().last().unwrap()["body"], "Mended");
        // That it is not solved for one of them brings the one back.
        let rated = app.client().post_json(&format!("/api/v1/feedback/{other_code}/satisfaction"), &json!({"score": 1, "solved": false})).await;
        assert!(rated.status.is_success(), "{}", rated.body);
        assert_eq!(case(&program, &one["id"]).await["case"]["status"], "in_progress");
    }

    async fn merging_is_undone_whole(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let [(code, one), (other_code, other)] = two(&app, &program).await;
        let before = case(&program, &other["id"]).await;
        assert_eq!(merge(&program, &other, &one).await.status, StatusCode::OK);
        run_due(&app.app).await.unwrap();
        pass(&app, &local(0, 10, 0)).await;
        customer_writes(&app, &other_code, "Hello?").await;
        let id = other["id"].as_str().unwrap();
        let apart = program.post(&format!("/{id}/unmerge"), &json!({})).await;
        assert_eq!(apart.status, StatusCode::OK, "{}", apart.body);
        run_due(&app.app).await.unwrap();
        let after = apart.json();
        assert_eq!((&after["merged_into"], &after["status"], &after["owner"]), (&Value::Null, &before["case"]["status"], &before["case"]["owner"]));
        let first = clocks(&after)[0].clone();
        assert_eq!((first.0, first.1), ("first_response", "running"));
        assert_eq!(first.2, Some(minute(&local(0, 14, 0))), "the hour in which it stood still is not counted");
        assert_eq!(found(&program, "q=giraffe").await, [id], "its words are its own again");
        assert!(!found(&program, "q=heater").await.contains(&id.to_owned()));
        // An answer is for the one customer only now.
        let path = format!("/{}/messages", one["id"].as_str().unwrap());
        program.post(&path, &json!({"kind": "reply", "body": "For you alone"})).await;
        assert!(customer_sees(&app, &code).await.to_string().contains("For you alone"));
        assert!(!customer_sees(&app, &other_code).await.to_string().contains("For you alone"));
        assert_eq!(program.post(&format!("/{id}/unmerge"), &json!({})).await.status, StatusCode::CONFLICT);
        for (of, kinds) in [(&one, ["case.merged", "case.unmerged"]), (&other, ["case.merged", "case.unmerged"])] {
            let full = case(&program, &of["id"]).await;
            kinds.iter().for_each(|kind| assert_eq!(events(&full, kind).len(), 1, "{kind}"));
        }
    }

    async fn what_can_not_be_merged_is_refused(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let [(_, one), (_, other)] = two(&app, &program).await;
        let (_, third) = submit(&app, &program, json!({"kind": "complaint", "message": "A third"})).await;
        assert_eq!(merge(&program, &one, &one).await.status, StatusCode::CONFLICT, "with itself");
        for into in [json!("nobody"), json!("018f3a1e-0000-7000-8000-000000000001"), json!(7), Value::Null] {
            let refused = program.post(&format!("/{}/merge", one["id"].as_str().unwrap()), &json!({"into": into})).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{into}");
            assert_eq!(refused.field_errors()[0].0, "/into");
        }
        assert_eq!(merge(&program, &other, &one).await.status, StatusCode::OK);
        assert_eq!(merge(&program, &other, &third).await.status, StatusCode::CONFLICT, "it is merged already");
        assert_eq!(merge(&program, &third, &other).await.status, StatusCode::CONFLICT, "the other one is merged");
        assert_eq!(merge(&program, &one, &third).await.status, StatusCode::CONFLICT, "it holds another one");
        let key = uuid::Uuid::new_v4().to_string();
        for _ in 0..2 {
            let path = format!("/{}/merge", third["id"].as_str().unwrap());
            assert_eq!(program.post_with_key(&path, &json!({"into": one["id"]}), &key).await.status, StatusCode::OK, "a repeat changes nothing");
        }
        let (_, fourth) = submit(&app, &program, json!({"kind": "praise", "message": "Lovely"})).await;
        let resolved = program.post(&format!("/{}/status", fourth["id"].as_str().unwrap()), &json!({"status": "resolved"})).await;
        assert_eq!(resolved.status, StatusCode::OK, "{}", resolved.body);
        assert_eq!(merge(&program, &fourth, &one).await.status, StatusCode::CONFLICT, "it was answered already");
    }
}
