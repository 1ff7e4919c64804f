//! A customer who is two people: what is not theirs is taken away, their cases go to whom they are, and what is exported and erased is the right person's.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::auth::token::Scope;
use sayso::jobs::run_due;
use sayso::upgrades::{self, Moment, Tools};
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{cases_of, everything_stored, submit};
use crate::access::Program;
use crate::console::Desk;

const PHONE: &str = "+8613800138000";

/// A case that came with a phone number, and more.
async fn called(app: &TestApp, program: &Program<'_>, message: &str, name: &str) -> (String, String) {
    let contact = json!({"name": name, "phone": "13800138000"});
    let (_, case) = submit(app, program, json!({"kind": "question", "message": message, "contact": contact})).await;
    (case["id"].as_str().unwrap().to_owned(), case["customer"]["id"].as_str().unwrap().to_owned())
}

async fn part(program: &Program<'_>, customer: &str, path: &str, body: Value) -> Value {
    let done = program.post_at(&format!("/api/v1/customers/{customer}/{path}"), &body).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    done.json()
}

async fn read(program: &Program<'_>, customer: &str) -> Value {
    program.get_at(&format!("/api/v1/customers/{customer}")).await.json()
}

on_both_databases! {
    async fn a_family_with_one_phone_is_several_people(app: TestApp) {
        app.set_site(&["country=CN"]).await;
        let program = Program::new(&app).await;
        let (first, li) = called(&app, &program, "zebrafinch", "Li").await;
        let (second, same) = called(&app, &program, "wolverine", "Wang").await;
        assert_eq!(li, same, "one phone is one customer until somebody says otherwise");
        let wang = part(&program, &li, "move-case", json!({"case": second})).await;
        run_due(&app.app).await.unwrap();
        let wang = wang["id"].as_str().unwrap().to_owned();
        assert_ne!(wang, li);
        assert_eq!((cases_of(&program, &li).await, cases_of(&program, &wang).await), (vec![first.clone()], vec![second.clone()]));
        let (one, other) = (read(&program, &li).await, read(&program, &wang).await);
        assert_eq!((&one["phones"], &one["name"]), (&json!([PHONE]), &json!("Li")));
        assert_eq!((&other["phones"], &other["name"]), (&json!([]), &json!("Wang")), "the phone is still the first one's");

        let erased = program.post_at(&format!("/api/v1/customers/{li}/erase"), &json!({})).await;
        assert_eq!((erased.status, &erased.json()["cases"]), (StatusCode::OK, &json!(1)));
        run_due(&app.app).await.unwrap();
        let stored = everything_stored(&app).await;
        assert!(!stored.contains("zebrafinch") && stored.contains("wolverine"), "the right person's");

        let back = program.post_at(&format!("/api/v1/customers/{wang}/move-case"), &json!({"case": second, "into": li})).await;
        assert_eq!(back.status, StatusCode::CONFLICT, "nothing goes to whom was erased: {}", back.body);
        let log = program.get_at("/api/v1/audit?action=customer.move_case").await.json();
        assert_eq!(log["audit"].as_array().unwrap().len(), 1);
        assert_eq!(log["audit"][0]["object"], format!("customer/{li}"));
    }

    async fn an_address_that_changed_hands_is_the_next_ones(app: TestApp) {
        app.set_site(&["country=CN"]).await;
        let program = Program::new(&app).await;
        let (first, li) = called(&app, &program, "zebrafinch", "Li").await;
        let wrong = program.post_at(&format!("/api/v1/customers/{li}/remove-handle"), &json!({"kind": "phone", "value": "13800138001"})).await;
        assert_eq!(wrong.status, StatusCode::CONFLICT, "{}", wrong.body);
        let key = uuid::Uuid::new_v4().to_string();
        for _ in 0..2 {
            let request = app.client().request(reqwest::Method::POST, &format!("/api/v1/customers/{li}/remove-handle")).bearer_auth(program.token());
            let done = app.client().send(request.header("idempotency-key", &key).json(&json!({"kind": "phone", "value": "138 0013 8000"}))).await;
            assert_eq!((done.status, &done.json()["phones"]), (StatusCode::OK, &json!([])), "{}", done.body);
        }
        // Neither the case that brought it nor the backfill brings it back.
        let again = "insert into jobs (kind, key, payload, due_at, created_at) values ('customers', $1, '', 0, 0)";
        sayso::with_write!(&app.app.db, conn => sqlx::query(again).bind(&first).execute(conn).await.map(|_| ())).unwrap();
        let undo = "delete from upgrades where name = 'customers'";
        sayso::with_write!(&app.app.db, conn => sqlx::query(undo).execute(conn).await.map(|_| ())).unwrap();
        run_due(&app.app).await.unwrap();
        let tools = Tools { db: &app.app.db, keys: &app.app.keys, clock: &app.app.clock };
        upgrades::complete(tools, Moment::WhileServing, |_| async {}).await.unwrap();
        assert_eq!(read(&program, &li).await["phones"], json!([]));
        let (second, wang) = called(&app, &program, "wolverine", "Wang").await;
        assert_ne!(wang, li);
        let (third, _) = called(&app, &program, "tapirnote", "Wang").await;
        assert_eq!(cases_of(&program, &wang).await, [second, third]);
        assert_eq!((cases_of(&program, &li).await, &read(&program, &wang).await["phones"]), (vec![first], &json!([PHONE])));
        // Merged, what was taken away from the one is the other's all the same.
        part(&program, &li, "merge", json!({"into": wang})).await;
        assert_eq!(read(&program, &wang).await["phones"], json!([PHONE]));
    }

    async fn what_is_nobodys_goes_with_the_case_and_wrong_fields_are_named(app: TestApp) {
        app.set_site(&["country=CN"]).await;
        let program = Program::new(&app).await;
        let (_, li) = called(&app, &program, "zebrafinch", "Li").await;
        let (second, _) = called(&app, &program, "wolverine", "Wang").await;
        part(&program, &li, "remove-handle", json!({"kind": "phone", "value": PHONE})).await;
        let wang = part(&program, &li, "move-case", json!({"case": second})).await["id"].as_str().unwrap().to_owned();
        run_due(&app.app).await.unwrap();
        assert_eq!(read(&program, &wang).await["phones"], json!([PHONE]), "the phone that is nobody's is theirs");
        assert_eq!(called(&app, &program, "again", "Wang").await.1, wang);

        let at = |path: &str| format!("/api/v1/customers/{li}/{path}");
        for (path, body, status) in [
            ("remove-handle", json!({"kind": "fax", "value": "1"}), StatusCode::UNPROCESSABLE_ENTITY),
            ("remove-handle", json!({"value": "1"}), StatusCode::UNPROCESSABLE_ENTITY),
            ("move-case", json!({}), StatusCode::UNPROCESSABLE_ENTITY),
            ("move-case", json!({"case": second, "into": second}), StatusCode::UNPROCESSABLE_ENTITY),
            ("move-case", json!({"case": second}), StatusCode::CONFLICT),
            ("move-case", json!({"case": "none"}), StatusCode::NOT_FOUND),
        ] {
            let refused = program.post_at(&at(path), &body).await;
            assert_eq!(refused.status, status, "{path} {body}: {}", refused.body);
        }
        let reader = Program::with(&app, "reader", &[Scope::CustomersRead]).await;
        assert_eq!(reader.post_at(&at("move-case"), &json!({"case": second})).await.status, StatusCode::FORBIDDEN);
    }

    async fn the_console_parts_them_for_those_who_may(app: TestApp) {
        app.set_site(&["country=CN"]).await;
        let program = Program::new(&app).await;
        let (_, li) = called(&app, &program, "zebrafinch", "Li").await;
        let (second, _) = called(&app, &program, "wolverine", "Wang").await;
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let vera = Desk::of(&app, "vera", Role::Viewer).await;
        let page = format!("/staff/customers/{li}");
        assert!(lin.client.get(&page).await.body.contains(&format!("aria-label=\"Not theirs: {PHONE}\"")));
        assert!(!vera.client.get(&page).await.body.contains("Not theirs"));
        let case = lin.client.get(&format!("/staff/cases/{second}")).await.body;
        assert!(case.contains(&format!("action=\"{page}/move-case\"")), "{case}");
        assert!(!vera.client.get(&format!("/staff/cases/{second}")).await.body.contains("move-case"));
        for (path, fields) in [("remove-handle", [("kind", "phone"), ("value", PHONE)]), ("move-case", [("case", second.as_str()), ("into", "")])] {
            assert_eq!(vera.post(&format!("{page}/{path}"), &fields).await.status, StatusCode::FORBIDDEN);
        }
        let wrong = lin.post(&format!("{page}/move-case"), &[("case", &second), ("into", "nobody@example.com")]).await;
        assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.body.contains("find exactly one other customer"), "{}", wrong.body);
        let moved = lin.post(&format!("{page}/move-case"), &[("case", &second), ("into", "")]).await;
        assert_eq!(moved.status, StatusCode::SEE_OTHER, "{}", moved.body);
        run_due(&app.app).await.unwrap();
        let shown = lin.client.get(moved.location()).await.body;
        assert!(shown.contains("The case belongs to this customer now") && shown.contains("wolverine"), "{shown}");
        let removed = lin.post(&format!("{page}/remove-handle"), &[("kind", "phone"), ("value", PHONE)]).await;
        assert_eq!(removed.location(), format!("{page}?done=removed"));
        assert!(!lin.client.get(&page).await.body.contains("Not theirs: "));
    }
}
