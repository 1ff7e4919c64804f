//! The staff sort cases by the API, one or many, and find them by it.

use super::*;

on_both_databases! {
    async fn a_step_is_refused_if_the_case_was_changed_meanwhile(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let (_, new) = submit(&app, &program, json!({"kind": "question", "message": "Where is it?"})).await;
        let (id, read) = (new["id"].as_str().unwrap(), new["version"].as_i64().unwrap());
        assert_eq!(program.patch(id, &json!({"priority": "high"}), Some(read)).await.status, StatusCode::OK);
        let steps = [
            ("messages", json!({"kind": "reply", "body": "It is on its way."}), StatusCode::CREATED),
            ("status", json!({"status": "waiting"}), StatusCode::OK),
            ("assign", json!({"owner": null}), StatusCode::OK),
        ];
        for (step, body, done) in steps {
            let path = format!("/{id}/{step}");
            let stale = program.post_if(&path, &body, read).await;
            assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED, "{step}: {}", stale.body);
            assert!(stale.body.contains("case.priority"), "it says what was changed: {}", stale.body);
            let now = case(&program, &new["id"]).await["case"]["version"].as_i64().unwrap();
            let fresh = program.post_if(&path, &body, now).await;
            assert_eq!(fresh.status, done, "{step}: {}", fresh.body);
        }
        assert_eq!(case(&program, &new["id"]).await["messages"].as_array().unwrap().len(), 1);
        for name in ["priority", "kind"] {
            let refused = program.patch(id, &json!({name: null}), None).await;
            assert_eq!((refused.status, &refused.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(format!("/{name}"))));
        }
    }

    async fn the_staff_sort_cases_by_the_api(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let (_, new) = submit(&app, &program, json!({"kind": "complaint", "message": "Wrong amount"})).await;
        let id = new["id"].as_str().unwrap().to_owned();
        let patch = json!({
            "priority": "urgent", "category": "invoice", "tags": ["vat", "发票"], "team": "delivery", "reason": "They have the papers",
            "owner": "bo@shop.example", "follow_up_at": "2026-12-02T01:00:00Z", "problem": "P-7",
        });
        let patched = program.patch(&id, &patch, None).await;
        assert_eq!(patched.status, StatusCode::OK, "{}", patched.body);
        let case = patched.json();
        assert_eq!((&case["priority"], &case["category"], &case["tags"]), (&json!("urgent"), &json!("invoice"), &json!(["vat", "发票"])));
        assert_eq!((&case["team"]["key"], &case["owner"]["email"], &case["problem"]), (&json!("delivery"), &json!("bo@shop.example"), &json!("P-7")));
        assert_eq!(case["follow_up_at"], "2026-12-02T01:00:00Z");
        assert_eq!(clocks(&case), [("first_response", "running", due(0, 10))], "from its receipt on");
        let full = self::case(&program, &new["id"]).await;
        for kind in ["case.priority", "case.category", "case.tags", "case.team", "case.assigned", "case.follow_up", "case.problem"] {
            assert_eq!(events(&full, kind).len(), 1, "{kind}");
        }
        assert!(full["messages"].as_array().unwrap().iter().any(|message| message["body"] == "They have the papers" && message["by"] == "note"));

        // Somebody else has read an older version.
        let read = new["version"].as_i64().unwrap();
        let stale = program.patch(&id, &json!({"priority": "low"}), Some(read)).await;
        assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
        assert!(stale.json()["detail"].as_str().unwrap().contains("case.priority"), "{}", stale.body);
        let now = case["version"].as_i64().unwrap();
        for (version, expected) in [("*", StatusCode::OK), (&now.to_string(), StatusCode::OK), ("null", StatusCode::BAD_REQUEST), ("\"\"", StatusCode::BAD_REQUEST)] {
            assert_eq!(program.patch_if(&id, &json!({"priority": "urgent"}), version).await.status, expected, "{version}");
        }
        let taken = program.patch(&id, &json!({"priority": "low", "team": null, "category": null, "tags": []}), Some(now)).await;
        assert_eq!(taken.status, StatusCode::OK, "{}", taken.body);
        assert_eq!((&taken.json()["team"], &taken.json()["category"], &taken.json()["tags"]), (&Value::Null, &Value::Null, &json!([])));
        assert_eq!(taken.json()["version"], now + 1);

        let wrong = json!({"priority": "now", "category": "price", "tags": ["a,b"], "team": "x", "owner": "nobody@shop.example", "follow_up_at": "soon", "problem": "P-8", "colour": 1});
        let mut errors: Vec<String> = program.patch(&id, &wrong, None).await.field_errors().into_iter().map(|(field, _)| field).collect();
        errors.sort();
        assert_eq!(errors, ["/category", "/colour", "/follow_up_at", "/owner", "/priority", "/problem", "/tags", "/team"], "all at once");
    }

    async fn lists_are_filtered_and_sorted(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let mut ids = Vec::new();
        for (message, priority) in [("late one", "normal"), ("Another", "urgent"), ("A third", "low"), ("50%_off", "normal")] {
            let (_, new) = submit(&app, &program, json!({"kind": "complaint", "message": message})).await;
            let id = new["id"].as_str().unwrap().to_owned();
            assert_eq!(program.patch(&id, &json!({"priority": priority, "tags": [message, "all"]}), None).await.status, StatusCode::OK);
            run_due(&app.app).await.unwrap();
            ids.push(id);
            app.app.clock.advance(MINUTE);
        }
        let found = async |query: &str| -> Vec<usize> {
            let page = program.get(query).await;
            assert_eq!(page.status, StatusCode::OK, "{query}: {}", page.body);
            let place = |case: &Value| ids.iter().position(|id| case["id"] == id.as_str()).unwrap();
            page.json()["cases"].as_array().unwrap().iter().map(place).collect()
        };
        for (query, places) in [
            ("?tag=all", vec![3, 2, 1, 0]),
            ("?tag=Another", vec![1]),
            ("?tag=Anothe", vec![]),
            ("?tag=50%25_off&sort=due", vec![3]),
            ("?tag=50%25_of&sort=due", vec![]),
            ("?priority=urgent", vec![1]),
            ("?team=delivery", vec![0]),
            ("?team=none&sort=oldest", vec![1, 2, 3]),
            ("?owner=mei@shop.example", vec![0]),
            ("?owner=none&sort=updated", vec![3, 2, 1]),
            ("?channel=widget&sort=due", vec![1, 0, 2, 3]),
            ("?q=third&sort=due", vec![2]),
            ("?due=overdue", vec![]),
            ("?due=today&sort=due", vec![1, 0, 2, 3]),
            ("?number=2", vec![1]),
            ("?number=99", vec![]),
            ("?has=problem", vec![]),
            ("?sort=updated", vec![3, 2, 1, 0]),
        ] {
            assert_eq!(found(query).await, places, "{query}");
        }
        app.app.clock.advance(50 * MINUTE);
        assert_eq!(found("?due=soon").await, [1], "less than a quarter of its hour is left");
        app.app.clock.advance(20 * MINUTE);
        assert_eq!(found("?due=overdue").await, [1]);
        // Which day it is depends on the site, wherever that is named: further east it is tomorrow already.
        let east = "[[site]]\nkey = 'aaa'\nname = 'East'\norigins = ['https://east.example']\ntime_zone = 'Pacific/Kiritimati'\n";
        app.apply_service(east).await;
        go_to(&app, "2026-11-30T11:00:00Z");
        for query in ["?due=today&site=acme&sort=due", "?site=acme&due=today&sort=due"] {
            assert_eq!(found(query).await, [1, 0, 2, 3], "{query}");
        }
        assert_eq!(found("?due=today").await, Vec::<usize>::new());
        // Page by page it is the same list.
        for sort in ["due", "updated", "newest"] {
            let whole = program.get(&format!("?channel=widget&has=attachment&sort={sort}")).await.json();
            assert_eq!(whole["cases"], json!([]));
            let (mut paged, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = program.get(&format!("?due=today&site=acme&sort={sort}&limit=1{cursor}")).await.json();
                paged.extend(page["cases"].as_array().unwrap().iter().map(|case| case["id"].clone()));
                match page["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            let whole = program.get(&format!("?due=today&site=acme&sort={sort}")).await.json();
            let whole: Vec<Value> = whole["cases"].as_array().unwrap().iter().map(|case| case["id"].clone()).collect();
            assert_eq!((paged.len(), paged), (4, whole), "{sort}");
        }
        for wrong in ["?due=never", "?sort=best", "?team=delivery&team=none", "?owner=nobody@shop.example", "?has=call", "?priority=now", "?due=today&cursor=x"] {
            assert_eq!(program.get(wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
    }

    async fn many_are_changed_each_for_itself(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let (_, one) = submit(&app, &program, json!({"kind": "complaint", "message": "One"})).await;
        let (_, two) = submit(&app, &program, json!({"kind": "praise", "message": "Two"})).await;
        let unknown = uuid::Uuid::now_v7().to_string();
        let body = json!({"ids": [one["id"], unknown, two["id"], "x"], "patch": {"priority": "high", "tags": ["seen"]}});
        let answer = program.post("/bulk", &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let results = answer.json()["results"].clone();
        let states: Vec<i64> = results.as_array().unwrap().iter().map(|result| result["status"].as_i64().unwrap()).collect();
        assert_eq!(states, [200, 404, 200, 404]);
        assert_eq!(results[1]["problem"]["type"], "/problems/not_found");
        for new in [&one, &two] {
            let full = case(&program, &new["id"]).await;
            assert_eq!((&full["case"]["priority"], &full["case"]["tags"]), (&json!("high"), &json!(["seen"])));
        }
        // What goes with one of them only is done for that one.
        let body = json!({"ids": [one["id"], two["id"]], "patch": {"kind": "praise", "category": "invoice"}});
        let answer = program.post("/bulk", &body).await.json();
        assert_eq!((&answer["results"][0]["status"], &answer["results"][1]["version"].is_i64()), (&json!(200), &true));
        let body = json!({"ids": [one["id"]], "patch": {"category": "price"}});
        let answer = program.post("/bulk", &body).await.json();
        assert_eq!((&answer["results"][0]["status"], &answer["results"][0]["problem"]["errors"][0]["pointer"]), (&json!(422), &json!("/category")));
        let many: Vec<String> = (0..501).map(|_| unknown.clone()).collect();
        for (wrong, field) in [
            (json!({"ids": many, "patch": {}}), "/ids"),
            (json!({"ids": [], "patch": {}}), "/ids"),
            (json!({"ids": "x", "patch": {}}), "/ids"),
            (json!({"ids": [one["id"]]}), "/patch"),
            (json!({"ids": [one["id"]], "patch": {"colour": 1}}), "/patch/colour"),
            (json!({"ids": [one["id"]], "patch": {"owner": "nobody@shop.example"}}), "/patch/owner"),
        ] {
            assert_eq!(program.post("/bulk", &wrong).await.field_errors()[0].0, field);
        }
    }
}
