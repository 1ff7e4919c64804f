//! What waits in quarantine, or as a mail that is held: found by whose it would be, and not kept without end.

use std::io::{Cursor, Read};

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::cases::Case;
use sayso::clock::DAY;
use sayso::housekeeping::clean_up;
use sayso::jobs::run_due;
use sayso::upgrades::{self, Moment, Tools};
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{cases_of, everything_stored, submit};
use crate::access::Program;
use crate::console::Desk;
use crate::inbound::{mail, take};

/// A case that a form without a token made, which is held.
async fn held(app: &TestApp, message: &str, email: &str) -> Case {
    let fields = [("kind", "complaint"), ("message", message), ("email", email)];
    let answer = app.client().post_form("/s/acme", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let code = answer.location().trim_start_matches("/t/").split('?').next().unwrap().to_owned();
    run_due(&app.app).await.unwrap();
    Case::by_code(&app.app, &code).await.unwrap()
}

/// A customer with one case that nobody suspects.
async fn known(app: &TestApp, program: &Program<'_>) -> (String, String) {
    let contact = json!({"name": "Li", "email": "li@example.com"});
    let (_, case) =
        submit(app, program, json!({"kind": "question", "message": "zebrafinch", "contact": contact})).await;
    (case["customer"]["id"].as_str().unwrap().to_owned(), case["id"].as_str().unwrap().to_owned())
}

async fn count(app: &TestApp, select: &'static str) -> i64 {
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap()
}

async fn exported(app: &TestApp, program: &Program<'_>, customer: &str) -> Value {
    let request = app.client().request(reqwest::Method::GET, &format!("/api/v1/customers/{customer}/export"));
    let bytes = request.bearer_auth(program.token()).send().await.unwrap().bytes().await.unwrap();
    let mut text = String::new();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    archive.by_name("customer.json").unwrap().read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

async fn erase(program: &Program<'_>, customer: &str) -> Value {
    let erased = program.post_at(&format!("/api/v1/customers/{customer}/erase"), &json!({})).await;
    assert_eq!(erased.status, StatusCode::OK, "{}", erased.body);
    erased.json()
}

on_both_databases! {
    async fn an_export_and_an_erasure_find_what_is_held_and_the_history_does_not(app: TestApp) {
        let program = Program::new(&app).await;
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let before = held(&app, "wolverine", "Li@example.com").await;
        let (customer, case) = known(&app, &program).await;
        let discarded = held(&app, "quokkapage", "li@example.com").await;
        lin.post(&format!("/staff/cases/{}/quarantine", discarded.id), &[("decision", "discard")]).await;
        let other = held(&app, "somebody else", "bo@example.com").await;
        assert_eq!(cases_of(&program, &customer).await, std::slice::from_ref(&case), "it is in nobody's history");
        assert_eq!(program.get_at(&format!("/api/v1/customers/{customer}")).await.json()["cases"], json!(1));
        let export = exported(&app, &program, &customer).await;
        let said: Vec<&Value> = export["cases"].as_array().unwrap().iter().map(|case| &case["message"]).collect();
        assert_eq!(said, [&json!("wolverine"), &json!("zebrafinch"), &json!("quokkapage")]);

        assert_eq!(erase(&program, &customer).await["cases"], json!(3));
        run_due(&app.app).await.unwrap();
        let stored = everything_stored(&app).await;
        for word in ["zebrafinch", "wolverine", "quokkapage"] {
            assert!(!stored.contains(word), "{word}");
        }
        assert!(stored.contains("somebody else"), "what others said stays");
        let left = "select count(*) from feedback where contact_cipher is not null";
        assert_eq!(count(&app, left).await, 1);
        let noted: Vec<String> = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select case_id from quarantine_handles").fetch_all(pool).await).unwrap();
        assert_eq!(noted, [other.id]);
        assert!(before.id != discarded.id);
    }

    async fn what_is_released_gets_a_customer_and_is_found_once(app: TestApp) {
        let program = Program::new(&app).await;
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let case = held(&app, "wolverine", "li@example.com").await;
        let (customer, own) = known(&app, &program).await;
        lin.post(&format!("/staff/cases/{}/quarantine", case.id), &[("decision", "release")]).await;
        run_due(&app.app).await.unwrap();
        assert_eq!(cases_of(&program, &customer).await, [case.id, own]);
        assert_eq!(count(&app, "select count(*) from quarantine_handles").await, 0);
        assert_eq!(exported(&app, &program, &customer).await["cases"].as_array().unwrap().len(), 2);
    }

    async fn what_was_held_before_is_found_after_the_upgrade(app: TestApp) {
        let program = Program::new(&app).await;
        held(&app, "wolverine", "li@example.com").await;
        let (customer, _) = known(&app, &program).await;
        for undo in ["delete from quarantine_handles", "delete from upgrades where name = 'quarantine-handles'"] {
            sayso::with_write!(&app.app.db, conn => sqlx::query(undo).execute(conn).await.map(|_| ())).unwrap();
        }
        let tools = Tools { db: &app.app.db, keys: &app.app.keys, clock: &app.app.clock };
        upgrades::complete(tools, Moment::WhileServing, |_| async {}).await.unwrap();
        assert_eq!(erase(&program, &customer).await["cases"], json!(2));
    }

    async fn what_nobody_decides_about_goes_in_time(app: TestApp) {
        let program = Program::new(&app).await;
        app.set_site(&["retention.texts=1"]).await;
        let case = held(&app, "wolverine", "li@example.com").await;
        let unreadable = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-7\r\n";
        let (outcome, _, _) = take(&app, mail("bo@example.com", "care@acme.example", "m1", unreadable, "quokkapage")).await;
        assert_eq!(outcome, "held");
        app.app.clock.advance(80 * DAY);
        let written = app.client().post_json(&format!("/api/v1/feedback/{}/messages", case.code(&app.app.keys).unwrap()), &json!({"body": "tapirnote"})).await;
        assert_eq!(written.status, StatusCode::CREATED, "{}", written.body);
        app.app.clock.advance(11 * DAY);
        clean_up(&app.app).await.unwrap();
        assert_eq!(count(&app, "select count(*) from inbound_mails").await, 0, "a mail that is held goes");
        assert_eq!(count(&app, "select count(*) from cases where quarantine = 'held'").await, 1, "its customer has written since");
        app.app.clock.advance(80 * DAY);
        clean_up(&app.app).await.unwrap();
        let read = program.get(&format!("/{}", case.id)).await.json();
        let last = read["events"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&read["case"]["status"], &last["data"]["quarantine"]), (&json!("closed"), &json!("discarded")), "{read}");
        app.app.clock.advance(32 * DAY);
        assert_eq!(clean_up(&app.app).await.unwrap().erased, 1);
        run_due(&app.app).await.unwrap();
        let stored = everything_stored(&app).await;
        assert!(!stored.contains("wolverine") && !stored.contains("tapirnote"));
        assert_eq!(count(&app, "select count(*) from quarantine_handles").await, 0);
    }
}
