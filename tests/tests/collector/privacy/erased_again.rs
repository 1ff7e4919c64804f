//! What is written after an erasure, or while it is made, can be erased as well.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::clock::{DAY, HOUR};
use sayso::housekeeping::clean_up;
use sayso::jobs::run_due;
use sayso::outbox;
use sayso_tests::{MailServer, Options, TestApp, on_both_databases};
use serde_json::{Value, json};

use super::erasure::assert_nothing_is_left;
use super::{everything_stored, submit};
use crate::access::Program;
use crate::console::{Desk, PASSWORD};
use crate::outbox::cases::{customer_rates, work};

/// A question of a customer with an address; gives its code, and the identifiers of case and customer.
async fn asked(app: &TestApp, program: &Program<'_>) -> (String, String, String) {
    let contact = json!({"name": "Narwhalname", "email": "narwhalname@example.com"});
    let (code, case) =
        submit(app, program, json!({"kind": "question", "message": "zebrafinch", "contact": contact})).await;
    (code, case["id"].as_str().unwrap().to_owned(), customer_of(&case))
}

fn customer_of(case: &Value) -> String {
    case["customer"]["id"].as_str().unwrap().to_owned()
}

async fn erase(program: &Program<'_>, customer: &str) -> Value {
    let erased = program.post_at(&format!("/api/v1/customers/{customer}/erase"), &json!({})).await;
    assert_eq!(erased.status, StatusCode::OK, "{}", erased.body);
    erased.json()
}

async fn write(app: &TestApp, code: &str, words: &str) {
    let said = app.client().post_json(&format!("/api/v1/feedback/{code}/messages"), &json!({"body": words})).await;
    assert_eq!(said.status, StatusCode::CREATED, "{}", said.body);
    run_due(&app.app).await.unwrap();
}

async fn read(program: &Program<'_>, id: &str) -> Value {
    program.get(&format!("/{id}")).await.json()["case"].clone()
}

async fn settle(app: &TestApp) {
    run_due(&app.app).await.unwrap();
    app.app.clock.advance(HOUR);
    run_due(&app.app).await.unwrap();
}

async fn count(app: &TestApp, select: &'static str) -> i64 {
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap()
}

on_both_databases! {
    async fn what_is_written_after_an_erasure_is_erased_by_the_next(app: TestApp) {
        let program = Program::new(&app).await;
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let (code, id, customer) = asked(&app, &program).await;
        erase(&program, &customer).await;
        run_due(&app.app).await.unwrap();
        let page = app.client().get(&format!("/t/{code}")).await.body;
        assert!(page.contains("id=\"erased\"") && page.contains("id=\"reply\"") && !page.contains("address-form"), "{page}");
        let desk = format!("/staff/customers/{customer}");
        assert!(!tom.client.get(&desk).await.body.contains("id=\"erase-sure\""), "there is nothing to erase");

        write(&app, &code, "okapireply").await;
        assert!(program.post(&format!("/{id}/messages"), &json!({"kind": "note", "body": "tapirnote"})).await.status.is_success());
        let shown = tom.client.get(&desk).await.body;
        assert!(shown.contains("id=\"erase-sure\"") && shown.contains("Something was written since"), "{shown}");
        let erased = tom.post(&format!("{desk}/erase"), &[("password", PASSWORD), ("sure", "true")]).await;
        assert_eq!(erased.status, StatusCode::SEE_OTHER, "{}", erased.body);
        settle(&app).await;
        assert_nothing_is_left(&app).await;
        let log = program.get_at("/api/v1/audit?action=customer.erase").await.json();
        assert_eq!(log["audit"].as_array().unwrap().len(), 2);
        let before = read(&program, &id).await["version"].clone();
        erase(&program, &customer).await;
        assert_eq!(read(&program, &id).await["version"], before, "there is nothing left to erase");
    }

    async fn an_address_after_an_erasure_makes_a_new_customer_who_can_be_erased(app: TestApp) {
        let program = Program::new(&app).await;
        let (code, id, customer) = asked(&app, &program).await;
        erase(&program, &customer).await;
        let given = app.client().post_form(&format!("/t/{code}/address"), &[("email", "narwhalname@example.com")]).await;
        assert_eq!(given.status, StatusCode::SEE_OTHER, "{}", given.body);
        write(&app, &code, "okapireply").await;
        let old = program.get_at(&format!("/api/v1/customers/{customer}")).await.json();
        assert!(old["erased_at"].is_string() && old["emails"] == json!([]) && old["name"].is_null(), "{old}");
        let again = customer_of(&read(&program, &id).await);
        assert_ne!(again, customer, "nothing comes to a customer who was erased");
        let (_, later) = submit(&app, &program, json!({"kind": "praise", "message": "tapirnote", "contact": {"email": "narwhalname@example.com"}})).await;
        assert_eq!(customer_of(&later), again);
        assert_eq!(erase(&program, &again).await["cases"], json!(2));
        settle(&app).await;
        assert_nothing_is_left(&app).await;
        assert_eq!(count(&app, "select count(*) from customer_handles").await, 0);
        assert_eq!(count(&app, "select count(*) from feedback where contact_cipher is not null").await, 0);
        assert_eq!(count(&app, "select count(*) from cases where contact_hashes <> ''").await, 0);
    }

    async fn what_is_written_after_an_erasure_is_erased_by_time(app: TestApp) {
        let program = Program::new(&app).await;
        app.set_site(&["retention.contacts=2", "retention.texts=5"]).await;
        let (code, id, customer) = asked(&app, &program).await;
        erase(&program, &customer).await;
        let given = app.client().post_form(&format!("/t/{code}/address"), &[("email", "narwhalname@example.com")]).await;
        assert_eq!(given.status, StatusCode::SEE_OTHER, "{}", given.body);
        write(&app, &code, "okapireply").await;
        program.post(&format!("/{id}/status"), &json!({"status": "resolved"})).await;
        app.app.clock.advance(15 * DAY);
        clean_up(&app.app).await.unwrap();
        app.app.clock.advance(63 * DAY);
        assert_eq!(clean_up(&app.app).await.unwrap().erased, 1);
        run_due(&app.app).await.unwrap();
        assert!(read(&program, &id).await["contact"].is_null());
        assert_eq!(count(&app, "select count(*) from customer_handles").await, 0, "whoever has no other case is forgotten with it");
        assert!(everything_stored(&app).await.contains("okapireply"), "texts stay longer");
        app.app.clock.advance(100 * DAY);
        assert_eq!(clean_up(&app.app).await.unwrap().erased, 1);
        settle(&app).await;
        assert_nothing_is_left(&app).await;
        assert_eq!(clean_up(&app.app).await.unwrap().erased, 0, "each once");
    }

    async fn a_case_that_only_went_on_after_its_erasure_is_not_erased_by_time_again(app: TestApp) {
        let program = Program::new(&app).await;
        app.set_site(&["retention.texts=1"]).await;
        let (_, id, customer) = asked(&app, &program).await;
        erase(&program, &customer).await;
        program.post(&format!("/{id}/status"), &json!({"status": "resolved"})).await;
        app.app.clock.advance(15 * DAY);
        clean_up(&app.app).await.unwrap();
        app.app.clock.advance(40 * DAY);
        assert_eq!(clean_up(&app.app).await.unwrap().erased, 0);
        let events = program.get(&format!("/{id}")).await.json()["events"].clone();
        assert_eq!(events.as_array().unwrap().iter().filter(|event| event["type"] == "case.erased").count(), 1, "{events}");
    }

    async fn nothing_is_written_to_a_customer_who_was_erased(app: TestApp) {
        let program = Program::new(&app).await;
        let (_, _, customer) = asked(&app, &program).await;
        erase(&program, &customer).await;
        let patched = program.patch_at(&format!("/api/v1/customers/{customer}"), &json!({"name": "Narwhalname", "notes": "tapirnote"})).await;
        assert_eq!(patched.status, StatusCode::CONFLICT, "{}", patched.body);
        assert_eq!(count(&app, "select count(*) from customers where name_cipher is not null or notes_cipher is not null").await, 0);
    }

    async fn a_case_that_was_merged_ends_with_the_other_and_is_erased_with_its_time(app: TestApp) {
        let program = Program::new(&app).await;
        app.set_site(&["retention.texts=1"]).await;
        let (code, id, _) = asked(&app, &program).await;
        let (_, other) = submit(&app, &program, json!({"kind": "question", "message": "wolverine", "contact": {"email": "bo@example.com"}})).await;
        let other = other["id"].as_str().unwrap().to_owned();
        assert_eq!(program.post(&format!("/{other}/merge"), &json!({"into": id})).await.status, StatusCode::OK);
        program.post(&format!("/{id}/status"), &json!({"status": "resolved"})).await;
        let main = sayso::cases::Case::by_code(&app.app, &code).await.unwrap();
        customer_rates(&app, &main, json!({"score": 5})).await;
        assert_eq!(count(&app, "select count(*) from cases where status = 'closed' and closed_at is not null").await, 2, "both are closed");
        app.app.clock.advance(40 * DAY);
        assert_eq!(clean_up(&app.app).await.unwrap().erased, 2);
        settle(&app).await;
        assert_nothing_is_left(&app).await;
    }

}

on_both_databases! {
    async fn nothing_comes_back_with_a_mail_that_is_sent_during_the_erasure(database: Database) {
        for answer in [None, Some(550), Some(451)] {
            let mail = MailServer::start().await;
            let url = mail.url();
            let settings = Box::new(move |config: &mut sayso::Config| config.smtp.url = url.into());
            let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
            let program = Program::new(&app).await;
            mail.hold();
            let (_, _, customer) = asked(&app, &program).await;
            let sending = tokio::spawn({
                let app = app.app.clone();
                async move { outbox::deliver_due(&app).await }
            });
            mail.wait_for_held(1).await;
            erase(&program, &customer).await;
            run_due(&app.app).await.unwrap();
            if let Some(code) = answer {
                mail.refuse_next(code);
            }
            mail.let_go();
            sending.await.unwrap().unwrap();
            assert_nothing_is_left(&app).await;
            settle(&app).await;
            work(&app).await;
            assert_nothing_is_left(&app).await;
            let left = "select count(*) from deliveries where destination = 'customer' and (recipient is not null or state in ('pending', 'failed') or last_error is not null)";
            assert_eq!(count(&app, left).await, 0, "{answer:?}");
        }
    }
}
