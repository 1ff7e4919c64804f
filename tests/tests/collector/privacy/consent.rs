//! What customers agreed to, how they want to be dealt with, and what a site tells them of their data.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::calls::{self, Sample};
use sayso::clock::MINUTE;
use sayso::surveys::invitations;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};
use std::io::{Cursor, Read as _};

use super::{everything_stored, submit};
use crate::access::{Program, count};
use crate::console::Desk;
use crate::outbox::cases::work;

const SURVEY: &str = r#"
[[survey]]
key = "words"
kind = "free"
site = "acme"
title = { en = "What should we do better?", de = "Was sollen wir besser machen?" }
items = [{ key = "what", text = { en = "What?" } }]
audience = { customers = {} }
channels = ["email"]
closes = "2099-12-31"
"#;

async fn export(app: &TestApp, program: &Program<'_>, customer: &str) -> (Value, String) {
    let request = app.client().request(reqwest::Method::GET, &format!("/api/v1/customers/{customer}/export"));
    let bytes = request.bearer_auth(program.token()).send().await.unwrap().bytes().await.unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut read = |name: &str| {
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    (serde_json::from_str(&read("customer.json")).unwrap(), read("customer.html"))
}

on_both_databases! {
    async fn consent_is_kept_with_the_text_that_was_shown_and_its_time(app: TestApp) {
        app.set_site(&["languages=en,de", "consent_text.en=You may read this.", "consent_text.de=Sie dürfen das lesen."]).await;
        let program = Program::new(&app).await;
        let contact = json!({"name": "Li", "email": "li@example.com"});
        let (_, case) = submit(&app, &program, json!({"kind": "question", "message": "x", "consent": true, "locale": "de-AT", "contact": contact})).await;
        let (id, customer) = (case["id"].as_str().unwrap(), case["customer"]["id"].as_str().unwrap());
        app.set_site(&["consent_text.de=Etwas ganz anderes."]).await;
        let wanted = json!({"given": true, "text": "Sie dürfen das lesen.", "at": case["received_at"]});
        assert_eq!(program.get(&format!("/{id}")).await.json()["consent"], wanted);
        assert_eq!(program.get_at(&format!("/api/v1/customers/{customer}")).await.json()["consent"], wanted);
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        for page in [format!("/staff/cases/{id}"), format!("/staff/customers/{customer}")] {
            assert!(tom.client.get(&page).await.body.contains("Sie dürfen das lesen."), "{page}");
        }
        let (json, html) = export(&app, &program, customer).await;
        assert_eq!(json["cases"][0]["consent"], wanted);
        assert!(html.contains("<html lang=\"de\"") && html.contains("Sie dürfen das lesen."), "in the customer's language: {html}");
        submit(&app, &program, json!({"kind": "question", "message": "y", "consent": true, "locale": "de"})).await;
        submit(&app, &program, json!({"kind": "question", "message": "z", "consent": true, "locale": "de"})).await;
        assert_eq!(count(&app, "consent_texts").await, 2, "each text once");
    }

    async fn an_export_has_what_the_customer_answered_to_surveys(app: TestApp) {
        app.apply_service(SURVEY).await;
        let program = Program::new(&app).await;
        let (_, case) = submit(&app, &program, json!({"kind": "question", "message": "x", "contact": {"email": "li@example.com"}})).await;
        submit(&app, &program, json!({"kind": "question", "message": "x", "contact": {"email": "kim@example.com"}})).await;
        let customer = case["customer"]["id"].as_str().unwrap();
        invitations::invite(&app.app).await.unwrap();
        let ids: Vec<(String, String)> = sayso::with_db!(&app.app.db, pool => sqlx::query_as("select id, customer_id from survey_invitations").fetch_all(pool).await).unwrap();
        for (id, of) in ids {
            let path = invitations::Token::of(&app.app.keys, &id).unwrap().path();
            let word = if of == customer { "warmer tea" } else { "colder tea" };
            assert_eq!(app.client().post_form(&path, &[("text:what", word)]).await.status, StatusCode::SEE_OTHER);
        }
        let (json, html) = export(&app, &program, customer).await;
        assert_eq!(json["survey_answers"].as_array().unwrap().len(), 1);
        assert_eq!((&json["survey_answers"][0]["value"], &json["survey_answers"][0]["item"]), (&json!("warmer tea"), &json!("What?")));
        assert!(html.contains("warmer tea") && !html.contains("colder tea"), "{html}");
    }

    async fn how_a_customer_wants_to_be_reached_decides_over_mails_surveys_and_calls(app: TestApp) {
        app.apply_service(SURVEY).await;
        app.set_site(&["languages=en,zh-Hans,de"]).await;
        let program = Program::new(&app).await;
        let contact = json!({"name": "Li", "email": "li@example.com", "phone": "+8613800138000"});
        let (_, case) = submit(&app, &program, json!({"kind": "question", "message": "x", "locale": "en", "contact": contact})).await;
        let (id, customer) = (case["id"].as_str().unwrap().to_owned(), case["customer"]["id"].as_str().unwrap().to_owned());
        let path = format!("/api/v1/customers/{customer}");
        let wrong = program.patch_at(&path, &json!({"preferences": {"language": "xx", "channel": "fax", "times": "x".repeat(201), "y": 1}})).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let fields: Vec<String> = wrong.field_errors().into_iter().map(|(pointer, _)| pointer).collect();
        for field in ["language", "channel", "times", "y"] {
            assert!(fields.contains(&format!("/preferences/{field}")), "{field}: {fields:?}");
        }
        let preferences = json!({"language": "zh-Hans", "channel": "phone", "times": "after six"});
        let patched = program.patch_at(&path, &json!({"preferences": preferences})).await;
        assert_eq!((patched.status, &patched.json()["preferences"]), (StatusCode::OK, &preferences), "{}", patched.body);
        assert_eq!(invitations::invite(&app.app).await.unwrap(), 0, "who prefers the phone is asked for no opinion by mail");
        program.post(&format!("/{id}/messages"), &json!({"kind": "reply", "body": "A new one is coming"})).await;
        work(&app).await;
        let mails = std::fs::read_dir(app.data.path().join("mail")).unwrap();
        let replies: Vec<_> = mails.map(|mail| sayso_tests::Mail::from_file(std::fs::read(mail.unwrap().path()).unwrap()))
            .filter(|mail| mail.text().contains("A new one is coming") && mail.text().contains("/t/")).collect();
        assert!(!replies.is_empty() && replies.iter().all(|mail| mail.text().contains("您")), "answers come all the same, in their language");
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = tom.client.get(&format!("/staff/customers/{customer}")).await.body;
        assert!(page.contains("after six") && page.contains("简体中文"), "{page}");
        assert!(tom.client.get(&format!("/staff/cases/{id}")).await.body.contains("after six"));
        program.post(&format!("/{id}/status"), &json!({"status": "resolved"})).await;
        let draw = async |seed: &str| {
            let stamp = sayso::audit::Stamp::command(app.app.clock.now());
            app.app.clock.advance(MINUTE);
            let sample = Sample::new(10, None, 30, seed).unwrap();
            calls::draw(&app.app, &uuid::Uuid::now_v7().to_string(), &app.site().await, &sample, &stamp).await.unwrap().drawn
        };
        program.patch_at(&path, &json!({"preferences": {"channel": "email"}})).await;
        app.app.clock.advance(MINUTE);
        assert_eq!(draw("one").await, 0, "who prefers mail is drawn for no check call");
        let form = [("version", "3"), ("name", "Li"), ("language", ""), ("channel", "phone"), ("times", "before noon")];
        assert_eq!(tom.post(&format!("/staff/customers/{customer}"), &form).await.status, StatusCode::SEE_OTHER);
        let read = program.get_at(&path).await.json();
        assert_eq!(read["preferences"], json!({"language": null, "channel": "phone", "times": "before noon"}));
        assert_eq!(draw("two").await, 1);
        assert!(tom.client.get("/staff/calls").await.body.contains("before noon"), "whoever calls sees when");
        assert_eq!(count(&app, "audit_log where action = 'calls.open'").await, 1, "and that they saw who is called is audited");
        assert!(!everything_stored(&app).await.contains("before noon"), "what they said is encrypted");
    }

    async fn a_site_tells_its_customers_what_it_keeps(app: TestApp) {
        let client = app.client();
        let page = client.get("/s/acme/privacy?lang=en").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        assert!(page.body.contains("Until you ask us to erase it") && !page.body.contains("What you agree to"), "{}", page.body);
        app.set_site(&["retention.contacts=24", "retention.texts=36", "consent_text.en=You may read this.", "consent_text.de=Sie dürfen das lesen.",
            "privacy_url=https://shop.example/privacy", "page_errors=true", "languages=en,de,zh-Hans"]).await;
        app.app.clock.advance(1_000);
        let page = client.get("/s/acme/privacy?lang=en").await.body;
        for text in ["<dd>24</dd>", "<dd>36</dd>", "You may read this.", "https://shop.example/privacy", "Errors of the page"] {
            assert!(page.contains(text), "{text}: {page}");
        }
        let german = client.get("/s/acme/privacy?lang=de").await.body;
        assert!(german.contains("Sie dürfen das lesen.") && german.contains("Was gespeichert wird"), "{german}");
        let code = client.submit(json!({"kind": "question", "message": "x", "consent": true})).await.json()["code"].as_str().unwrap().to_owned();
        for from in ["/s/acme".to_owned(), format!("/t/{code}")] {
            assert!(client.get(&from).await.body.contains("href=\"/s/acme/privacy\""), "{from}");
        }
        assert_eq!(client.get("/s/nobody/privacy").await.status, StatusCode::NOT_FOUND);
    }
}
