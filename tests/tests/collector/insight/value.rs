//! What is known of customers who were asked by mail: their answers can be sorted by it, and count by their value.

use sayso_tests::{MailServer, on_both_databases};
use serde_json::{Value, json};

use super::invitations::{answer, apply, asked, customers, invite, link, with_mail_server};
use super::{near, report};
use crate::access::Program;

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
}
