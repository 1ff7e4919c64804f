//! What programs that were written from the contract alone rely on, and once did not find.

use reqwest::{Method, StatusCode};
use sayso::auth::Role;
use sayso::jobs::run_due;
use sayso_tests::process::run;
use sayso_tests::{TestApp, on_both_databases, write_key};
use serde_json::{Value, json};

use crate::access::Program;
use crate::console::{Desk, add_member, complaint};

async fn submit_as(app: &TestApp, email: &str) -> String {
    let answer =
        app.client().submit(json!({"kind": "complaint", "message": "Late", "contact": {"email": email}})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    run_due(&app.app).await.unwrap();
    let select = "select id from cases order by id desc limit 1";
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap()
}

on_both_databases! {
    async fn new_cases_of_a_customer_go_to_their_representative_first(app: TestApp) {
        let program = Program::new(&app).await;
        let mei = add_member(&app, "mei", Role::Agent).await;
        let first = submit_as(&app, "li@example.com").await;
        let case = program.get(&format!("/{first}")).await.json();
        assert!(case["case"]["owner"].is_null(), "nobody looks after a stranger");
        let customer = format!("/api/v1/customers/{}", case["case"]["customer"]["id"].as_str().unwrap());
        assert_eq!(program.patch_at(&customer, &json!({"representative": "mei@acme.example"})).await.status, StatusCode::OK);
        let owner = async |id: String| program.get(&format!("/{id}")).await.json()["case"]["owner"]["id"].clone();
        assert_eq!(owner(submit_as(&app, "li@example.com").await).await, json!(mei));
        // Whoever is chosen by chance does not take it away; who is named does.
        add_member(&app, "sam", Role::Agent).await;
        app.apply_service("[[team]]\nkey = 'care'\nname = 'Care'\nmembers = ['sam@acme.example']\n[[rule]]\nname = 'All'\nthen = { team = 'care', owner = 'least_loaded' }\n").await;
        app.app.service.forget();
        assert_eq!(owner(submit_as(&app, "li@example.com").await).await, json!(mei));
        let others = submit_as(&app, "han@example.com").await;
        let case = program.get(&format!("/{others}")).await.json();
        assert_eq!(case["case"]["owner"]["email"], "sam@acme.example", "others go as the rule says");
        app.apply_service("[[rule]]\nname = 'All'\nthen = { owner = 'sam@acme.example' }\n").await;
        app.app.service.forget();
        let named = submit_as(&app, "li@example.com").await;
        let case = program.get(&format!("/{named}")).await.json();
        assert_eq!(case["case"]["owner"]["email"], "sam@acme.example");
    }

    async fn the_first_action_of_its_owner_acknowledges_a_case_and_a_look_does_not(app: TestApp) {
        let desk = Desk::of(&app, "lin", Role::Agent).await;
        let status = async |id: &str| sayso::cases::Case::by_id(&app.app, id).await.unwrap().status;
        for (path, fields) in [
            ("note", vec![("body", "Ask the workshop")]),
            ("tasks", vec![("title", "Call the carrier"), ("to", "")]),
            ("efforts", vec![("kind", "call"), ("result", "not_reached")]),
        ] {
            let id = complaint(&app, "Torn").await;
            desk.post(&format!("/staff/cases/{id}/owner"), &[("owner", "me")]).await;
            desk.post(&format!("/staff/cases/{id}/opened"), &[]).await;
            assert_eq!(status(&id).await, "new", "opening it is no action");
            let done = desk.post(&format!("/staff/cases/{id}/{path}"), &fields).await;
            assert_eq!(done.status, StatusCode::SEE_OTHER, "{path}: {}", done.body);
            assert_eq!(status(&id).await, "acknowledged", "{path}");
        }
        let others = complaint(&app, "Torn").await;
        desk.post(&format!("/staff/cases/{others}/note"), &[("body", "Seen")]).await;
        assert_eq!(status(&others).await, "new", "she does not own it");
    }

    async fn a_merged_case_is_closed_to_programs_and_comes_back_as_it_was(app: TestApp) {
        let program = Program::new(&app).await;
        let (one, other) = (complaint(&app, "Late").await, complaint(&app, "Late again").await);
        let merged = program.post(&format!("/{one}/merge"), &json!({"into": other})).await.json();
        assert_eq!((&merged["status"], merged["closed_at"].is_string()), (&json!("closed"), true), "{merged}");
        let read = program.get(&format!("/{one}")).await.json();
        assert_eq!((&read["case"]["status"], &read["case"]["merged_into"]), (&json!("closed"), &json!(other)));
        let apart = program.post(&format!("/{one}/unmerge"), &json!({})).await.json();
        assert_eq!((&apart["status"], &apart["closed_at"]), (&json!("new"), &Value::Null), "{apart}");
    }

    async fn every_write_about_problems_and_tasks_is_done_once_for_a_key(app: TestApp) {
        let program = Program::new(&app).await;
        let client = app.client();
        let send = async |method: Method, path: &str, key: &str, body: &Value| {
            let request = client.request(method, path).bearer_auth(program.token()).header("idempotency-key", key);
            client.send(request.json(body)).await
        };
        let key = || uuid::Uuid::new_v4().to_string();
        let (add, post, patch) = (key(), Method::POST, Method::PATCH);
        let body = json!({"title": "Worn springs", "solution": {"en": "New springs"}});
        let first = send(post.clone(), "/api/v1/problems", &add, &body).await;
        let again = send(post.clone(), "/api/v1/problems", &add, &body).await;
        assert_eq!((first.status, again.status, first.json()), (StatusCode::CREATED, StatusCode::CREATED, again.json()));
        let reused = send(post.clone(), "/api/v1/problems", &add, &json!({"title": "Another"})).await;
        assert_eq!(reused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(reused.body.contains("idempotency_key_reused"), "{}", reused.body);
        assert_eq!(send(post.clone(), "/api/v1/problems", "x", &body).await.status, StatusCode::BAD_REQUEST);
        let problem = format!("/api/v1/problems/{}", first.json()["id"].as_str().unwrap());
        let change = key();
        assert_eq!(send(patch.clone(), &problem, &change, &json!({"public": true})).await.status, StatusCode::OK);
        assert_eq!(send(patch.clone(), &problem, &change, &json!({"public": false})).await.status, StatusCode::UNPROCESSABLE_ENTITY);

        let case = complaint(&app, "It creaks").await;
        program.patch(&case, &json!({"problem": first.json()["id"]}), None).await;
        let resolve = key();
        let answer = json!({"outcome": "upheld"});
        let done = send(post.clone(), &format!("{problem}/resolve"), &resolve, &answer).await.json();
        assert_eq!(done["results"][0]["id"], json!(case), "{done}");
        assert_eq!(send(post.clone(), &format!("{problem}/resolve"), &resolve, &answer).await.json(), done, "a repeat hears the same");
        let reused = send(post.clone(), &format!("{problem}/resolve"), &resolve, &json!({"outcome": "withdrawn"})).await;
        assert_eq!(reused.status, StatusCode::UNPROCESSABLE_ENTITY);

        let other = complaint(&app, "It creaks too").await;
        let task = program.post(&format!("/{other}/tasks"), &json!({"title": "Look"})).await.json();
        let task = format!("/api/v1/tasks/{}", task["tasks"][0]["id"].as_str().unwrap());
        let change = key();
        assert_eq!(send(patch.clone(), &task, &change, &json!({"done": true})).await.status, StatusCode::OK);
        assert_eq!(send(patch.clone(), &task, &change, &json!({"done": true})).await.status, StatusCode::OK);
        assert_eq!(send(patch, &task, &change, &json!({"done": false})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn versions_are_tags_and_who_changed_what_has_a_name(app: TestApp) {
        let program = Program::new(&app).await;
        let case = complaint(&app, "Late").await;
        let read = program.get(&format!("/{case}")).await;
        let tag = read.header("etag");
        assert_eq!(tag, format!("\"{}\"", read.json()["case"]["version"]));
        assert_eq!(program.patch_if(&case, &json!({"priority": "high"}), &format!("W/{tag}")).await.status, StatusCode::OK);
        let late = program.patch_if(&case, &json!({"priority": "low"}), tag).await;
        assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
        assert!(late.body.contains("CRM: case.priority"), "{}", late.body);
    }

    async fn parameters_that_are_left_empty_count_as_absent(app: TestApp) {
        let program = Program::new(&app).await;
        complaint(&app, "Late").await;
        for path in [
            "/api/v1/events?after=", "/api/v1/audit?from=&actor=&action=", "/api/v1/cases?site=&kind=&status=&owner=&due=&sort=&limit=&cursor=",
            "/api/v1/customers?q=", "/api/v1/problems?state=", "/api/v1/exposure?site=acme&from=", "/api/v1/audit?from=2026-11-29",
        ] {
            let answer = program.get_at(path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
            assert!(answer.json().as_object().unwrap().contains_key("next"), "{path}: lists say whether there is more");
        }
        assert_eq!(program.get_at("/api/v1/events?after=x").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn a_category_of_all_kinds_says_so(app: TestApp) {
        app.set_site(&[r#"categories=[{"key":"delivery","label":{"en":"Delivery"}}]"#]).await;
        let site = app.client().get("/api/v1/sites/acme").await.json();
        assert_eq!(site["categories"][0], json!({"key": "delivery", "kind": null, "label": {"en": "Delivery"}}));
    }

    async fn metrics_are_for_programs_on_this_machine(app: TestApp) {
        let client = app.client();
        let metrics = client.get("/metrics").await;
        assert!(metrics.status == StatusCode::OK && metrics.body.contains("sayso_"), "{}", metrics.body);
        for (name, value) in [("x-forwarded-for", "203.0.113.7"), ("forwarded", "for=203.0.113.7"), ("host", "feedback.example")] {
            let answer = client.send(client.request(Method::GET, "/metrics").header(name, value)).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}");
        }
    }

    async fn nobody_frames_the_console_but_its_own_list_a_case(app: TestApp) {
        let desk = Desk::of(&app, "lin", Role::Agent).await;
        let case = complaint(&app, "Late").await;
        for (path, ancestors) in [("/staff/sign-in", "'none'"), ("/staff", "'none'"), ("/staff/cases", "'none'"), (&*format!("/staff/cases/{case}"), "'self'")] {
            let page = desk.client.get(path).await;
            let policy = page.header("content-security-policy");
            assert!(policy.contains(&format!("frame-ancestors {ancestors}")), "{path}: {policy}");
            assert!(path.starts_with("/staff/cases") || !policy.contains("inline"), "{path}: {policy}");
        }
    }

}

on_both_databases! {
    async fn the_command_line_does_what_it_says(database: Database) {
        let data = tempfile::tempdir().unwrap();
        write_key(data.path());
        let url = database.make().await.reveal().unwrap_or_default().to_owned();
        let sayso = |arguments: &[&str]| run(data.path(), &url, arguments);
        assert!(sayso(&["member", "add", "ag@x.example", "--name", "Ag", "--role", "agent"]).0);
        let (removed, said) = sayso(&["member", "remove", "ag@x.example"]);
        assert!(removed, "an agent is nobody's last admin: {said}");
        assert!(sayso(&["member", "add", "al@x.example", "--name", "Al", "--role", "admin"]).0);
        assert!(!sayso(&["member", "remove", "al@x.example"]).0);
        let (exported, rows) = sayso(&["export", "--format", "csv"]);
        assert!(exported && rows.contains("id,"), "without a file, rows go to the standard output: {rows}");
    }
}
