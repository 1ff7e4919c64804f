//! Calls in the console and by the API: samples that are drawn once, results that bring a case back, and customers whom their representative should call.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::calls::weekly;
use sayso::cases::Case;
use sayso::clock::{DAY, HOUR};
use sayso::jobs::run_due;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{Desk, add_member, submit};
use crate::access::Program;

/// A resolved case of a customer of their own; gives its identifier and that of the customer.
async fn resolved(app: &TestApp, program: &Program<'_>, number: usize) -> (String, String) {
    let contact = json!({"name": format!("Customer {number}"), "phone": format!("+86 138 0013 80{number:02}")});
    let id =
        submit(app, json!({"kind": "question", "message": format!("Question {number}"), "contact": contact})).await;
    run_due(&app.app).await.unwrap();
    let status = program.post(&format!("/{id}/status"), &json!({"status": "resolved"})).await;
    assert_eq!(status.status, StatusCode::OK, "{}", status.body);
    let customer = program.get(&format!("/{id}")).await.json()["case"]["customer"]["id"].as_str().unwrap().to_owned();
    (id, customer)
}

async fn represent(program: &Program<'_>, customer: &str, email: &str) {
    let patched = program.patch_at(&format!("/api/v1/customers/{customer}"), &json!({"representative": email})).await;
    assert_eq!(patched.status, StatusCode::OK, "{}", patched.body);
}

fn customers(round: &Value) -> Vec<&str> {
    round["check_calls"].as_array().unwrap().iter().map(|call| call["customer"].as_str().unwrap()).collect()
}

on_both_databases! {
    async fn a_sample_is_drawn_and_called(app: TestApp) {
        let program = Program::new(&app).await;
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        let bo = Desk::of(&app, "bo", Role::Agent).await;
        let mut cases = Vec::new();
        for number in 0..6 {
            cases.push(resolved(&app, &program, number).await);
        }
        for (_, customer) in &cases {
            represent(&program, customer, "mei@acme.example").await;
        }
        // Whoever has an open case is left alone, and so is whoever nobody can reach.
        submit(&app, json!({"kind": "question", "message": "And again", "contact": {"phone": "+86 138 0013 8005"}})).await;
        run_due(&app.app).await.unwrap();
        let nobody = submit(&app, json!({"kind": "question", "message": "Who am I"})).await;
        program.post(&format!("/{nobody}/status"), &json!({"status": "resolved"})).await;

        let wrong = tom.post("/staff/calls/draw", &[("site", "acme"), ("size", "many"), ("percent", "0"), ("days", "999"), ("seed", " ")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        for part in ["from 1 to 500", "from 1 to 100", "from 1 to 366", "at most 100 characters", "value=\"many\""] {
            assert!(wrong.body.contains(part), "{part}: {}", wrong.body);
        }
        let key = uuid::Uuid::new_v4().to_string();
        let draw = [("site", "acme"), ("size", "3"), ("percent", ""), ("days", "30"), ("seed", "week 48"), ("key", key.as_str())];
        for _ in 0..2 {
            assert_eq!(tom.post("/staff/calls/draw", &draw).await.location(), "/staff/calls?done=drawn");
        }
        let page = tom.client.get("/staff/calls").await.body;
        assert!(page.contains("week 48") && page.contains("3 / 5"), "three of the five who could be drawn: {page}");
        assert_eq!(page.matches("aria-labelledby=\"rounds\"").count(), 1, "one landmark has this name");
        let open = program.get_at("/api/v1/check-calls").await.json();
        assert_eq!(open["check_calls"].as_array().unwrap().len(), 3, "once for a key");
        // The rest, and then nobody: no customer is drawn twice.
        let rest = program.post_at("/api/v1/check-calls", &json!({"site": "acme", "size": 100, "seed": "week 48"})).await;
        assert_eq!(rest.status, StatusCode::CREATED, "{}", rest.body);
        let rest = rest.json();
        assert_eq!((&rest["candidates"], &rest["drawn"]), (&json!(2), &json!(2)));
        assert!(customers(&rest).iter().all(|customer| !customers(&open).contains(customer)), "{rest}");
        let nobody = tom.post("/staff/calls/draw", &[("site", "acme"), ("size", "3"), ("days", "30"), ("seed", "week 49")]).await;
        assert_eq!(nobody.location(), "/staff/calls?done=nobody");

        // Those who represent them call; others do not see it.
        assert!(!bo.client.get("/staff/calls").await.body.contains("tel:"), "not his");
        let page = mei.client.get("/staff/calls").await.body;
        assert!(page.contains("Customer 1</a>") && page.contains("tel:+8613800138001"), "{page}");
        let first = &open["check_calls"][0];
        let (id, case) = (first["id"].as_str().unwrap(), first["case"].as_str().unwrap());
        let address = format!("/staff/calls/{id}");
        assert_eq!(bo.post(&address, &[("result", "satisfied")]).await.status, StatusCode::NOT_FOUND);
        let long = "x".repeat(201);
        let refused = mei.post(&address, &[("result", ""), ("score", "6"), ("note", &long)]).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("Choose what came of the call") && refused.body.contains(&long), "{}", refused.body);
        assert_eq!(mei.post(&address, &[("result", "not_reached")]).await.location(), "/staff/calls?done=noted");
        assert!(mei.client.get("/staff/calls").await.body.contains("Not reached so far: 1"));
        assert_eq!(mei.post(&address, &[("result", "not_solved"), ("note", "The hose <leaks> again")]).await.location(), "/staff/calls?done=noted");
        let again = mei.post(&address, &[("result", "satisfied")]).await;
        assert!(again.status == StatusCode::CONFLICT && again.body.contains("noted the result of this call already"), "{}", again.body);
        let stands = Case::by_id(&app.app, case).await.unwrap();
        assert!(stands.status().is_open(), "what is not solved is worked on again");
        let timeline = tom.client.get(&format!("/staff/cases/{case}")).await.body;
        assert!(timeline.contains("The hose &#60;leaks&#62; again") && timeline.contains("Calls: 2"), "{timeline}");

        // The others are content; two answers of five are too few for a share, five are not.
        let all = [&open["check_calls"], &rest["check_calls"]].map(|calls| calls.as_array().unwrap().clone()).concat();
        let figures = async || {
            let report = program.get_at("/api/v1/reports/customers").await.json();
            report["overall"]["check_calls"].clone()
        };
        let before = figures().await;
        assert_eq!((&before["called"], &before["n"], &before["value"], &before["note"]), (&json!(1), &json!(1), &json!(null), &json!("too few")));
        for call in all.iter().filter(|call| call["id"] != first["id"]) {
            let path = format!("/api/v1/check-calls/{}", call["id"].as_str().unwrap());
            let wrong = program.patch_at(&path, &json!({"result": "happy", "score": 0, "who": "me"})).await;
            let fields: Vec<String> = wrong.field_errors().into_iter().map(|(field, _)| field).collect();
            assert_eq!((wrong.status, fields), (StatusCode::UNPROCESSABLE_ENTITY, vec!["/result".to_owned(), "/score".to_owned(), "/who".to_owned()]));
            let noted = program.patch_at(&path, &json!({"result": "satisfied", "score": 5})).await;
            assert_eq!((noted.status, &noted.json()["result"], &noted.json()["score"]), (StatusCode::OK, &json!("satisfied"), &json!(5)));
        }
        let after = figures().await;
        assert_eq!((&after["called"], &after["n"], &after["satisfied"], &after["value"], &after["not_solved"]), (&json!(5), &json!(5), &json!(4), &json!(0.8), &json!(1)));
        let report = tom.client.get("/staff/reports/customers").await.body;
        assert!(report.contains("content 80 % of 5 who said (1 not solved)"), "{report}");
    }

    async fn whoever_cannot_be_reached_is_given_up_after_three_calls(app: TestApp) {
        let program = Program::new(&app).await;
        resolved(&app, &program, 1).await;
        let round = program.post_at("/api/v1/check-calls", &json!({"site": "acme", "size": 1, "seed": "s"})).await.json();
        let path = format!("/api/v1/check-calls/{}", round["check_calls"][0]["id"].as_str().unwrap());
        for (tries, result) in [(1, json!(null)), (2, json!(null)), (3, json!("not_reached"))] {
            let call = program.patch_at(&path, &json!({"result": "not_reached"})).await.json();
            assert_eq!((&call["tries"], &call["result"]), (&json!(tries), &result));
        }
        assert_eq!(program.patch_at(&path, &json!({"result": "satisfied"})).await.status, StatusCode::CONFLICT);
        assert_eq!(program.get_at("/api/v1/check-calls").await.json()["check_calls"], json!([]));
        // After a quarter of a year the customer may be drawn again.
        let draw = json!({"site": "acme", "size": 1, "seed": "s", "days": 366});
        app.app.clock.advance(91 * DAY);
        assert_eq!(program.post_at("/api/v1/check-calls", &draw).await.json()["drawn"], json!(0));
        app.app.clock.advance(2 * DAY);
        assert_eq!(program.post_at("/api/v1/check-calls", &draw).await.json()["drawn"], json!(1));
        assert_eq!(program.get_at("/api/v1/check-calls?round=018f3a1e-0000-7000-8000-000000000001").await.status, StatusCode::NOT_FOUND);
        assert_eq!(program.get_at("/api/v1/check-calls?rounds=1").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn representatives_call_who_is_silent_or_was_unhappy(app: TestApp) {
        let program = Program::new(&app).await;
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        let bo = Desk::of(&app, "bo", Role::Agent).await;
        let vera = Desk::of(&app, "vera", Role::Viewer).await;
        let (case, customer) = resolved(&app, &program, 1).await;
        represent(&program, &customer, "mei@acme.example").await;
        let page = mei.client.get("/staff/calls").await.body;
        assert!(page.contains("Nobody needs a call"), "{page}");
        let code = Case::by_id(&app.app, &case).await.unwrap().code(&app.app.keys).unwrap();
        let rated = app.client().post_json(&format!("/api/v1/feedback/{code}/satisfaction"), &json!({"score": 2})).await;
        assert!(rated.status.is_success(), "{}", rated.body);
        let page = mei.client.get("/staff/calls").await.body;
        assert!(page.contains("Unhappy last time: 2 of 5") && page.contains(&format!("/staff/cases/{case}#efforts")), "{page}");
        assert!(!bo.client.get("/staff/calls").await.body.contains("Unhappy"), "she is not his customer");
        assert!(vera.client.get("/staff/calls").await.body.contains("Caller: mei"), "whoever sees everything sees who calls");
        app.app.clock.advance(1_000);
        let noted = mei.post(&format!("/staff/cases/{case}/efforts"), &[("kind", "call"), ("result", "reached"), ("note", "sorry")]).await;
        assert_eq!(noted.status, StatusCode::SEE_OTHER, "{}", noted.body);
        assert!(mei.client.get("/staff/calls").await.body.contains("Nobody needs a call"), "she was reached");
        app.app.clock.advance(94 * DAY);
        // Her session has ended meanwhile.
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        assert!(tom.client.get("/staff/calls").await.body.contains("Not heard of for 94 days"));
    }

    async fn each_monday_representatives_are_told_how_many_to_call_and_not_whom(app: TestApp) {
        let program = Program::new(&app).await;
        add_member(&app, "mei", Role::Agent).await;
        add_member(&app, "bo", Role::Agent).await;
        for number in 1..=2 {
            let (_, customer) = resolved(&app, &program, number).await;
            represent(&program, &customer, "mei@acme.example").await;
        }
        app.app.clock.advance(91 * DAY);
        // To the next Monday at eight, and the one after it.
        for _ in 0..2 {
            let mut hours = 0;
            while weekly::plan(&app.app).await.unwrap() == 0 {
                app.app.clock.advance(HOUR);
                hours += 1;
                assert!(hours <= 8 * 24, "once a week, and only who has somebody to call");
            }
            for _ in 0..6 * 24 {
                assert_eq!(weekly::plan(&app.app).await.unwrap(), 0, "once");
                app.app.clock.advance(HOUR);
            }
        }
        crate::outbox::cases::work(&app).await;
        let mails = std::fs::read_dir(app.data.path().join("mail")).unwrap();
        let mails: Vec<String> = mails.map(|mail| sayso_tests::Mail::from_file(std::fs::read(mail.unwrap().path()).unwrap()).text())
            .filter(|text| text.contains("/staff/calls")).collect();
        assert_eq!(mails.len(), 2);
        assert!(mails[0].contains("Hello mei") && mails[0].contains("Not heard of for 90 days") && !mails[0].contains("Customer"), "{}", mails[0]);
    }

    async fn managers_call_who_has_no_representative(app: TestApp) {
        let program = Program::new(&app).await;
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        let (case, customer) = resolved(&app, &program, 1).await;
        resolved(&app, &program, 2).await;
        let code = Case::by_id(&app.app, &case).await.unwrap().code(&app.app.keys).unwrap();
        let rated = app.client().post_json(&format!("/api/v1/feedback/{code}/satisfaction"), &json!({"score": 1})).await;
        assert!(rated.status.is_success(), "{}", rated.body);
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = tom.client.get("/staff/calls").await.body;
        assert!(page.contains("Unhappy last time: 1 of 5") && page.contains("Caller: Nobody"), "{page}");
        assert!(!mei.client.get("/staff/calls").await.body.contains("Unhappy"), "they are nobody's and not hers");
        let listed = program.get_at("/api/v1/calls").await.json();
        assert_eq!((&listed["calls"][0]["customer"], &listed["calls"][0]["representative"]), (&json!(customer), &json!(null)));
        app.app.clock.advance(94 * DAY);
        let members = sayso::auth::Member::all(&app.app.db).await.unwrap();
        let member = |email: &str| members.iter().find(|member| member.email == email).unwrap();
        let count = weekly::count(&app.app, member("tom@acme.example")).await.unwrap();
        assert_eq!((count.unhappy, count.silent), (1, 1), "{listed}");
        assert!(weekly::count(&app.app, member("mei@acme.example")).await.unwrap().is_empty());
        app.app.clock.advance(60 * DAY);
        let count = weekly::count(&app.app, member("tom@acme.example")).await.unwrap();
        assert!(count.is_empty(), "who fell silent longer ago is in the report of customers");
    }

    async fn whoever_wrote_or_rated_lately_is_not_silent(app: TestApp) {
        let program = Program::new(&app).await;
        add_member(&app, "mei", Role::Agent).await;
        let mut codes = Vec::new();
        for number in 1..=3 {
            let (case, customer) = resolved(&app, &program, number).await;
            represent(&program, &customer, "mei@acme.example").await;
            codes.push(Case::by_id(&app.app, &case).await.unwrap().code(&app.app.keys).unwrap());
        }
        app.app.clock.advance(60 * DAY);
        let client = app.client();
        let said = client.post_json(&format!("/api/v1/feedback/{}/messages", codes[0]), &json!({"body": "Thanks"})).await;
        assert_eq!(said.status, StatusCode::CREATED, "{}", said.body);
        let rated = client.post_json(&format!("/api/v1/feedback/{}/satisfaction", codes[1]), &json!({"score": 5})).await;
        assert!(rated.status.is_success(), "{}", rated.body);
        app.app.clock.advance(34 * DAY);
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = tom.client.get("/staff/calls").await.body;
        assert_eq!(page.matches("Not heard of for").count(), 1, "{page}");
        assert!(page.contains("Customer 3") && page.contains("Not heard of for 94 days"), "{page}");
    }

    async fn each_role_does_what_it_may_with_calls(app: TestApp) {
        let program = Program::new(&app).await;
        resolved(&app, &program, 1).await;
        let round = program.post_at("/api/v1/check-calls", &json!({"site": "acme", "size": 1, "seed": "s"})).await.json();
        let address = format!("/staff/calls/{}", round["check_calls"][0]["id"].as_str().unwrap());
        let draw = [("site", "acme"), ("size", "1"), ("days", "1"), ("seed", "x")];
        for (name, role, read, write, drawn) in [
            ("vera", Role::Viewer, StatusCode::OK, StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
            ("pat", Role::Partner, StatusCode::FORBIDDEN, StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
            ("mei", Role::Agent, StatusCode::OK, StatusCode::SEE_OTHER, StatusCode::FORBIDDEN),
            ("tom", Role::Manager, StatusCode::OK, StatusCode::SEE_OTHER, StatusCode::SEE_OTHER),
        ] {
            let desk = Desk::of(&app, name, role).await;
            let page = desk.client.get("/staff/calls").await;
            assert_eq!((page.status, page.body.contains("/staff/calls/draw")), (read, drawn == StatusCode::SEE_OTHER), "{name}");
            assert_eq!(desk.post("/staff/calls/draw", &draw).await.status, drawn, "{name}");
            assert_eq!(desk.post(&address, &[("result", "not_reached")]).await.status, write, "{name}");
        }
        let reads = Program::with(&app, "reads", &[sayso::auth::token::Scope::CustomersRead]).await;
        assert_eq!(reads.get_at("/api/v1/check-calls").await.status, StatusCode::OK);
        assert_eq!(reads.post_at("/api/v1/check-calls", &json!({"site": "acme", "size": 1, "seed": "s"})).await.status, StatusCode::FORBIDDEN);
    }
}
