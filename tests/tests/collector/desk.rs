//! The desk at work: rules route cases, clocks run in open time, and the staff sort cases by the API.

use reqwest::StatusCode;
use sayso::audit::Stamp;
use sayso::clock::{DAY, HOUR, MINUTE, Millis, parse_rfc3339, rfc3339};
use sayso::jobs::run_due;
use sayso::routing::run_timed;
use sayso::service::plan::Prune;
use sayso::service::read::read;
use sayso::service::store;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use crate::access::Program;
use crate::outbox::cases::deliveries;

const SERVICE: &str = r#"
[[site]]
key = "acme"
name = "Acme Home"
origins = ["https://shop.example"]

[[member]]
address = "mei@shop.example"
name = "Mei Lin"
role = "agent"
teams = ["delivery"]

[[member]]
address = "bo@shop.example"
name = "Bo Xu"
role = "agent"
teams = ["delivery"]

[[member]]
address = "tom@shop.example"
name = "Tom Ode"
role = "manager"

[[calendar]]
key = "office"
time_zone = "Asia/Shanghai"
hours = { mon = ["09:00-18:00"], tue = ["09:00-18:00"], wed = ["09:00-18:00"], thu = ["09:00-18:00"], fri = ["09:00-18:00"] }

[[team]]
key = "delivery"
name = "Delivery"
lead = "tom@shop.example"
calendar = "office"

[[category]]
site = "acme"
key = "delivery"
label = { en = "Delivery" }
team = "delivery"

[[category]]
site = "acme"
key = "invoice"
label = { en = "Invoice" }

[[promise]]
site = "acme"
calendar = "office"
first_response = "4h"
next_response = "2h"
resolution = "3bd"
warn_before = "30m"

[[promise]]
site = "acme"
priority = "urgent"
calendar = "office"
first_response = "1h"

[[rule]]
name = "Late deliveries"
when = { kind = ["complaint"], words = ["晚到", "late"] }
then = { team = "delivery", owner = "round_robin", tags = ["late"] }

[[rule]]
name = "Fire"
when = { team = ["delivery"], words = ["fire"] }
then = { priority = "urgent", escalate_to = "tom@shop.example" }

[[rule]]
name = "Broken promises"
on = ["breached"]
then = { priority = "high", escalate_to = "tom@shop.example" }

[[rule]]
name = "First word"
when = { words = ["refund"] }
then = { template = "first-word" }

[[rule]]
name = "Nobody waits for two days"
on = ["time"]
when = { waiting_longer_than = "2bd" }
then = { priority = "high", escalate_to = "tom@shop.example" }

[[template]]
key = "first-word"
body = { en = "Dear {customer.name}, {site.name} answers until {due.first_response}.", zh-Hans = "{customer.name}，您好！我们将于 {due.first_response} 前回复。" }

[[problem]]
key = "P-7"
title = "The carrier is late"
"#;

/// Monday, 2026-11-30 09:00 in Shanghai.
const MONDAY: &str = "2026-11-30T01:00:00Z";

async fn set_up(app: &TestApp) {
    let file = read(SERVICE, &store::load(&app.app.db).await.unwrap()).unwrap();
    store::apply(&app.app.db, &file, Prune::Keep, &Stamp::command(app.app.clock.now())).await.unwrap();
    go_to(app, MONDAY);
}

/// Moves the clock to a time.
fn go_to(app: &TestApp, time: &str) {
    let clock = &app.app.clock;
    clock.advance(parse_rfc3339(time).unwrap() - clock.now());
}

/// Local time of that week in Shanghai.
fn local(day: i64, hour: i64, minute: i64) -> String {
    rfc3339(parse_rfc3339(MONDAY).unwrap() + day * DAY + (hour - 9) * HOUR + minute * MINUTE)
}

/// A time without its seconds, which go on while the test runs.
fn minute(time: &str) -> String {
    time[..16].to_owned()
}

async fn submit(app: &TestApp, program: &Program<'_>, feedback: Value) -> (String, Value) {
    let receipt = app.client().submit(feedback).await;
    assert_eq!(receipt.status, StatusCode::CREATED, "{}", receipt.body);
    run_due(&app.app).await.unwrap();
    let code = receipt.json()["code"].as_str().unwrap().to_owned();
    let found = program.get(&format!("?q={code}")).await.json();
    (code, found["cases"][0].clone())
}

async fn case(program: &Program<'_>, id: &Value) -> Value {
    program.get(&format!("/{}", id.as_str().unwrap())).await.json()
}

/// Promise, state and due time of each clock.
fn clocks(case: &Value) -> Vec<(&str, &str, Option<String>)> {
    let clocks = case["clocks"].as_array().unwrap().iter();
    let due = |clock: &Value| clock["due"].as_str().map(minute);
    clocks.map(|clock| (clock["promise"].as_str().unwrap(), clock["state"].as_str().unwrap(), due(clock))).collect()
}

/// When something is due on a day of that week.
fn due(day: i64, hour: i64) -> Option<String> {
    Some(minute(&local(day, hour, 0)))
}

fn events(full: &Value, of: &str) -> Vec<Value> {
    let events = full["events"].as_array().unwrap().iter();
    events.filter(|event| event["type"] == of).map(|event| event["data"].clone()).collect()
}

/// Lets time pass, and the jobs that become due by it be done at their time.
async fn pass(app: &TestApp, until: &str) {
    let until: Millis = parse_rfc3339(until).unwrap();
    while app.app.clock.now() < until {
        app.app.clock.advance((until - app.app.clock.now()).min(15 * MINUTE));
        run_due(&app.app).await.unwrap();
    }
}

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
        assert_eq!(events(&full, "case.priority"), [json!({"from": "normal", "to": "urgent", "rule": "Fire"})]);
        assert_eq!(events(&full, "case.escalated")[0]["rule"], "Fire");
        let told: Vec<String> = deliveries(&app).await.into_iter().map(|delivery| delivery.destination).collect();
        assert_eq!(told.iter().filter(|to| to.starts_with("member:")).count(), 2, "the owner and the lead: {told:?}");

        let (_, second) = submit(&app, &program, json!({"kind": "complaint", "message": "包裹晚到了三天"})).await;
        assert_eq!(second["owner"]["email"], "bo@shop.example", "each in turn");
        assert_eq!(clocks(&second), [
            ("first_response", "running", due(0, 13)),
            ("resolution", "running", due(3, 18)),
        ]);
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
        // Page by page it is the same list.
        for sort in ["due", "updated", "newest"] {
            let whole = program.get(&format!("?channel=widget&has=attachment&sort={sort}")).await.json();
            assert_eq!(whole["cases"], json!([]));
            let (mut paged, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = program.get(&format!("?due=today&sort={sort}&limit=1{cursor}")).await.json();
                paged.extend(page["cases"].as_array().unwrap().iter().map(|case| case["id"].clone()));
                match page["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            let whole = program.get(&format!("?due=today&sort={sort}")).await.json();
            let whole: Vec<Value> = whole["cases"].as_array().unwrap().iter().map(|case| case["id"].clone()).collect();
            assert_eq!((paged.len(), paged), (4, whole), "{sort}");
        }
        for wrong in ["?due=never", "?sort=best", "?team=delivery&team=none", "?owner=nobody@shop.example", "?has=task", "?priority=now", "?due=today&cursor=x"] {
            assert_eq!(program.get(wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
    }

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
        let many: Vec<String> = (0..501).map(|_| unknown.clone()).collect();
        for (wrong, field) in [
            (json!({"ids": many, "patch": {}}), "/ids"),
            (json!({"ids": [], "patch": {}}), "/ids"),
            (json!({"ids": "x", "patch": {}}), "/ids"),
            (json!({"ids": [one["id"]]}), "/patch"),
        ] {
            assert_eq!(program.post("/bulk", &wrong).await.field_errors()[0].0, field);
        }
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
