//! The staff's API: entering, listing, reading and working on cases, by the rules of the console.

use reqwest::{Method, StatusCode};
use sayso::auth::member::{Email, Name as MemberName, NewMember};
use sayso::auth::{Member, Role};
use sayso::cases::Case;
use sayso::clock::{HOUR, rfc3339};
use sayso_shared::Lang;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::super::outbox::cases::{deliveries, submit};
use super::{Program, count};

async fn mei(app: &TestApp) -> String {
    let email = Email::parse("mei@acme.example").unwrap();
    let new = NewMember {
        email,
        name: MemberName::parse("Mei").unwrap(),
        role: Role::Agent,
        lang: Some(Lang::En),
        password_hash: None,
    };
    Member::add(&app.app.db, &new, &sayso::audit::Stamp::command(app.app.clock.now())).await.unwrap()
}

fn ids(page: &Value) -> Vec<String> {
    page["cases"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect()
}

on_both_databases! {
    async fn the_staff_enter_what_customers_tell_them(app: TestApp) {
        let program = Program::new(&app).await;
        let body = json!({"site": "acme", "kind": "complaint", "message": "电话投诉：沙发坏了", "contact": {"name": "李雷", "email": "li@example.com"}});
        let key = uuid::Uuid::new_v4().to_string();
        let first = program.post_with_key("", &body, &key).await;
        assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
        let receipt = first.json();
        assert_eq!(receipt["status_url"], format!("{}/t/{}", app.url, receipt["code"].as_str().unwrap()));
        assert!(receipt["promise"]["first_response_due"].is_string());
        let again = program.post_with_key("", &body, &key).await;
        assert_eq!((again.status, again.json(), count(&app, "cases").await), (StatusCode::CREATED, receipt.clone(), 1));
        let id = receipt["id"].as_str().unwrap();
        let case = program.get(&format!("/{id}")).await.json();
        let event = &case["events"][0];
        assert_eq!((&event["type"], &event["actor"], &event["name"]), (&json!("case.created"), &json!("system"), &json!("CRM")));
        assert_eq!((&case["case"]["contact"]["name"], &case["case"]["site"]), (&json!("李雷"), &json!("acme")));
        sayso::jobs::run_due(&app.app).await.unwrap();
        assert_eq!(deliveries(&app).await.len(), 1, "the customer gets the usual receipt");
        let wrong = [
            (json!({"kind": "praise", "message": "x"}), "/site", "required"),
            (json!({"site": "nobody", "kind": "praise", "message": "x"}), "/site", "invalid"),
            (json!({"site": 1, "kind": "praise", "message": "x"}), "/site", "invalid"),
            (json!({"site": "acme", "kind": "praise"}), "/message", "required"),
            (json!({"site": "acme", "kind": "praise", "message": "x", "identity": "a.b.c"}), "/identity", "invalid"),
        ];
        for (body, pointer, code) in wrong {
            assert_eq!(program.post("", &body).await.field_errors(), [(pointer.to_owned(), code.to_owned())]);
        }
        let client = app.client();
        let keyless = client.request(Method::POST, "/api/v1/cases").bearer_auth(&program.token).json(&body);
        assert_eq!(client.send(keyless).await.status, StatusCode::BAD_REQUEST);
        let large = client.request(Method::POST, "/api/v1/cases").bearer_auth(&program.token).header("idempotency-key", &key)
            .header("content-type", "application/json").body(vec![b' '; 256 * 1024 + 1]);
        assert_eq!(client.send(large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    }

    async fn pages_hold_every_case_once(app: TestApp) {
        let program = Program::new(&app).await;
        let mut all = Vec::new();
        for n in 0..7 {
            all.push(submit(&app, json!({"kind": "question", "message": format!("第 {n} 个问题")})).await.id);
        }
        for (order, expected) in [("oldest", all.clone()), ("newest", all.iter().rev().cloned().collect())] {
            let (mut found, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = program.get(&format!("?order={order}&limit=3{cursor}")).await.json();
                found.extend(ids(&page));
                let Some(next) = page["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(found, expected, "{order}");
        }
        assert_eq!(ids(&program.get("").await.json()).len(), 7);
        assert_eq!(program.get("?limit=7").await.json()["next"], Value::Null);
    }

    async fn filters_find_what_they_say(app: TestApp) {
        let program = Program::new(&app).await;
        let question = submit(&app, json!({"kind": "question", "message": "送货什么时候到", "contact": {"email": "li@example.com"}})).await;
        let praise = submit(&app, json!({"kind": "praise", "message": "Lovely sofa"})).await;
        sayso::jobs::run_due(&app.app).await.unwrap();
        let code = question.code(&app.app.keys).unwrap();
        app.app.clock.advance(HOUR);
        let since = rfc3339(app.app.clock.now() - 1);
        let taken = program.post(&format!("/{}/status", question.id), &json!({"status": "in_progress"})).await;
        assert_eq!(taken.status, StatusCode::OK, "{}", taken.body);
        let expected = [
            ("kind=praise".to_owned(), &praise), ("status=in_progress".into(), &question), ("status=new".into(), &praise),
            ("q=%E9%80%81%E8%B4%A7".into(), &question), ("q=SOFA".into(), &praise), (format!("q={code}"), &question),
            (format!("updated_since={}", since.replace('+', "%2B")), &question), ("site=acme&kind=praise&q=lovely&status=open&order=oldest".into(), &praise),
        ];
        for (query, case) in expected {
            let page = program.get(&format!("?{query}")).await.json();
            assert_eq!(ids(&page).join(" "), case.id, "{query}");
        }
        for query in ["status=closed", "q=nothing", "q=%21", "kind=praise&status=in_progress"] {
            assert!(ids(&program.get(&format!("?{query}")).await.json()).is_empty(), "{query}");
        }
        assert_eq!(ids(&program.get("?status=open&site=acme&q=").await.json()).len(), 2, "what is left empty is not asked for");
        let listed = program.get("?kind=question").await.json()["cases"][0].clone();
        assert_eq!((&listed["contact"]["email"], &listed["code"], &listed["identity"]), (&json!("li@example.com"), &json!(code), &Value::Null));
        assert_eq!(listed["url"], format!("{}/staff/cases/{}", app.url, question.id));
    }

    async fn a_parameter_that_is_wrong_is_refused(app: TestApp) {
        let program = Program::new(&app).await;
        let long = "x".repeat(201);
        let name = "n".repeat(100);
        let wrong = [
            ("limit=0".to_owned(), "/limit", "invalid"), ("limit=101".into(), "/limit", "invalid"), ("limit=x".into(), "/limit", "invalid"),
            ("kind=rant".into(), "/kind", "invalid"), ("status=done".into(), "/status", "invalid"), ("site=nobody".into(), "/site", "invalid"),
            (format!("q={long}"), "/q", "too_long"), ("updated_since=yesterday".into(), "/updated_since", "invalid"),
            ("order=id".into(), "/order", "invalid"), ("cursor=1".into(), "/cursor", "invalid"), ("page=2".into(), "/page", "unknown_field"),
            ("kind=praise&kind=question".into(), "/kind", "invalid"), (format!("{name}=1"), &format!("/{}", &name[..64]), "unknown_field"),
        ];
        for (query, pointer, code) in wrong {
            let answer = program.get(&format!("?{query}")).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
            assert_eq!(answer.field_errors(), [(pointer.to_owned(), code.to_owned())], "{query}");
        }
        assert_eq!(program.get("?limit=100").await.status, StatusCode::OK);
        assert_eq!(program.get(&format!("?q={}", "%E9%95%BF".repeat(200))).await.status, StatusCode::OK);
        for id in ["x", "00000000-0000-7000-8000-000000000000"] {
            assert_eq!(program.get(&format!("/{id}")).await.status, StatusCode::NOT_FOUND);
            assert_eq!(program.post(&format!("/{id}/messages"), &json!({"kind": "note", "body": "x"})).await.status, StatusCode::NOT_FOUND);
        }
    }

    async fn a_program_works_on_a_case_as_the_staff_do(app: TestApp) {
        let program = Program::new(&app).await;
        let case = submit(&app, json!({"kind": "complaint", "message": "The sofa came torn", "contact": {"email": "li@example.com"}})).await;
        let path = |step: &str| format!("/{}/{step}", case.id);
        let key = uuid::Uuid::new_v4().to_string();
        let note = json!({"kind": "note", "body": "Ask the workshop"});
        for _ in 0..2 {
            let noted = program.post_with_key(&path("messages"), &note, &key).await;
            assert_eq!((noted.status, &noted.json()["status"]), (StatusCode::CREATED, &json!("new")), "{}", noted.body);
        }
        let other = program.post_with_key(&path("messages"), &json!({"kind": "note", "body": "Another"}), &key).await;
        assert_eq!(other.problem(), "idempotency_key_reused");
        let asked = program.post(&path("messages"), &json!({"kind": "reply", "body": "Which colour?", "then": "wait"})).await;
        assert_eq!((&asked.json()["status"], asked.json()["first_responded_at"].is_string()), (&json!("waiting"), true));
        let conflict = program.post(&path("status"), &json!({"status": "acknowledged"})).await;
        assert_eq!((conflict.status, conflict.problem().as_str()), (StatusCode::CONFLICT, "conflict"));
        let without = program.post(&path("messages"), &json!({"kind": "reply", "body": "Done", "then": "resolve"})).await;
        assert_eq!(without.field_errors(), [("/outcome".into(), "required".into())]);
        let member = mei(&app).await;
        for owner in [json!("mei@acme.example"), json!(member)] {
            let assigned = program.post(&path("assign"), &json!({"owner": owner})).await;
            assert_eq!((&assigned.json()["owner"]["name"], &assigned.json()["owner"]["id"]), (&json!("Mei"), &json!(member)), "{}", assigned.body);
        }
        let free = program.post(&path("assign"), &json!({"owner": null})).await;
        assert_eq!(free.json()["owner"], Value::Null);
        let resolved = program.post(&path("status"), &json!({"status": "resolved", "outcome": "upheld", "remedy": "A new one"})).await;
        assert_eq!((&resolved.json()["outcome"], &resolved.json()["remedy"]), (&json!("upheld"), &json!("A new one")), "{}", resolved.body);

        let full = program.get(&format!("/{}", case.id)).await.json();
        let said: Vec<(&Value, &Value)> = full["messages"].as_array().unwrap().iter().map(|m| (&m["by"], &m["name"])).collect();
        assert_eq!(said, [(&json!("note"), &json!("CRM")), (&json!("staff"), &json!("CRM"))]);
        let types: Vec<&str> = full["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["case.created", "case.note", "case.message", "case.status", "case.assigned", "case.assigned", "case.resolved"]);
        assert!(!full["events"].to_string().contains("workshop"), "events hold nothing that somebody wrote");
        let code = case.code(&app.app.keys).unwrap();
        let public = app.client().get(&format!("/api/v1/feedback/{code}")).await.json();
        assert_eq!(public["messages"][0]["body"], "Which colour?");
        assert_eq!((public["messages"].as_array().unwrap().len(), &public["messages"][0]["name"]), (1, &Value::Null), "the customer reads neither notes nor tokens");
        sayso::jobs::run_due(&app.app).await.unwrap();
        let told: Vec<i64> = deliveries(&app).await.into_iter().map(|delivery| delivery.order_no).collect();
        assert_eq!(told, [1, 3, 5, 7], "receipt, question and answer reach the customer, and Mei hears that it is hers");
    }

    async fn what_is_in_quarantine_is_left_out(app: TestApp) {
        let program = Program::new(&app).await;
        let case = submit(&app, json!({"kind": "question", "message": "Cheap watches"})).await;
        let hold = "update cases set quarantine = 'held' where id = $1";
        sayso::with_write!(&app.app.db, pool => sqlx::query(hold).bind(&case.id).execute(pool).await.map(|_| ())).unwrap();
        assert!(ids(&program.get("").await.json()).is_empty());
        let refused = program.post(&format!("/{}/messages", case.id), &json!({"kind": "note", "body": "x"})).await;
        assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::CONFLICT, "conflict"));
    }

    async fn wrong_steps_are_named(app: TestApp) {
        let program = Program::new(&app).await;
        let case = submit(&app, json!({"kind": "question", "message": "x"})).await;
        let wrong = [
            ("messages", json!({}), vec!["/kind required", "/body required"]),
            ("messages", json!({"kind": "shout", "body": " "}), vec!["/kind invalid", "/body required"]),
            ("messages", json!({"kind": "reply", "body": "长".repeat(10_001)}), vec!["/body too_long"]),
            ("messages", json!({"kind": "reply", "body": "x", "then": "sleep"}), vec!["/then invalid"]),
            ("messages", json!({"kind": "note", "body": "x", "then": "wait"}), vec!["/then invalid"]),
            ("messages", json!({"kind": "reply", "body": "x", "remedy": "y"}), vec!["/then invalid"]),
            ("messages", json!({"kind": "reply", "body": "x", "then": "resolve", "outcome": "won", "remedy": "y".repeat(1_001)}), vec!["/outcome invalid", "/remedy too_long"]),
            ("messages", json!({"kind": "reply", "body": "x", "to": "y"}), vec!["/to unknown_field"]),
            ("status", json!({}), vec!["/status required"]),
            ("status", json!({"status": "done"}), vec!["/status invalid"]),
            ("status", json!({"status": "waiting", "outcome": "upheld"}), vec!["/status invalid"]),
            ("assign", json!({}), vec!["/owner required"]),
            ("assign", json!({"owner": 7}), vec!["/owner invalid"]),
            ("assign", json!({"owner": "nobody@acme.example"}), vec!["/owner invalid"]),
            ("assign", json!({"owner": "00000000-0000-7000-8000-000000000000"}), vec!["/owner invalid"]),
            ("assign", json!([]), vec![" invalid", "/owner required"]),
        ];
        for (step, body, expected) in wrong {
            let answer = program.post(&format!("/{}/{step}", case.id), &body).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{step} {body}: {}", answer.body);
            let errors: Vec<String> = answer.field_errors().into_iter().map(|(pointer, code)| format!("{pointer} {code}")).collect();
            assert_eq!(errors, expected, "{step} {body}");
        }
        for step in ["closed", "new"] {
            let answer = program.post(&format!("/{}/status", case.id), &json!({"status": step})).await;
            assert_eq!(answer.status, StatusCode::CONFLICT, "{step}");
        }
        assert_eq!(Case::by_id(&app.app, &case.id).await.unwrap().status, "new");
        assert_eq!(count(&app, "messages").await + count(&app, "events").await, 1);
    }

    async fn it_is_described(app: TestApp) {
        let description = app.client().get("/api/openapi.json").await.json();
        assert_eq!(description["components"]["securitySchemes"]["token"]["scheme"], "bearer");
        let described = [
            ("/api/v1/cases", "get", "cases:read"), ("/api/v1/cases", "post", "feedback:write"), ("/api/v1/cases/{id}", "get", "cases:read"),
            ("/api/v1/cases/{id}/messages", "post", "cases:write"), ("/api/v1/cases/{id}/status", "post", "cases:write"),
            ("/api/v1/cases/{id}/assign", "post", "cases:write"), ("/api/v1/cases/{id}", "patch", "cases:write"),
            ("/api/v1/cases/{id}/tasks", "post", "cases:write"), ("/api/v1/tasks/{id}", "patch", "cases:write"),
            ("/api/v1/cases/bulk", "post", "cases:write"), ("/api/v1/events", "get", "cases:read"),
        ];
        for (path, method, scope) in described {
            let operation = &description["paths"][path][method];
            assert_eq!((&operation["tags"][0], &operation["security"][0]["token"][0]), (&json!("cases"), &json!(scope)), "{method} {path}");
            assert!(operation["responses"]["401"].is_object(), "{method} {path}");
        }
        let schemas = description["components"]["schemas"].as_object().unwrap();
        assert_eq!(schemas["EnteredFeedback"]["properties"]["site"]["type"], "string");
        assert!(schemas["EnteredFeedback"]["required"].as_array().unwrap().contains(&json!("site")));
        let text = description.to_string();
        let references: Vec<&str> = text.split("\"#/components/schemas/").skip(1).collect();
        assert!(!references.is_empty(), "schemas are referred to");
        for part in references {
            let name = part.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is referred to and not described");
        }
    }
}
