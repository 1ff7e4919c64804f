//! What is known of customers who were asked by mail: their answers can be sorted by it, and count by their value.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso_tests::{MailServer, on_both_databases};
use serde_json::{Value, json};

use super::invitations::{answer, apply, asked, customers, invite, link, with_mail_server};
use super::pages::hidden;
use super::{near, report};
use crate::access::Program;
use crate::access::identity::{secret, sign};
use crate::console::Desk;
use crate::outbox::cases::{submit, work};

const SERVICE: &str = r#"
[[tier]]
site = "acme"
key = "gold"
name = { en = "Gold" }
weight = 3

[[team]]
key = "care"
name = "Care"

[[survey]]
key = "opinion"
kind = "csat"
site = "acme"
title = { en = "How did we do?" }
audience = { customers = {} }
channels = ["email", "link"]
"#;

/// What those of tier gold answer, and what the others do.
const GOLD: [&str; 6] = ["5", "5", "4", "5", "5", "2"];
const OTHERS: [&str; 6] = ["1", "4", "1", "1", "5", "1"];

on_both_databases! {
    async fn answers_by_a_personal_link_are_sorted_and_count_by_value(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        let name = |n: usize| format!("c{n}@example.com");
        let contacts: Vec<_> = (0..12).map(|n| json!({"email": name(n)})).collect();
        customers(&app, &contacts).await;
        let (now, db) = (app.app.clock.now(), &app.app.db);
        sayso::with_write!(db, pool => sqlx::query("update cases set team = 'care', resolved_at = $1").bind(now).execute(pool).await.map(|_| ())).unwrap();
        apply(&app, SERVICE).await;
        assert_eq!(invite(&app).await, 12);
        let program = Program::new(&app).await;
        for (n, score) in GOLD.iter().chain(&OTHERS).enumerate() {
            let path = link(&app, &asked(&server, &name(n))[0]);
            answer(&app, &path, score).await;
            if n < GOLD.len() {
                let found = program.get_at(&format!("/api/v1/customers?q={}", name(n))).await.json();
                let id = found["customers"][0]["id"].as_str().unwrap();
                let patched = program.patch_at(&format!("/api/v1/customers/{id}"), &json!({"tier": "gold"})).await;
                assert!(patched.status.is_success(), "{}", patched.body);
            }
        }
        let found = report(&program, "satisfaction?survey=opinion").await;
        let row = &found["rows"][0];
        near(&row["value"], 7.0 / 12.0);
        near(&row["weighted_value"], (3.0 * 5.0 + 2.0) / (3.0 * 6.0 + 6.0));
        near(&row["weighted_mean"], (3.0 * 26.0 + 13.0) / 24.0);
        near(&found["overall"]["weighted_value"], 17.0 / 24.0);
        let by_tier = report(&program, "satisfaction?survey=opinion&by=tier").await;
        let rows: Vec<_> = by_tier["rows"].as_array().unwrap().iter().map(|row| (row["group"].as_str().unwrap(), row["n"].as_u64().unwrap())).collect();
        assert_eq!(rows, [("gold", 6), ("none", 6)]);
        near(&by_tier["rows"][0]["value"], 5.0 / 6.0);
        let gold = report(&program, "satisfaction?survey=opinion&tier=gold").await;
        near(&gold["rows"][0]["value"], 5.0 / 6.0);
        for (query, n) in [("team=care", 12), ("team=care&kind=question", 12), ("kind=complaint", 0)] {
            let found = report(&program, &format!("satisfaction?survey=opinion&{query}")).await;
            assert_eq!(found["overall"]["n"], n, "{query}: {found}");
        }
        assert_eq!(report(&program, "satisfaction?survey=opinion&by=team").await["rows"][0]["group"], "care");
        // With two figures of the same answers the one of the only other tier could be worked out.
        let some = "update customers set tier = null where id <> (select min(id) from customers where tier = 'gold')";
        sayso::with_write!(db, pool => sqlx::query(some).execute(pool).await.map(|_| ())).unwrap();
        let one = report(&program, "satisfaction?survey=opinion").await;
        assert_eq!((&one["rows"][0]["n"], &one["rows"][0]["weighted_value"]), (&json!(12), &Value::Null));
    }

    async fn a_value_of_the_customer_counts_more_than_their_tier(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        let (_, secret) = secret(&app).await;
        let name = |n: usize| format!("c{n}@example.com");
        for n in 0..12 {
            let mut claims = json!({"sub": format!("u-{n}"), "exp": app.app.clock.now() / 1_000 + 600, "email": name(n), "tier": "gold"});
            // The first ones are worth ten, and of the others nobody says it.
            if n < GOLD.len() {
                claims["value"] = json!(10);
            }
            submit(&app, json!({"kind": "question", "message": "Where is it?", "identity": sign(&claims, &secret)})).await;
        }
        work(&app).await;
        apply(&app, SERVICE).await;
        assert_eq!(invite(&app).await, 12);
        let program = Program::new(&app).await;
        let mut ids = Vec::new();
        for (n, score) in GOLD.iter().chain(&OTHERS).enumerate() {
            answer(&app, &link(&app, &asked(&server, &name(n))[0]), score).await;
            let found = program.get_at(&format!("/api/v1/customers?q={}", name(n))).await.json();
            ids.push(found["customers"][0]["id"].as_str().unwrap().to_owned());
            let value = if n < GOLD.len() { json!(10.0) } else { Value::Null };
            assert_eq!(found["customers"][0]["value"], value);
        }
        let weighted = async || report(&program, "satisfaction?survey=opinion").await["rows"][0]["weighted_value"].clone();
        near(&weighted().await, (10.0 * 5.0 + 3.0 * 2.0) / (10.0 * 6.0 + 3.0 * 6.0));
        let patch = async |id: &str, value: Value| program.patch_at(&format!("/api/v1/customers/{id}"), &json!({"value": value})).await;
        for id in &ids[..GOLD.len()] {
            let patched = patch(id, json!(2.5)).await;
            assert_eq!(patched.json()["value"], json!(2.5), "what the staff set counts more: {}", patched.body);
        }
        near(&weighted().await, (2.5 * 5.0 + 3.0 * 2.0) / (2.5 * 6.0 + 3.0 * 6.0));
        assert_eq!(patch(&ids[0], Value::Null).await.json()["value"], json!(10.0), "and without it what the site said");
        assert_eq!(weighted().await, Value::Null, "the only one of another value could be worked out");
        for wrong in [json!(-1), json!("3"), json!(1e13), json!(true)] {
            let refused = patch(&ids[0], wrong.clone()).await;
            assert_eq!(refused.field_errors(), [("/value".to_owned(), "invalid".to_owned())], "{wrong}: {}", refused.body);
        }
        let claims = json!({"sub": "u-0", "exp": app.app.clock.now() / 1_000 + 600, "value": "10"});
        let refused = app.client().submit(json!({"kind": "question", "message": "?", "identity": sign(&claims, &secret)})).await;
        assert_eq!((refused.status, refused.field_errors()), (StatusCode::UNPROCESSABLE_ENTITY, vec![("/identity".to_owned(), "invalid".to_owned())]));
        let claims = json!({"sub": "u-0", "exp": app.app.clock.now() / 1_000 + 600, "value": 4});
        submit(&app, json!({"kind": "question", "message": "Again", "identity": sign(&claims, &secret)})).await;
        work(&app).await;
        let customer = async || program.get_at(&format!("/api/v1/customers/{}", ids[0])).await.json();
        assert_eq!(customer().await["value"], json!(4.0), "it is what the site said last");
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = format!("/staff/customers/{}", ids[0]);
        let shown = tom.client.get(&page).await.body;
        assert!(shown.contains("name=\"value\" value=\"4\""), "{shown}");
        let form = |value: &str| {
            let hidden = |name| hidden(&shown[shown.find("data-submit-once novalidate").unwrap()..], name);
            [("key", hidden("key")), ("version", hidden("version")), ("tier", "gold".to_owned()), ("value", String::from(value))]
        };
        let post = async |value: &str| {
            let fields = form(value);
            tom.post(&page, &fields.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>()).await
        };
        let refused = post("a lot").await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("A value is a number from 0"), "{}", refused.body);
        assert_eq!(post("7").await.status, StatusCode::SEE_OTHER);
        assert_eq!(customer().await["value"], json!(7.0));
        let erased = program.post_at(&format!("/api/v1/customers/{}/erase", ids[0]), &json!({})).await;
        assert_eq!(erased.status, StatusCode::OK, "{}", erased.body);
        assert_eq!(customer().await["value"], Value::Null, "a number may lead back to somebody");
    }
}
