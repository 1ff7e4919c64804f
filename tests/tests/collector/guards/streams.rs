//! Open pages: each case and each client has so many, only those of the case that has changed are woken, and none stays for ever.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso_tests::{TestApp, on_both_databases};

use super::*;
use crate::console::Desk;

async fn open(client: &Client, code: &str, address: &str) -> reqwest::Response {
    let request = client.request(Method::GET, &format!("/t/{code}/live")).header("x-forwarded-for", address);
    request.send().await.unwrap()
}

on_both_databases! {
    async fn one_code_holds_only_so_many_connections(database: Database) {
        let app = TestApp::spawn_with(database, with_limits(|limits| limits.code_lookups_per_minute = 1_000)).await;
        let client = app.client();
        let (mine, other) = (client.complain("x", "li@example.com").await, client.complain("y", "li@example.com").await);
        let mut held = Vec::new();
        for n in 0..12 {
            let stream = open(&client, &mine, &format!("203.0.113.{n}")).await;
            assert_eq!(stream.status(), StatusCode::OK, "{n}");
            held.push(stream);
        }
        let mut newest = open(&client, &mine, "203.0.113.99").await;
        assert_eq!(newest.status(), StatusCode::OK, "whoever comes back is not kept out by what they left open");
        let mut said = String::new();
        while let Some(piece) = held[0].chunk().await.unwrap() {
            said.push_str(&String::from_utf8_lossy(&piece));
        }
        assert!(said.contains("retry:600000") || said.contains("retry: 600000"), "the oldest ends, and stays away for a while: {said}");
        let case = sayso::cases::Case::by_code(&app.app, &mine).await.unwrap();
        app.app.publish(&case.id, "case.message");
        for stream in [&mut newest, &mut held[1]] {
            let told = stream.chunk().await.unwrap().unwrap();
            assert!(String::from_utf8_lossy(&told).contains("refresh"), "all others go on");
        }
        assert_eq!(open(&client, &other, "203.0.113.1").await.status(), StatusCode::OK, "another case has its own");
    }

    async fn one_client_holds_only_so_many_connections(database: Database) {
        let app = TestApp::spawn_with(database, with_limits(|limits| limits.code_lookups_per_minute = 1_000)).await;
        let client = app.client();
        let (mut codes, mut held, mut refused) = (Vec::new(), Vec::new(), 0);
        for n in 0..5 {
            codes.push(client.complain(&format!("{n}"), "li@example.com").await);
        }
        for n in 0..60 {
            let stream = open(&client, &codes[n % 5], "203.0.113.7").await;
            refused += usize::from(stream.status() == StatusCode::TOO_MANY_REQUESTS);
            held.push(stream);
        }
        assert_eq!(refused, 12, "48 of them are enough for an office");
        assert_eq!(open(&client, &codes[0], "203.0.113.8").await.status(), StatusCode::OK);
    }

    async fn only_pages_of_the_case_are_told(database: Database) {
        let app = TestApp::spawn(database).await;
        let client = app.client();
        let (mine, other) = (client.complain("x", "li@example.com").await, client.complain("y", "li@example.com").await);
        let (mut told, mut quiet) = (open(&client, &mine, "").await, open(&client, &other, "").await);
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let answer = async |code: &str| {
            let id = sayso::cases::Case::by_code(&app.app, code).await.unwrap().id;
            lin.post(&format!("/staff/cases/{id}/reply"), &[("body", "We look into it"), ("then", "go_on")]).await
        };
        assert_eq!(answer(&mine).await.status, StatusCode::SEE_OTHER);
        let first = String::from_utf8(told.chunk().await.unwrap().unwrap().to_vec()).unwrap();
        assert!(first.contains("event: refresh"), "{first}");
        assert_eq!(answer(&other).await.status, StatusCode::SEE_OTHER);
        let first = String::from_utf8(quiet.chunk().await.unwrap().unwrap().to_vec()).unwrap();
        assert!(first.contains("event: refresh"), "{first}");
    }
}
