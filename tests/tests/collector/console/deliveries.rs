//! What was sent and what was not, in the console, and sending it again.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::clock::SECOND;
use sayso_tests::{Database, TestApp, WebhookReceiver, on_both_databases};
use serde_json::json;

use super::Desk;
use crate::outbox::cases::{deliveries, submit, work};
use crate::outbox::rooms::{apply, open};

const ROOM: &str = "[[target]]\nkey = \"room\"\nsite = \"acme\"\nchannel = \"feishu\"\nurl_env = \"ROOM_URL\"\n";

/// A room that has refused so many cases for good.
async fn refused(database: Database, receiver: &WebhookReceiver, cases: usize) -> TestApp {
    let app = open(database).await;
    apply(&app, ROOM, &receiver.url).await;
    receiver.answer_all_with(200, r#"{"code":19024,"msg":"Key Words Not Found"}"#);
    for n in 0..cases {
        submit(&app, json!({"kind": "complaint", "message": format!("Case {n}")})).await;
    }
    work(&app).await;
    assert!(deliveries(&app).await.iter().all(|row| row.state == "failed"));
    receiver.answer_all_with(200, r#"{"code":0}"#);
    app
}

/// Works for a minute, in which a room takes but so many messages.
async fn work_on(app: &TestApp) {
    for _ in 0..6 {
        app.app.clock.advance(10 * SECOND);
        work(app).await;
    }
}

async fn states(app: &TestApp) -> Vec<String> {
    let mut states: Vec<String> = deliveries(app).await.into_iter().map(|row| row.state).collect();
    states.sort();
    states
}

on_both_databases! {
    async fn what_was_given_up_is_listed_with_its_reason_and_sent_again_by_choice(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let app = refused(database, &receiver, 3).await;
        let ann = Desk::of(&app, "ann", Role::Manager).await;
        let page = ann.client.get("/staff/deliveries").await.body;
        for part in ["3 were given up", "Key Words Not Found", ">room<", "#3</a>", "href=\"/staff/deliveries?state=failed&#38;target=room\""] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let filtered = ann.client.get("/staff/deliveries?state=sent&target=room").await.body;
        assert!(filtered.contains("There are no deliveries like these") && filtered.contains("value=\"sent\" selected"), "{filtered}");

        let none = ann.post("/staff/deliveries/replay", &[("what", "some")]).await;
        assert_eq!(none.location(), "/staff/deliveries?done=none");
        let picked = format!("delivery.{}", deliveries(&app).await[0].id);
        let some = ann.post("/staff/deliveries/replay", &[("what", "some"), (&picked, "1"), ("target", "room")]).await;
        assert_eq!(some.location(), "/staff/deliveries?target=room&done=some");
        work_on(&app).await;
        assert_eq!(states(&app).await, ["failed", "failed", "sent"]);
        // Of other days there is nothing.
        let fields = [("what", "all"), ("target", "room"), ("until", "2020-01-01")];
        assert_eq!(ann.post("/staff/deliveries/replay", &fields).await.status, StatusCode::SEE_OTHER);
        work(&app).await;
        assert_eq!(states(&app).await, ["failed", "failed", "sent"]);
        let all = ann.post("/staff/deliveries/replay", &[("what", "all"), ("target", "room")]).await;
        assert_eq!(all.location(), "/staff/deliveries?target=room&done=all");
        work_on(&app).await;
        assert_eq!(states(&app).await, ["sent", "sent", "sent"]);
        assert!(ann.client.get("/staff/deliveries").await.body.contains("Nothing is stuck."));
    }

    async fn a_long_list_goes_on_where_the_page_ends(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let app = refused(database, &receiver, 52).await;
        let ann = Desk::of(&app, "ann", Role::Manager).await;
        let first = ann.client.get("/staff/deliveries?state=failed").await.body;
        assert_eq!(first.matches("name=\"delivery.").count(), 50);
        let (_, rest) = first.split_once("rel=\"next\" href=\"").expect("there is more");
        let next = rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
        let second = ann.client.get(&next).await.body;
        assert_eq!(second.matches("name=\"delivery.").count(), deliveries(&app).await.len() - 50, "{second}");
    }
}
